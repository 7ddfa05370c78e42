"""d3rlpy's learners behind our `fit`, where d3rlpy is installed (nox -s offline); the remedy where it is not."""

import importlib.util
import sys
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.adapters.d3rlpy_learners import BOX, DISCRETE, Borrowed, fit, learned
from medenvs.core.errors import BadData, BadValue, MissingExtra, UnknownName
from medenvs.learning.training import LAST
from medenvs.systems.sepsis_logs import logged
from tests.cases.wards_logged import ward

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)
here = pytest.mark.skipif(importlib.util.find_spec("d3rlpy") is None, reason="d3rlpy has an environment of its own: nox -s offline")


@here
@pytest.mark.parametrize(("algorithm", "box"), [*((name, False) for name in DISCRETE), *((name, True) for name in BOX)])
def test_each_learns_plays_and_comes_back(tmp_path, algorithm, box):
    data, plan, told = logged("medium", 30, box=box), Borrowed(algorithm, 4, 2, batch=16), []
    policy = fit(data, plan, tmp_path, lambda *words: told.append(words))
    assert [number for number, _ in told] == [1, 2] and all(report for _, report in told)
    doses = policy.doses(data.observations)
    env = gym.make("medenvs/SepsisBox-v0" if box else "medenvs/Sepsis-v0", obs_mode="numeric")
    seen, info = env.reset(seed=0)
    assert env.action_space.contains(policy.act(seen, info)) and doses.shape == data.actions.shape
    assert np.array_equal(learned(tmp_path / LAST, data, plan).doses(data.observations), doses) or algorithm == "bcq"  # which draws
    if box:
        with pytest.raises(BadValue, match="simulator"):
            policy.probabilities(data.observations)
    else:
        assert np.array_equal(policy.probabilities(data.observations).argmax(1), doses)
    with pytest.raises(BadValue, match="age"):
        policy.doses(np.zeros((2, 3)))


@here
def test_bc_copies_what_is_always_done():
    data = logged("medium", 60)
    data = replace(data, actions=np.where(data.column("map") < 65, 7, 2))
    policy = fit(data, Borrowed("bc", 150, 150, batch=64))
    assert (policy.doses(data.observations) == data.actions).mean() > 0.8


@here
def test_bad_sets_and_files_are_refused(tmp_path):
    with pytest.raises(UnknownName, match="discrete doses"):
        fit(logged("medium", 5), Borrowed("td3+bc"))
    for data in (ward((8,)), ward(actions=np.zeros(8, np.int64)), ward((8,), box=True)):
        with pytest.raises(BadData, match=r"one patient|every decision"):
            fit(data, Borrowed("bc"))
    (tmp_path / LAST).write_bytes(b"nothing")
    with pytest.raises(BadData, match="learn anew"):
        learned(tmp_path / LAST, logged("medium", 5), Borrowed("bc"))


def test_bad_plans_are_refused():
    with pytest.raises(UnknownName, match=r"td3\+bc"):
        Borrowed("td3")
    with pytest.raises(BadValue, match="multiple"):
        Borrowed("bc", 5, 2)


def test_without_d3rlpy_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "d3rlpy", None)
    with pytest.raises(MissingExtra, match=r"medenvs\[offline\]"):
        fit(logged("medium", 5), Borrowed("bc"))
