"""Fitted clinicians and the critic at its fixed point: probabilities, known parameters found again, exact values on the ward."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.core.errors import BadValue
from medenvs.evaluation.ope.crossfit import estimated, judge
from medenvs.evaluation.ope.evaluation import Settings, evaluate
from medenvs.evaluation.ope.logit import fitted, logit
from medenvs.evaluation.ope.lstd import fixed_point
from medenvs.evaluation.ope.trajectories import Log, as_log
from medenvs.worlds.tabular import ward as wards

CLINICIAN, TARGET = wards.clinician(0.4), wards.clinician(0.8)


def featured(data: Log) -> Log:
    """The ward's log with states as indicators (28 of them: final states are never decided in)."""
    return Log(data.flow, np.eye(wards.STATES)[data.states][:, :, :28], data.actions, data.policy)


def drawn(rng, chances):
    return (rng.random(len(chances))[:, None] > chances.cumsum(1)).sum(1)


@pytest.fixture(scope="module")
def world():
    """Two choices of one drug and three of another by the logit of two features, and lapses in a tenth."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(8_000, 2))
    one, two = rng.normal(size=(3, 2)), rng.normal(size=(3, 3))
    full = np.column_stack([np.ones(len(x)), x])
    parts = [np.exp(full @ w) / np.exp(full @ w).sum(1, keepdims=True) for w in (one, two)]
    joint = 0.9 * (parts[0][:, :, None] * parts[1][:, None, :]).reshape(len(x), 6) + 0.1 * np.array([0.5, 0, 0, 0, 0, 0.5])
    return x, drawn(rng, joint), joint


def test_known_clinicians_are_found_again(world):
    x, done, joint = world
    model = fitted(x, done, (2, 3), rounds=150)
    assert np.abs(model.chances(x) - joint).mean() < 0.015 and model.lapse == pytest.approx(0.1, abs=0.05)


def test_more_rounds_never_fit_worse(world):
    x, done, _ = world
    x, done = x[:2000], done[:2000]
    likely = [np.log(fitted(x, done, (2, 3), rounds=r).chances(x)[np.arange(2000), done]).sum() for r in (5, 20, 80)]
    assert likely == sorted(likely)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200), st.integers(0, 2**31), st.sampled_from([(2,), (2, 3), (3, 2, 2)]), st.floats(1e-3, 1e6))
def test_chances_are_chances_whatever_the_data(n, seed, heads, size):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) * [size, 0.0, 1.0]
    p = fitted(x, rng.integers(0, int(np.prod(heads)), n), heads, rounds=10).chances(x)
    assert np.isfinite(p).all() and (p > 0).all() and np.allclose(p.sum(1), 1)


def test_on_the_ward_fitted_propensities_are_the_true_ones():
    data = featured(as_log(wards.ward().sample(CLINICIAN, TARGET, 4_000, 1)))
    found = estimated(data, logit((2, 2)), 2)
    mask = data.flow.mask
    assert np.abs(found.flow.behaviour - data.flow.behaviour)[mask].mean() < 0.03
    truth = wards.ward().value(TARGET)
    e = evaluate(judge(found, fixed_point((2, 2), tuple(range(28))), 2), Settings(resamples=200), truth)
    assert e["WIS"].covered and e["DR"].covered and abs(e["DR"].bias) < 0.04


def test_the_fixed_point_is_what_endless_regression_comes_to():
    """One state, two doses, every step the same: the value is chance of ending well, by hand."""
    data = featured(as_log(wards.ward(40).sample(CLINICIAN, TARGET, 4_000, 0)))
    q, v = fixed_point((2, 2), tuple(range(28)), ridge=1e-3)(data)(data)
    exact = wards.ward(40)
    assert v[:, 0].mean() == pytest.approx(exact.value(TARGET), abs=0.02)  # forty steps: nearly nobody meets the horizon
    assert (q[~data.flow.mask] == 0).all() and (v[~data.flow.mask] == 0).all()


def test_bounds_cut_predictions():
    data = featured(as_log(wards.ward().sample(CLINICIAN, TARGET, 300, 0)))
    q, v = fixed_point((2, 2), (0,), bounds=(-0.3, 0.0))(data)(data)
    assert min(q.min(), v.min()) >= -0.3 and max(q.max(), v.max()) <= 0


def test_what_does_not_fit_is_refused():
    data = as_log(wards.ward().sample(CLINICIAN, TARGET, 30, 0))
    for make in (lambda: logit((3, 3))(featured(data)), lambda: fixed_point((3, 3), ())(featured(data)), lambda: logit((2, 2))(data)):
        with pytest.raises(BadValue, match="heads"):
            make()
    with pytest.raises(BadValue, match="ridge"):
        fixed_point((2, 2), (), ridge=0.0)
    with pytest.raises(BadValue, match="1 round"):
        fitted(np.zeros((4, 1)), np.zeros(4, int), (2,), rounds=0)
