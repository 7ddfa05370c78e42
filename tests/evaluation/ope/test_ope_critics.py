"""Critics and behaviour models: fitted values against exact ones, and nobody judged by what was fitted on them."""

import numpy as np
import pytest

from medenvs.core.errors import BadData, BadValue
from medenvs.evaluation.ope.behaviour import counted
from medenvs.evaluation.ope.crossfit import disjoint, estimated, folds, judge
from medenvs.evaluation.ope.evaluation import Settings
from medenvs.evaluation.ope.fqe import linear, tabular
from medenvs.evaluation.ope.refit import refitted
from medenvs.evaluation.ope.trajectories import as_log, log
from medenvs.worlds.tabular import ward as wards
from medenvs.worlds.tabular.finite import World

CLINICIAN, TARGET = wards.clinician(0.4), wards.clinician(0.8)


def test_fqe_by_hand():
    """One state, two actions, two steps: action 0 earned 1 and 3 (mean 2) at first, 4 later; action 1 was 5, later never seen."""
    data = log(
        [[1.0, 4.0], [3.0, 4.0], [5.0, 0.0]],
        np.full((3, 2), 0.5),
        np.zeros((3, 2), int),
        [[0, 0], [0, 0], [1, 0]],
        np.tile([0.25, 0.75], (3, 2, 1)),
        [[True, True], [True, True], [True, False]],
        discount=0.5,
    )
    q, v = tabular(1, prior=1e-9)(data)(data)
    later = 0.25 * 4 + 0.75 * 17 / 5  # an unseen cell is worth the mean target, here of the rewards
    assert q[0, 1] == pytest.approx(4.0) and q[2, 0] == pytest.approx(5.0)
    assert q[0, 0] == pytest.approx(2.0 + 0.5 * later, abs=1e-6)
    assert v[0, 0] == pytest.approx(0.25 * q[0, 0] + 0.75 * 5.0)


def test_tabular_fqe_finds_exact_values():
    ward = wards.ward(5)
    data = as_log(ward.sample(CLINICIAN, TARGET, 30_000, 0))
    q, v = tabular(wards.STATES, prior=0.01)(data)(data)
    exact, step = ward.q(TARGET), np.arange(5)
    lived = data.flow.mask
    assert np.abs(q - exact[step, data.states, data.actions])[lived].mean() < 0.02
    assert v[:, 0].mean() == pytest.approx(ward.value(TARGET), abs=0.012)


def test_without_steps_the_critic_is_stationary():
    data = as_log(wards.ward(5).sample(CLINICIAN, TARGET, 500, 0))
    q, _ = tabular(wards.STATES, by_step=False)(data)(data)
    same = (data.states[:, 0] == data.states[:, 1]) & (data.actions[:, 0] == data.actions[:, 1]) & data.flow.mask[:, 1]
    assert same.any() and q[same, 0] == pytest.approx(q[same, 1])


def test_linear_fqe_on_one_hot_features_is_tabular():
    small = World(np.array([0.5, 0.5]), np.full((2, 2, 2), 0.5), np.arange(8.0).reshape(2, 2, 2), np.array([False, False]), 1)
    even = np.full((2, 2), 0.5)
    data = as_log(small.sample(even, even, 4_000, 1))
    features = log(data.flow.rewards, data.flow.behaviour, np.eye(2)[data.states], data.actions, data.policy)
    linear_q, linear_v = linear(ridge=1e-6)(features)(features)
    table_q, table_v = tabular(2, prior=1e-9)(data)(data)
    assert linear_q == pytest.approx(table_q, abs=1e-4) and linear_v == pytest.approx(table_v, abs=1e-4)


def test_linear_fqe_learns_the_ward():
    ward = wards.ward(5)
    data = as_log(ward.sample(CLINICIAN, TARGET, 6_000, 0))
    grade, pressure = data.states // wards.PRESSURES, data.states % wards.PRESSURES
    x = np.concatenate([np.stack([grade, grade**2], 2), np.eye(4)[pressure]], 2).astype(float)
    features = log(data.flow.rewards, data.flow.behaviour, x, data.actions, data.policy, data.flow.mask)
    found = judge(features, linear())
    assert found.v[:, 0].mean() == pytest.approx(ward.value(TARGET), abs=0.03)
    assert np.corrcoef(found.v[:, 0], (ward.q(TARGET)[0] * TARGET).sum(1)[data.states[:, 0]])[0, 1] > 0.95


def test_an_action_nobody_took_is_worth_the_mean():
    data = log([[1.0], [2.0]], [[1.0], [1.0]], [[[0.0]], [[1.0]]], [[0], [0]], [[[0.0, 1.0]], [[0.0, 1.0]]])
    assert linear()(data)(data)[1] == pytest.approx(np.full((2, 1), 1.5))
    whole = log([[1.0], [2.0]], [[1.0], [1.0]], [[0], [1]], [[0], [0]], [[[0.0, 1.0]], [[0.0, 1.0]]])
    assert tabular(2)(whole)(whole)[1] == pytest.approx(np.full((2, 1), 1.5))


def test_folds_are_even_and_belong_to_patients():
    ids = np.random.default_rng(0).permutation(1_003)
    found = folds(ids, 5)
    assert set(np.bincount(found)) == {200, 201}
    assert (folds(np.sort(ids), 5) == found[np.argsort(ids)]).all()
    assert (folds(ids, 5, seed=1) != found).mean() > 0.5
    with pytest.raises(BadValue, match="6 folds for 5 patients"):
        folds(np.arange(5), 6)


def test_nobody_is_judged_by_a_critic_that_saw_them():
    data = as_log(wards.ward(3).sample(CLINICIAN, TARGET, 40, 0))
    told = []

    def fit(train):
        def critic(held):
            told.append((set(train.flow.patients.tolist()), set(held.flow.patients.tolist())))
            return np.ones(held.flow.size), np.full(held.flow.size, 2.0)

        return critic

    found = judge(data, fit, 4)
    assert len(told) == 4 and all(not a & b and len(a | b) == 40 for a, b in told)
    assert set.union(*(b for _, b in told)) == set(range(40))
    assert (found.q[data.flow.mask] == 1).all() and (found.v[~data.flow.mask] == 0).all()


def test_counted_propensities_approach_the_true_ones():
    data = as_log(wards.ward(8).sample(CLINICIAN, TARGET, 8_000, 0))
    found = estimated(data, counted(wards.STATES))
    assert np.abs(found.flow.behaviour - data.flow.behaviour)[data.flow.mask].mean() < 0.01
    assert (found.flow.behaviour[~data.flow.mask] == 1).all() and (found.flow.target == data.flow.target).all()


def test_counted_propensities_by_hand():
    data = log(np.ones((4, 1)), np.ones((4, 1)), [[0], [0], [0], [1]], [[0], [0], [1], [1]], np.full((4, 1, 2), 0.5))
    share = counted(2)(data)(data)
    assert share[:, 0].tolist() == pytest.approx([(2 + 0.5) / 4, (2 + 0.5) / 4, (1 + 0.5) / 4, (1 + 0.5) / 2])


def test_a_patient_in_two_splits_is_told():
    disjoint(np.arange(5), np.arange(5, 9))
    with pytest.raises(BadData, match="1 patients are in both splits, patient 4 first"):
        disjoint(np.arange(5), np.arange(4, 9))


def test_refitted_intervals_are_wider_than_those_of_a_fixed_critic():
    ward = wards.ward(4)
    data = as_log(ward.sample(CLINICIAN, TARGET, 400, 3))
    found = refitted(data, tabular(wards.STATES), 40, truth=ward.value(TARGET))
    fixed = tabular(wards.STATES)(data)(data)[1][:, 0].std() / 20
    assert found.low < found.value < found.high and found.error > 1.5 * fixed and found.truth == ward.value(TARGET)
    mixed = data.take(np.random.default_rng(0).permutation(400))
    assert refitted(mixed, tabular(wards.STATES), 20).low == pytest.approx(refitted(data, tabular(wards.STATES), 20).low)
    with pytest.raises(BadValue, match="at least 20"):
        refitted(data, tabular(wards.STATES), 5)


def test_refitted_is_refused_without_support():
    ward = wards.ward(4)
    data = as_log(ward.sample(CLINICIAN, wards.always(wards.PRESSOR), 20, 3))
    found = refitted(data, tabular(wards.STATES), 20, Settings())
    assert not found.supported and found.value is None and "steps" in found.refusal


@pytest.mark.parametrize(("fit", "said"), [(tabular(3), "in \\[0, 3\\)"), (linear(), "linear expects features")])
def test_wrong_states_are_told(fit, said):
    with pytest.raises(BadValue, match=said):
        fit(as_log(wards.ward(2).sample(CLINICIAN, TARGET, 10, 0)))


def test_wrong_arguments_are_told():
    for make in (lambda: tabular(0), lambda: tabular(3, prior=0.0), lambda: linear(ridge=0.0), lambda: counted(0)):
        with pytest.raises(BadValue, match="allowed"):
            make()
