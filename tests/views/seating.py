"""Doctor and patient at one table: how the PettingZoo tests make it, and who moves how."""

from __future__ import annotations

from typing import Any

import pytest

from medenvs.views.options import Settings
from medenvs.views.pettingzoo import MedAECEnv, MedParallelEnv
from tests.residents.consultation import HonestPatient, consultation
from tests.residents.playing import scripted

FACES = ("text", "messages", "numeric")
SEED = 31
each_face = pytest.mark.parametrize("face", FACES)
each_view = pytest.mark.parametrize("view", [MedAECEnv, MedParallelEnv])


def made(view: Any, face: str = "numeric", *, judged: bool = False, reveal: bool = False, **more: Any) -> Any:
    return view(consultation("outside", judged), Settings(obs_mode=face, reveal=reveal), **more)


def honest(seen: dict[str, Any]) -> Any:
    return HonestPatient().act_batch([seen.get("text", seen)], [{}])[0]


def move(env: Any, role: str, step: int, stream: int = SEED) -> Any:
    return scripted(env.system, env.settings.words, stream, step) if role == "doctor" else honest(env.observe(role))


def stepped(env: Any, role: str, action: Any) -> tuple[dict[str, float], dict[str, Any]]:
    """Play a role's move in either view; return rewards and infos."""
    if isinstance(env, MedParallelEnv):
        _, rewards, _, _, infos = env.step({role: action})
        return rewards, infos
    env.step(action)
    return env.rewards, env.infos


def told_to_the_doctor(env: MedAECEnv, steps: range) -> list[Any]:
    """Return what ``last()`` says after each of the doctor's moves, and whether that ended the episode; the next begins at once."""
    told = []
    for step in steps:
        env.step(move(env, "doctor", step))
        while env.agent_selection == "patient":
            env.step(move(env, "patient", step))
        told.append(env.last())
        if told[-1][2]:
            while env.agents:
                env.step(None)
            env.reset()
            told.append(env.last())
    return told
