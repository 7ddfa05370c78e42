"""Offline learners on a chain whose optimum is known: best doses within the data, frequencies, limits, masks, resuming, bad input."""

import json

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.core.errors import BadData, BadValue, UnknownName
from medenvs.learning.offline import guardian
from medenvs.learning.offline.allowed import Near, known
from medenvs.learning.offline.fitting import fit, learned
from medenvs.learning.offline.learner import Learner
from medenvs.learning.offline.plan import Plan, preset
from medenvs.learning.offline.sampler import Held
from medenvs.learning.offline.vectors import DOSES, Reading
from medenvs.learning.training import LAST, LOG
from medenvs.systems.sepsis_logs import logged
from tests.learning.chains import CHEAPEST, GIVEN, SEEN, chain, optimum, paid

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)
SMALL = {
    "doses": 3,
    "width": 16,
    "depth": 1,
    "batch": 128,
    "rate": 1e-2,
    "follow": 0.05,
    "discount": 0.8,
    "caution": 0.02,
    "expectile": 0.9,
    "cells": 100,
}
LEARNERS = ("bc", "cql", "iql")


def plan(algorithm, updates=400, **changed):
    return preset(algorithm, **SMALL | {"updates": updates} | changed)


def weights(found):
    return {**found.nets.policy.nets.state_dict(), **found.nets.more.state_dict()}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("algorithm", ["cql", "iql"])
def test_the_best_dose_that_the_data_hold_is_found(algorithm, seed):
    truth = optimum(paid(seed), 0.8)
    data = chain(cut=True, rewards=paid(seed))
    policy = fit(data, plan(algorithm, 400))
    clear = np.abs(truth[:, 0] - truth[:, 1]) > 0.1
    assert clear.sum() >= 3 and policy.doses(SEEN)[clear].tolist() == truth.argmax(1)[clear].tolist()
    if algorithm == "iql":  # without a penalty its values are those of doses in the data
        told = policy.nets.policy.values(policy.nets.policy.scaled(torch.from_numpy(SEEN)))[:, :2].detach().numpy()
        assert told * Learner(data, plan("iql")).earned == pytest.approx(truth, abs=0.5)


def test_bc_gives_doses_as_often_as_the_data():
    data = chain(2_000)
    counted = np.stack([np.bincount(data.actions[data.column(c) == 1], minlength=3) for c in data.columns])
    found = fit(data, plan("bc", rate=3e-3, batch=512)).probabilities(SEEN)
    assert found == pytest.approx(counted / counted.sum(1, keepdims=True), abs=0.03) and found == pytest.approx(GIVEN, abs=0.06)


def test_what_bc_draws_is_what_it_says():
    policy = fit(chain(), plan("bc", 100))
    wanted, counts = policy.probabilities(SEEN), np.zeros((4, 3))
    for seed in range(1_000):
        policy.reset(seed)
        counts[np.arange(4), policy.act_batch(list(SEEN), [{}] * 4)] += 1
    assert counts / 1_000 == pytest.approx(wanted, abs=0.05)
    assert policy.act(SEEN[0], {}) == policy.act({"observation": SEEN[0]}, {}), "nothing is carried along"


@pytest.mark.parametrize("algorithm", LEARNERS)
def test_masked_doses_are_never_given(algorithm):
    rewards = paid(0)
    rewards[2, 0] = 9.0  # the best by far, but seldom given
    policy = fit(chain(rewards=rewards), plan(algorithm, 200, support="near", least=0.25))
    wanted = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [1, 1, 0]]) == 1
    assert (policy.mask(SEEN) == wanted).all()
    assert (policy.probabilities(SEEN)[~wanted] == 0).all()
    for seed in range(50):
        policy.reset(seed)
        assert wanted[np.arange(4), policy.doses(SEEN)].all()


@pytest.mark.parametrize("algorithm", LEARNERS)
def test_with_a_limit_that_cannot_be_kept_the_multiplier_rises_and_the_cost_falls(algorithm):
    told = []
    policy = fit(
        chain(), plan(algorithm, 500, stretch=20, limit=0.0, multiplier_rate=0.3, greedy=True), tell=lambda _, report: told.append(report)
    )
    rises = [report["multiplier"] for report in told]
    assert rises == sorted(set(rises)) and policy.doses(SEEN).tolist() == CHEAPEST
    free = fit(chain(), plan(algorithm, 200, limit=1e9, greedy=True), tell=lambda _, report: told.append(report))
    assert told[-1]["multiplier"] == 0 and free.doses(SEEN).tolist() != CHEAPEST
    assert told[24]["cost"] == pytest.approx(6, abs=3) and told[-1]["cost"] > 12, "an hour of harm a decision, at best"


def test_costs_that_count_are_chosen_by_name():
    told = []
    fit(chain(), plan("iql", 200, limit=0.0, costs=("nothing",)), tell=lambda _, report: told.append(report))
    assert abs(told[-1]["cost"]) < 0.3 and told[-1]["multiplier"] < 0.1
    with pytest.raises(UnknownName, match="harm"):
        fit(chain(), plan("iql", limit=0.0, costs=("pain",)))


def test_batches_are_drawn_evenly():
    held = Held.of(chain(25), 3)
    draws = torch.cat([held.batch(1_000, g).rows for g in [torch.Generator().manual_seed(0)] for _ in range(90)])
    counts = np.bincount(draws.numpy(), minlength=150)
    assert len(counts) == 150 and ((counts - 600) ** 2 / 600).sum() < 212  # chi-square, 149 degrees of freedom, p = 0.0005
    batch = held.batch(64, torch.Generator().manual_seed(1))
    assert torch.equal(batch.seen, held.seen[batch.rows]) and torch.equal(batch.rewards, held.rewards[batch.rows])


def test_a_batch_holds_transitions_of_one_patient():
    data = chain(30)
    held = Held.of(data, 3, ("harm",))
    rows = np.arange(data.rows)
    assert np.array_equal(held.after.numpy()[:-1][~data.terminated[:-1]], data.observations[1:][~data.terminated[:-1]])
    assert np.array_equal(held.after.numpy()[data.ends], data.last) and np.array_equal(held.costs.numpy(), data.costs[rows, 0])


@pytest.mark.parametrize("algorithm", LEARNERS)
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, algorithm):
    class Killed(Exception):
        pass

    def kill(done, report):
        if done == 13:
            raise Killed

    of = plan(algorithm, 150, stretch=10, limit=1.0, support="near")
    whole = fit(chain(), of, tmp_path / "whole")
    with pytest.raises(Killed):
        fit(chain(), of, tmp_path / "cut", kill)
    again, alone = fit(chain(), of, tmp_path / "cut"), fit(chain(), of)
    read = learned(tmp_path / "cut" / LAST)
    for other in (again, alone, read):
        assert all(torch.equal(value, weights(other)[name]) for name, value in weights(whole).items())
        assert np.array_equal(other.probabilities(SEEN), whole.probabilities(SEEN)) and other.nets.multiplier == whole.nets.multiplier
    assert (tmp_path / "whole" / LOG).read_text() == (tmp_path / "cut" / LOG).read_text()
    assert [json.loads(line)["round"] for line in (tmp_path / "cut" / LOG).read_text().splitlines()] == list(range(1, 16))
    with pytest.raises(BadData, match="another run"):
        fit(chain(seed=1), of, tmp_path / "cut")


@pytest.mark.parametrize("algorithm", LEARNERS)
def test_divergence_is_named_and_the_checkpoint_before_is_kept(tmp_path, algorithm):
    of = plan(algorithm, 200, stretch=10, limit=1.0)
    fit(chain(), of, tmp_path / "fine")
    kept = (tmp_path / "fine" / LAST).read_bytes()
    learner = Learner(chain(), of)
    with torch.no_grad():
        learner.nets.policy.nets["actor"][-1].bias.fill_(float("nan"))
        learner.nets.policy.nets["critic"][-1].bias.fill_(1e6)
    with pytest.raises(BadValue, match=r"diverged in round 1.*lower rate"):
        learner.round()
    assert (tmp_path / "fine" / LAST).read_bytes() == kept


def test_values_that_blow_up_are_stopped(tmp_path):
    with pytest.raises(BadValue, match="diverged"):
        fit(chain(cut=True), plan("cql", 1_000, rate=0.9, follow=1.0, discount=1.0), tmp_path)


def test_bad_sets_are_refused():
    one = chain(1)
    for wrong, said in (
        (chain(actions=np.zeros(2_400, np.int64)), "every decision is dose 0"),
        (one, "one patient"),
        (logged("medium", 3, box=True), "box=False"),
        (chain(actions=np.full(2_400, 3)), "not one of 3"),
        (chain(about={"split": "test"}), "train patients only"),
    ):
        for support in ("none", "near"):
            with pytest.raises(BadData, match=said):
                fit(wrong, plan("cql", 10, stretch=10, support=support))
    with pytest.raises(BadData, match="not a number"):
        chain(observations=np.full((2_400, 4), np.nan, np.float32))


def test_bad_plans_are_refused():
    for changed, said in (
        ({"expectile": 0.2}, "0.5 to 1"),
        ({"updates": 150}, "multiple of stretch"),
        ({"batch": 0}, "1 or more"),
        ({"limit": -1.0}, "0 or more"),
    ):
        with pytest.raises(BadValue, match=said):
            preset("iql", **changed)
    with pytest.raises(BadValue, match="iql"):
        preset("cql", greedy=False)
    for name, changed in (("dqn", {}), ("bc", {"support": "magic"}), ("bc", {"widht": 3})):
        with pytest.raises(UnknownName, match="Allowed"):
            preset(name, **changed)
    with pytest.raises(UnknownName):
        Plan("dqn")


def test_other_columns_and_doses_are_refused():
    policy = fit(chain(), plan("bc", 10, stretch=10))
    for wrong in (np.zeros((2, 3)), np.zeros(4)):
        with pytest.raises(BadValue, match="a, b, c, d"):
            policy.probabilities(wrong)
    with pytest.raises(BadValue, match="not a number"):
        policy.probabilities(np.full((1, 4), np.nan))
    chart = dict(zip("dcba", SEEN[::-1], strict=True))
    assert np.array_equal(policy.chances(chart), policy.probabilities(SEEN))
    with pytest.raises(BadValue, match="no column d"):
        policy.chances(dict.fromkeys("abc", SEEN[0]))
    env = gym.make("medenvs/Sepsis-v0", obs_mode="numeric")
    with pytest.raises(BadValue, match="Learn from logs"):
        policy.bind(env.observation_space, env.action_space)


def test_a_guardian_says_what_may_be_given(tmp_path):
    data = logged("medium", 60)
    watch = guardian.fit(data)
    of = preset("cql", updates=20, stretch=10, width=16, support="guardian")
    policy = fit(data, of, tmp_path, guardian=watch)
    seen, doses = data.observations[:200], policy.doses(data.observations[:200])
    inside = watch.inside(watch.reading.one(seen, doses))
    best = [watch.scores(watch.reading.one(np.repeat(s[None], 25, 0), np.arange(25))).argmax() for s in seen[~inside]]
    assert inside.mean() > 0.8 and doses[~inside].tolist() == best, "outside only where no dose is inside: then the best supported one"
    assert np.array_equal(learned(tmp_path / LAST, watch).doses(seen), doses)
    with pytest.raises(BadValue, match="needs a guardian"):
        learned(tmp_path / LAST)
    with pytest.raises(BadValue, match="needs a guardian"):
        fit(data, of)
    with pytest.raises(BadValue, match="Reading"):
        known(guardian.fit(data, reading=Reading("s")))
    env = gym.make("medenvs/Sepsis-v0", obs_mode="numeric")
    policy.bind(env.observation_space, env.action_space)
    assert len(DOSES) == policy.nets.plan.doses


def test_what_is_near_follows_from_the_data():
    near = Near.of(chain(), 3, 100, 0.0)
    assert len(near.centres) == 4 and near(SEEN).tolist() == (GIVEN > 0).tolist()
    again = Near.restored(near.state())
    assert np.array_equal(again(SEEN), near(SEEN))
