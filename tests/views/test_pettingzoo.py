"""Doctor and patient as agents: PettingZoo's own tests, what each role is shown and told, and bad calls."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test, state_test
from pettingzoo.utils import OrderEnforcingWrapper
from seating import each_face, each_view, made, move, stepped

from medenvs.core.errors import BadValue, UnknownName
from medenvs.views.options import Settings
from medenvs.views.pettingzoo import MedAECEnv, MedParallelEnv
from tests.residents.consultation import HonestPatient, consultation


@each_face
def test_pettingzoos_tests_pass(face: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice about names, and that observations are dicts of arrays and texts
        api_test(made(MedAECEnv, face), 200)
        parallel_api_test(made(MedParallelEnv, face), 200)
        seed_test(lambda: made(MedAECEnv, face))
        parallel_seed_test(lambda: made(MedParallelEnv, face))
        state_test(made(MedAECEnv, face), made(MedParallelEnv, face))
        api_test(MedAECEnv(consultation("inside"), Settings(obs_mode=face)), 200)


@each_face
@each_view
def test_everything_lies_in_its_space(view: Any, face: str) -> None:
    env = made(view, face, window=40)
    env.reset(seed=1)
    for role in env.possible_agents:
        env.action_space(role).seed(3)
    for _ in range(60):
        for role in env.possible_agents:
            seen = env.observe(role)
            assert env.observation_space(role).contains(seen)
            assert env.state_space.contains(env.state())
            if "text" in seen:
                codes = seen["observation"]
                assert "".join(map(chr, codes[codes > 0])) == seen["text"][-40:]
        mover = env.play.mover()
        action = env.action_space(mover).sample(env.observe(mover)["action_mask"])
        assert env.action_space(mover).contains(action)
        stepped(env, mover, action)
        if env._over:
            env.reset()


@each_face
def test_only_the_mover_has_open_moves(face: str) -> None:
    env = made(MedParallelEnv, face)
    seen, _ = env.reset(seed=0)
    assert seen["doctor"]["action_mask"].all() and not seen["patient"]["action_mask"].any()
    env.step({"doctor": "<ask>fever</ask>" if env.settings.words else 0})
    assert env.turn() == "patient"
    assert env.observe("patient")["action_mask"].all() and not env.observe("doctor")["action_mask"].any()
    env.step({"patient": "No." if env.settings.words else 1})
    assert env.observe("doctor")["action_mask"].tolist() == [0] + [1] * 17


@each_face
def test_roles_are_told_what_concerns_them(face: str) -> None:
    """The doctor cannot read from its infos whether the patient was honest; nobody is paid for the other's words."""
    env = made(MedAECEnv, face)
    env.reset(seed=0)
    assert env.infos == {r: {"simulated": True, "trainable": True, **({"messages": env.play.messages(r)} if face == "messages" else {})}
                         for r in ("doctor", "patient")}  # fmt: skip
    env.step("<ask>cough</ask>" if face != "numeric" else 1)
    assert set(env.infos["doctor"]["terms"]) == {"correct", "thorough", "invalid", "ask", "format"}
    assert set(env.infos["patient"]["terms"]) == {"honest", "format"}
    assert env.infos["doctor"]["terms"]["format"] == (face != "numeric") and not env.infos["patient"]["applies"]["format"]
    assert env.rewards["patient"] == 0
    env.step(move(env, "patient", 0))
    assert env.infos["patient"]["terms"] == {"honest": 1.0, "format": float(face != "numeric")}
    assert env.rewards == {"doctor": 0.0, "patient": 0.5 + 0.25 * (face != "numeric")}


def test_costs_reach_every_role() -> None:
    env = made(MedParallelEnv)
    env.reset(seed=0)
    told = [env.step({"doctor": 0}), env.step({"patient": 1}), env.step({"doctor": 0})]
    assert [[t[4][r]["cost"] for r in ("doctor", "patient")] for t in told] == [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    assert told[2][4]["patient"]["costs"] == {"repeat": 1.0}


@each_view
def test_weights_and_cuts(view: Any) -> None:
    env = view(consultation("outside"), Settings(weights={"invalid": -7.0}, longest=16, transcript=40))
    env.reset(seed=0)
    rewards, infos = stepped(env, "doctor", "h" * 17)
    assert rewards["doctor"] == -7.0
    assert [infos[role]["clipped"] for role in env.agents] == [True, False]
    assert len(env.observe("doctor")["text"]) == len(env.observe("doctor")["observation"]) == 40


@each_view
def test_trainable_roles_are_marked(view: Any) -> None:
    for given, wanted in ((None, (True, True)), (["doctor"], (True, False)), ([], (False, False))):
        env = made(view, trainable=given)
        env.reset(seed=0)
        _, infos = stepped(env, "doctor", 0)
        assert tuple(env.trainable.values()) == tuple(infos[role]["trainable"] for role in env.agents) == wanted
    with pytest.raises(UnknownName, match=r"nurse.*doctor, patient"):
        made(view, trainable=["nurse"])
    with pytest.raises(BadValue, match=r"\['doctor'\]"):
        made(view, trainable="doctor")


def test_reveal_opens_the_truth_and_nothing_else_does() -> None:
    env = made(MedAECEnv, reveal=True)
    env.reset(seed=0)
    assert env.infos["doctor"]["privileged"]["case"] == env.play.case
    env.step(env.infos["doctor"]["privileged"]["action"])
    assert env.infos["doctor"]["terms"]["correct"] == 1
    env = made(MedAECEnv)
    env.reset(seed=0)
    assert "privileged" not in env.infos["doctor"]


@each_face
def test_rendering(face: str) -> None:
    env = made(MedAECEnv, face, render_mode="ansi")
    env.reset(seed=0)
    env.step("<ask>cough</ask>" if face != "numeric" else 1)
    assert "ASSISTANT: <ask>cough</ask>" in env.render() if face != "numeric" else "patient, observation: [1." in env.render()
    pytest.importorskip("PIL")
    picture = made(MedParallelEnv, face, render_mode="rgb_array")
    picture.reset(seed=0)
    assert picture.render().dtype == np.uint8 and picture.render().shape[2] == 3
    picture.close()
    with pytest.raises(UnknownName, match="rgb_array"):
        made(MedAECEnv, render_mode="human")


def test_a_table_without_seats_and_a_window_without_size_are_refused() -> None:
    full = consultation("inside")
    nobody = type(full)(**{**vars(full), "players": {"doctor": HonestPatient(), "patient": HonestPatient()}})
    with pytest.raises(BadValue, match="without a player"):
        MedAECEnv(nobody)
    with pytest.raises(BadValue, match="window"):
        made(MedAECEnv, window=0)


@each_view
def test_bad_calls_name_the_remedy(view: Any) -> None:
    env = made(view, "text")
    for call in (lambda: stepped(env, "doctor", "hm"), lambda: env.observe("doctor"), env.state):
        with pytest.raises(BadValue, match="reset"):
            call()
    with pytest.raises(BadValue, match="seed is -1"):
        env.reset(seed=-1)
    with pytest.raises(UnknownName, match="split"):
        env.reset(options={"spilt": "test"})
    env.reset(seed=0)
    for asked in (env.observe, env.observation_space, env.action_space):
        with pytest.raises(UnknownName, match="Did you mean 'doctor'"):
            asked("docter")
    for wrong in (None, 3, b"bytes"):
        with pytest.raises(BadValue, match="turn of 'doctor'" if wrong is None else "must be a str"):
            stepped(env, "doctor", wrong)
    stepped(env, "doctor", "<diagnose>redpox</diagnose>")
    if view is MedAECEnv:
        with pytest.raises(ValueError, match="None"):
            env.step("one more thing")
        env.step(None)
        env.step(None)
    assert env.agents == []
    with pytest.raises(BadValue, match="Call reset"):
        stepped(env, "doctor", None)


def test_bad_parallel_actions_name_the_remedy() -> None:
    env = made(MedParallelEnv)
    env.reset(seed=0)
    with pytest.raises(BadValue, match="turn of 'doctor'"):
        env.step({"patient": 1})
    with pytest.raises(UnknownName, match="nurse"):
        env.step({"doctor": 1, "nurse": 1})
    assert env.turn() == "doctor"  # neither was played


def test_orders_are_enforced_under_pettingzoos_wrapper() -> None:
    env = OrderEnforcingWrapper(made(MedAECEnv))
    env.reset(seed=0)
    for role in env.agent_iter():
        *_, terminated, truncated, _ = env.last()
        env.step(None if terminated or truncated else 12 if role == "doctor" else 1)
    assert env.unwrapped.agents == []


def test_making_an_environment_does_not_import_pettingzoo() -> None:
    code = "import sys, gymnasium, medenvs; gymnasium.make('medenvs/MedCalc-v0').reset(seed=0); sys.exit('pettingzoo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
