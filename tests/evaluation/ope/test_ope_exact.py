"""Estimators in worlds whose every episode can be listed: expectations and limits against dynamic programming."""

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.evaluation.ope.crossfit import judge
from medenvs.evaluation.ope.estimators import estimate, parts, value
from medenvs.evaluation.ope.fqe import tabular
from medenvs.evaluation.ope.trajectories import as_log
from medenvs.worlds.tabular import ward as wards
from medenvs.worlds.tabular.finite import World


def world(seed, discount=0.9):
    """Three states, the last one final, two actions, three steps."""
    rng = np.random.default_rng(seed)
    moves = rng.dirichlet(np.ones(3), (3, 2))
    moves[2] = np.eye(3)[2]
    return World(np.array([0.6, 0.4, 0.0]), moves, rng.standard_normal((3, 2, 3)), np.array([False, False, True]), 3, discount)


def policies(seed):
    rng = np.random.default_rng(seed + 100)
    return rng.dirichlet(np.ones(2), (3, 3)) * 0.9 + 0.05, rng.dirichlet(np.ones(2), (3, 3))


def test_values_by_hand():
    """One state, action 0 earns 1 and stays, action 1 earns 3 and ends it; two steps, discount 1/2."""
    moves = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    rewards = np.array([[[1.0, 0.0], [0.0, 3.0]], [[0.0, 5.0], [0.0, 5.0]]])
    small = World(np.array([1.0, 0.0]), moves, rewards, np.array([False, True]), 2, 0.5)
    even = np.full((2, 2), 0.5)
    assert small.value(even) == pytest.approx(0.5 * 3 + 0.5 * (1 + 0.5 * 2))
    assert small.value(small.best()) == pytest.approx(3.0)
    assert small.q(even)[:, 0].tolist() == [[2.0, 3.0], [1.0, 3.0]]
    with pytest.raises(BadValue, match="add to 1"):
        small.value(np.ones((2, 2)))


def tree(small, behaviour, target):
    """Every possible episode as a log, and its probability."""
    played, chance = small.tree(behaviour, target)
    return as_log(played), chance


@pytest.mark.parametrize("seed", range(5))
def test_the_tree_is_all_there_is(seed):
    behaviour, target = policies(seed)
    flow, chance = (found := tree(world(seed), behaviour, target))[0].flow, found[1]
    assert chance.sum() == pytest.approx(1.0, abs=1e-12) and len(chance) > 50
    assert chance @ flow.returns == pytest.approx(world(seed).value(behaviour), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["IS", "PDIS", "DR"])
def test_expectation_is_the_truth(seed, name):
    """Over all episodes, each as often as it happens; DR with a critic that is wrong at random."""
    behaviour, target = policies(seed)
    log, chance = tree(world(seed), behaviour, target)
    q = np.random.default_rng(seed).standard_normal((3, 3, 2))  # by step, state, action
    step = np.arange(3)
    v = (q[step, log.states] * log.policy).sum(2)
    flow = log.flow.judged(q[step, log.states, log.actions], v)
    assert abs(value(parts(name, flow), chance) - world(seed).value(target)) < 1e-12
    assert abs(world(seed).value(target) - world(seed).value(behaviour)) > 1e-3


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["WIS", "WPDIS", "WDR"])
def test_limit_is_the_truth(seed, name):
    """With each episode as often as it happens, sums are those of endless patients: the self-normalised ones are consistent."""
    behaviour, target = policies(seed)
    log, chance = tree(world(seed), behaviour, target)
    flow = log.flow.judged(np.ones(log.flow.size), np.ones(log.flow.size))
    assert abs(value(parts(name, flow), chance) - world(seed).value(target)) < 1e-12


def test_a_perfect_critic_leaves_no_variance_in_a_certain_world():
    """Deterministic moves: with the true Q, DR says the value of its first state for every single patient."""
    moves = np.zeros((3, 2, 3))
    moves[0, 0, 1] = moves[0, 1, 0] = moves[1, 0, 0] = moves[1, 1, 2] = moves[2, :, 2] = 1.0
    sure = World(np.array([1.0, 0.0, 0.0]), moves, np.arange(18.0).reshape(3, 2, 3), np.array([False, False, True]), 4)
    behaviour, target = np.full((3, 2), 0.5), np.tile([0.3, 0.7], (3, 1))
    log = as_log(sure.sample(behaviour, target, 50, 3))
    q, step = sure.q(target), np.arange(4)
    flow = log.flow.judged(q[step, log.states, log.actions], (q[step, log.states] * log.policy).sum(2))
    assert parts("DR", flow).top[:, 0] == pytest.approx(sure.value(target), abs=1e-12)
    assert estimate("IS", flow) != pytest.approx(sure.value(target), abs=1e-3)


def test_truncation_biases_towards_what_was_logged():
    behaviour, target = policies(1)
    log, chance = tree(world(1), behaviour, target)
    truth = world(1).value(target)
    errors = [abs(value(parts("WIS", log.flow, cap), chance) - truth) for cap in (0.5, 2.0, None)]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-12


def test_samples_are_of_the_world_and_the_same_for_a_seed():
    ward, clinician = wards.ward(), wards.clinician(0.4)
    log = as_log(ward.sample(clinician, clinician, 6_000, 5))
    truth = ward.value(clinician)
    assert abs(log.flow.returns.mean() - truth) < 4 * np.sqrt(-truth * (1 + truth) / 6_000)
    assert (as_log(ward.sample(clinician, clinician, 50, 5)).states == log.states[:50]).all()
    assert (as_log(ward.sample(clinician, clinician, 50, 6)).states != log.states[:50]).any()
    lived = log.flow.mask
    assert (log.states[lived] < wards.DEAD).all() and (log.flow.rewards[~lived] == 0).all()


def test_the_ward_is_a_task_and_its_null_is_none():
    ward, null = wards.ward(), wards.ward(effect=False)
    skill = [ward.value(wards.clinician(s)) for s in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert skill == sorted(skill) and skill[-1] - skill[0] > 0.05
    naive = {name: ward.value(policy) for name, policy in wards.naive().items()}
    assert max(naive.values()) < skill[-1] < ward.value(ward.best())
    assert np.ptp([null.value(p) for p in (wards.clinician(0.0), null.best(), *wards.naive().values())]) < 1e-12
    for found in (ward, null):
        assert np.allclose(found.moves.sum(2), 1.0) and found.start.sum() == pytest.approx(1.0) and (found.moves >= 0).all()


def test_estimates_approach_the_truth():
    """60,000 patients, cross-fitted critic: all within 4 of their standard errors."""
    ward, target = wards.ward(6), wards.clinician(0.7)
    data = judge(as_log(ward.sample(wards.clinician(0.4), target, 20_000, 2)), tabular(wards.STATES))
    truth = ward.value(target)
    for name in ("IS", "WIS", "PDIS", "WPDIS", "DR", "WDR", "FQE"):
        found = parts(name, data)
        error = np.std((found.top - found.bottom * value(found)).sum(1)) / np.sqrt(20_000) if found.top.shape[1] == 1 else 0.004
        assert abs(value(found) - truth) < max(4 * error, 0.012 if name == "FQE" else 0), name
