"""Doctor and patient as agents play the very episodes of the other views: what they read, earn and cost."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from comparing import differences
from pettingzoo.utils import turn_based_aec_to_parallel
from seating import SEED, each_face, each_view, made, move, told_to_the_doctor

from medenvs.core.episodes import Episodes
from medenvs.core.errors import BadValue
from medenvs.core.randomness import key
from medenvs.views.gymnasium import MedEnv
from medenvs.views.options import Settings
from medenvs.views.pettingzoo import MedAECEnv, MedParallelEnv
from medenvs.views.vector import MedVectorEnv
from tests.residents.consultation import consultation
from tests.residents.playing import scripted

STEPS = 90


def without_the_patients(info: dict[str, Any]) -> dict[str, Any]:
    parts = {name: {k: v for k, v in info[name].items() if k != "honest"} for name in ("terms", "applies") if name in info}
    return {**info, **parts}


@each_face
@pytest.mark.parametrize(("patient", "judged"), [("rules", False), ("rules", True), ("inside", True)])
def test_an_honest_patient_at_the_table_changes_nothing(face: str, patient: Any, judged: bool) -> None:
    """The doctor reads, earns and costs what it does in `gym.make`, where the patient is part of the rules or a player inside."""
    theirs, ours = MedEnv(consultation(patient, judged), Settings(obs_mode=face)), made(MedAECEnv, face, judged=judged)
    ours.reset(seed=SEED)
    told = iter([ours.last(), *told_to_the_doctor(ours, range(STEPS))])
    first, mine = theirs.reset(seed=SEED)[0], next(told)[0]
    assert mine["text"] == first if face != "numeric" else not differences(mine, first)
    ended = costs = 0
    for step in range(STEPS):
        seen, reward, terminated, truncated, info = theirs.step(scripted(theirs.system, face != "numeric", SEED, step))
        here = next(told)
        assert here[1:4] == (reward, terminated, truncated), step
        assert here[4].pop("trainable") is True
        assert not differences(here[4], without_the_patients(info)), step
        mine = here[0]
        assert set(mine) == {"observation", "action_mask", *(["text"] if face != "numeric" else [])}
        assert mine["text"] == seen if face != "numeric" else np.array_equal(mine["observation"], seen["observation"])
        assert mine["action_mask"].any() != terminated
        assert face != "numeric" or terminated or np.array_equal(mine["action_mask"], seen["action_mask"])
        costs += info["cost"]
        if terminated:
            ended += 1
            first, mine = theirs.reset()[0], next(told)[0]
            assert mine["text"] == first if face != "numeric" else not differences(mine, first)
    assert ended > 10 and costs > 3


def played(env: Any, steps: int) -> list[Any]:
    """Return (who moved, observations, rewards, ends, state, infos) of every move."""
    env.reset(seed=SEED)
    told = []
    for step in range(steps):
        if isinstance(env, MedParallelEnv):
            role = env.turn()
            seen, rewards, ends, _, infos = env.step({r: move(env, r, step) if r == role else None for r in env.agents})
        else:
            role = env.agent_selection
            env.step(move(env, role, step))
            seen, rewards, ends, infos = {r: env.observe(r) for r in env.agents}, env.rewards, env.terminations, env.infos
        told.append((role, seen, dict(rewards), dict(ends), env.state(), dict(infos)))
        if ends["doctor"]:
            while env.agents:
                env.step(None)
            env.reset()
    return told


@each_face
def test_in_turn_and_in_step_are_the_same(face: str) -> None:
    turns, steps = (played(made(view, face, judged=True), STEPS) for view in (MedAECEnv, MedParallelEnv))
    assert {t[0] for t in turns} == {"doctor", "patient"}
    for mine, theirs in zip(turns, steps, strict=True):
        assert not differences(mine[:5], theirs[:5])
        role = mine[0]  # infos of the other roles have added up since their own move
        assert not differences(mine[5][role], theirs[5][role])


@each_face
def test_pettingzoos_own_conversion_agrees(face: str) -> None:
    ours, theirs = made(MedParallelEnv, face), turn_based_aec_to_parallel(made(MedAECEnv, face))
    assert not differences(ours.reset(seed=5), theirs.reset(seed=5))
    while ours.agents:
        actions = {role: move(ours, role, 0, 5) if role == ours.turn() else None for role in ours.agents}
        assert not differences(ours.step(actions)[:4], theirs.step(actions)[:4])
    assert not theirs.agents


@pytest.mark.parametrize("words", [True, False], ids=["text", "numeric"])
def test_the_batch_plays_the_same(words: bool) -> None:
    n, face = 24, "text" if words else "numeric"
    rows = [made(MedParallelEnv, face, judged=True) for _ in range(n)]
    for i, row in enumerate(rows):
        row.reset(seed=i)
    batch, streams = Episodes(rows[0].system, n, words=words), np.arange(n)
    batch.start(streams, key(streams), np.zeros(n, np.int64))
    running, step, movers = np.ones(n, bool), 0, set()
    while running.any():
        turns = [row.turn() if row.agents else "" for row in rows]
        for role in batch.roles:
            active = np.array([t == role for t in turns])
            if not active.any():
                continue
            movers.add(role)
            acts = [move(row, role, step, i) if active[i] else 0 for i, row in enumerate(rows)]
            out = batch.act(role, acts if words else np.array(acts), active)
            for i in np.flatnonzero(active).tolist():
                _, rewards, terminated, _, infos = rows[i].step({role: acts[i]})
                assert rewards == {r: v[i] for r, v in out.rewards.items()}
                assert terminated[role] == out.terminated[i]
                assert infos[role]["costs"] == {c: v[i] for c, v in out.costs.items()}
                assert infos[role]["terms"] == {name: out.terms[name][i] for name in infos[role]["terms"]}
                assert infos[role]["applies"] == {name: out.applies[name][i] for name in infos[role]["applies"]}
                running[i] = not terminated[role]
        step += 1
    assert movers == {"doctor", "patient"}


@each_view
def test_seeds_and_options_name_the_cases_of_the_other_views(view: Any) -> None:
    theirs, ours = MedEnv(consultation(), Settings(obs_mode="numeric")), made(view)
    resets: list[dict[str, Any]] = [{"seed": 3}, {}, {"options": {"split": "test"}}, {"options": {"case": 77}}, {}, {"seed": 3}]
    for given in resets:
        theirs.reset(**given)
        ours.reset(**given)
        assert theirs.play.case == ours.play.case
    first, second = made(view), made(view)
    first.reset()
    second.reset()
    assert first.play.case != second.play.case


@each_face
@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["deepcopy", "pickle"])
def test_live_tables_go_on_identically(face: str, again: Callable[[Any], Any]) -> None:
    env = made(MedAECEnv, face)
    env.reset(seed=4)
    told_to_the_doctor(env, range(7))
    twin = again(env)
    assert not differences(told_to_the_doctor(env, range(7, 40)), told_to_the_doctor(twin, range(7, 40)))
    env = made(MedParallelEnv, face)
    env.reset(seed=4)
    twin = again(env)
    acts = {"doctor": move(env, "doctor", 3), "patient": None}
    assert not differences(env.step(acts), twin.step(acts))


@pytest.mark.parametrize("view", [MedEnv, lambda system: MedVectorEnv(system, 2)], ids=["single", "vector"])
def test_the_other_views_send_several_roles_here(view: Any) -> None:
    with pytest.raises(BadValue, match=r"2 outside roles \(doctor, patient\).*medenvs.views.pettingzoo.MedAECEnv"):
        view(consultation("outside"))
