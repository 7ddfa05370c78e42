"""When an estimate is refused, when it has an interval, and what stands beside it."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from medenvs.core.errors import BadValue, UnknownName
from medenvs.evaluation.ope.bootstrap import INTERVALS, Draws, counts, interval, resample, stretch
from medenvs.evaluation.ope.concentration import lower_bound
from medenvs.evaluation.ope.crossfit import judge
from medenvs.evaluation.ope.estimators import Parts, error, estimate, influence, parts, value, without_each
from medenvs.evaluation.ope.evaluation import Settings, compare, evaluate, improvement
from medenvs.evaluation.ope.fqe import tabular
from medenvs.evaluation.ope.scoring import score
from medenvs.evaluation.ope.support import Gate, support
from medenvs.evaluation.ope.trajectories import as_log, trajectories
from medenvs.worlds.tabular import ward as wards

QUICK = Settings(resamples=200)


def weighted(weights, rewards=None):
    """One-step patients with given weights."""
    w = np.asarray(weights, float)[:, None]
    return trajectories(np.ones_like(w) if rewards is None else np.asarray(rewards, float)[:, None], np.full_like(w, 0.1), 0.1 * w)


def test_support_by_hand():
    held = support(weighted([3.0, 1.0, 0.0, 0.0]), Gate(least=1.0))
    assert held.effective == (pytest.approx(16 / 10),) and held.needed == 1.0
    assert held.mean == pytest.approx(1.0) and held.error == pytest.approx(np.std([3, 1, 0, 0], ddof=1) / 2)
    assert held.top == pytest.approx(0.75) and held.unmatched == 0.5 and held.refusal == ""


def test_few_effective_patients_are_refused_with_the_numbers():
    found = evaluate(weighted([500.0, *np.zeros(499)]), QUICK)
    for e in found.estimates:
        assert not e.supported and e.value is e.low is e.high is e.bias is e.covered is None
        assert e.refusal == "unsupported: 1.0 effective of 500 patients at step 0; at least 30 needed"


@pytest.mark.parametrize(("patients", "refused"), [(29, True), (30, False)])
def test_the_gate_opens_at_thirty(patients, refused):
    assert bool(support(weighted(np.ones(patients))).refusal) == refused


def test_large_logs_need_one_percent():
    w = np.r_[np.full(39, 5_000 / 39), np.zeros(4_961)]
    assert "39.0 effective of 5000 patients" in support(weighted(w)).refusal and "at least 50 needed" in support(weighted(w)).refusal
    assert support(weighted(w), Gate(share=0.0, errors=1e9)).refusal == ""


def test_what_was_never_logged_is_refused_though_all_patients_weigh_the_same():
    """Half of the policy's doses were never given: the effective size is full, the mean of the weights is not 1."""
    held = support(weighted(np.full(400, 0.5)))
    assert held.effective[0] == pytest.approx(400.0) and held.refusal.startswith("weights average 0.500 (s.e. 0.000), not 1")


def test_a_bad_middle_step_is_enough():
    """Weights at the end look even although a step before hung on one patient."""
    target = np.full((100, 2), 0.1)
    target[0, 0], target[0, 1] = 100.0, 0.0001
    held = support(trajectories(np.ones((100, 2)), np.full((100, 2), 0.1), target))
    assert held.effective[1] > 90 and "at step 0" in held.refusal


def test_cutting_weights_is_said_and_mends_the_size():
    w = np.r_[np.ones(200), 60.0]
    assert support(weighted(w)).refusal and not support(weighted(w), Gate(errors=1e9), cap=3.0).refusal
    assert evaluate(weighted(w), replace(QUICK, cap=3.0)).support.cap == 3.0


def test_greedy_policies_on_the_ward_are_refused_and_near_ones_are_not():
    ward, clinician = wards.ward(), wards.clinician(0.4)
    for policy, refused in (
        (wards.clinician(0.7), False),
        (wards.clinician(1.0, 0.0), True),
        *((p, True) for p in (wards.naive()["no treatment"],)),
    ):
        found = evaluate(as_log(ward.sample(clinician, policy, 400, 1)).flow, QUICK, ward.value(policy))
        assert all(e.supported != refused for e in found.estimates)


def test_a_bare_critic_is_gated_by_steps_and_has_no_interval():
    data = weighted(np.ones(50)).judged(np.zeros((50, 1)), np.ones((50, 1)))
    found = evaluate(data, QUICK)["FQE"]
    assert (found.value, found.low, found.high, found.effective) == (1.0, None, None, pytest.approx(50.0))
    lonely = weighted([50.0, *np.zeros(49)]).judged(np.zeros((50, 1)), np.ones((50, 1)))
    assert "effective of 50 steps" in evaluate(lonely, QUICK)["FQE"].refusal


def test_resamples_are_of_patients():
    blocks = np.concatenate(list(counts(7, 50, 3)))
    assert blocks.shape == (50, 7) and (blocks.sum(1) == 7).all() and blocks.std() > 0.5
    assert (np.concatenate(list(counts(7, 50, 3))) == blocks).all() and (np.concatenate(list(counts(7, 50, 4))) != blocks).any()


def test_resamples_do_not_depend_on_how_they_are_cut(monkeypatch):
    whole = np.concatenate(list(counts(11, 40, 0)))
    monkeypatch.setattr("medenvs.evaluation.ope.bootstrap._AT_ONCE", 33)
    assert (np.concatenate(list(counts(11, 40, 0))) == whole).all()


def test_resampled_estimates_are_those_of_resampled_patients():
    data = as_log(wards.ward(4).sample(wards.clinician(0.4), wards.clinician(0.7), 40, 0)).flow.ordered()
    for name in ("WIS", "WPDIS", "PDIS"):
        drawn = resample([parts(name, data)], 3, 9)[0].values
        for count, seen in zip(np.concatenate(list(counts(40, 3, 9))), drawn, strict=True):
            assert estimate(name, data.take(np.repeat(np.arange(40), count.astype(int)))) == pytest.approx(seen, abs=1e-12)


@pytest.mark.parametrize("kind", INTERVALS)
def test_intervals_of_a_mean_are_the_normal_one(kind):
    x = (np.arange(400) % 10 - 4.5)[:, None]
    found = Parts(x, np.ones_like(x), np.ones(1))
    low, high = interval(found, resample([found], 2_000, 0)[0], 0.95, kind)
    half = 1.96 * x.std() / 20
    assert low == pytest.approx(-half, abs=0.02) and high == pytest.approx(half, abs=0.02)


def test_a_skewed_mean_gets_a_skewed_interval():
    x = np.r_[np.zeros(190), np.full(10, 10.0)][:, None]
    found = Parts(x, np.ones_like(x), np.ones(1))
    draws = resample([found], 2_000, 0)[0]
    plain, corrected, studentised = (interval(found, draws, 0.95, kind) for kind in INTERVALS)
    for low, high in (plain, corrected, studentised):
        assert high - 0.5 > 1.1 * (0.5 - low)
    assert plain.low < corrected.low and plain.high < corrected.high < studentised.high


def test_the_stretch_is_students():
    """Kurtosis 3 and n patients: n degrees of freedom; tables give 2.2281 for 10 and 2.0860 for 20 (normal: 1.9600)."""
    for n, quantile in ((10, 2.2281), (20, 2.0860)):
        assert stretch(_kurtosis_three(n)) * 1.959964 == pytest.approx(quantile, abs=0.004)
    assert stretch(np.tile([1.0, -1.0], 50)) == 1.0 == stretch(np.zeros(5))
    assert stretch(np.r_[100.0, np.full(99, -100 / 99)]) == stretch(np.r_[1e6, np.zeros(9)]) == pytest.approx(2.5706 / 1.96, abs=0.02)


def _kurtosis_three(n):
    """A fifth of n values at each end of 0, where kurtosis is 1 / (2 / 5), and two moved out until it is 3."""
    x = np.zeros(n)
    x[: n // 5], x[n // 5 : 2 * (n // 5)] = 1.0, -1.0
    low, high = 1.0, 5.0
    for _ in range(60):
        x[0], x[n // 5] = (middle := (low + high) / 2), -middle
        low, high = (middle, high) if (x**4).mean() / (x**2).mean() ** 2 < 3 else (low, middle)
    return x


def test_percentiles_are_stretched_around_the_value():
    """The value is 600.5, one of forty patients all there is: 5 degrees of freedom at most."""
    x = np.r_[np.zeros(39), 600.5 * 40][:, None]
    found = Parts(x, np.ones_like(x), np.ones(1))
    low, high = np.quantile(np.arange(1.0, 1_001.0), (0.025, 0.975))
    wider = stretch(influence(found))
    assert wider > 1.25
    seen = interval(found, Draws(np.arange(1.0, 1_001.0), np.ones(1_000)))
    assert seen == pytest.approx((600.5 + wider * (low - 600.5), 600.5 + wider * (high - 600.5)))


def test_bca_by_the_formula():
    """Draws 1 to 1,000, of which 600 lie below the value; acceleration from jackknife values worked out by hand."""
    x = np.array([0.0, 0.0, 0.0, 600.5 * 4])[:, None]
    found = Parts(x, np.ones_like(x), np.ones(1))
    draws = Draws(np.arange(1.0, 1_001.0), np.ones(1_000))
    normal = NormalDist()
    bias = normal.inv_cdf(0.6)
    away = (x[:, 0] - 600.5) / 3
    speed = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    levels = [normal.cdf(bias + (bias + z) / (1 - speed * (bias + z))) for z in (normal.inv_cdf(0.025), normal.inv_cdf(0.975))]
    assert interval(found, draws, 0.95, "bca") == pytest.approx(np.quantile(draws.values, levels))


def test_interval_of_nothing_that_varies():
    found = Parts(np.ones((50, 1)), np.ones((50, 1)), np.ones(1))
    for kind in INTERVALS:
        assert interval(found, resample([found], 100, 0)[0], 0.95, kind) == (1.0, 1.0)
    empty = interval(found, Draws(np.full(5, np.nan), np.ones(5)))
    assert np.isnan(empty.low)
    with pytest.raises(UnknownName, match="unknown interval"):
        interval(found, Draws(np.ones(5), np.ones(5)), 0.95, "normal")
    with pytest.raises(BadValue, match="confidence is 95"):
        interval(found, Draws(np.ones(5), np.ones(5)), 95)


def test_pulls_agree_with_the_jackknife():
    data = as_log(wards.ward(5).sample(wards.clinician(0.4), wards.clinician(0.6), 300, 2)).flow
    for name in ("WIS", "WPDIS", "IS"):
        found = parts(name, data)
        away = value(found) - without_each(found)
        assert influence(found).sum() == pytest.approx(0.0, abs=1e-9)
        assert influence(found) / 300 == pytest.approx(away, rel=0.1, abs=2e-5)
        assert error(found) == pytest.approx(np.sqrt((away**2).sum()), rel=0.05)


def test_evaluations_do_not_depend_on_the_order_of_patients():
    data = judge(as_log(wards.ward(5).sample(wards.clinician(0.4), wards.clinician(0.6), 200, 2)), tabular(wards.STATES))
    mixed = data.take(np.random.default_rng(0).permutation(200))
    assert evaluate(mixed, QUICK) == evaluate(data, QUICK)


def test_a_difference_is_paired_and_nothing_beats_itself():
    world, clinician, better = wards.ward(), wards.clinician(0.4), wards.clinician(0.6)
    data = judge(as_log(world.sample(clinician, better, 1_000, 4)), tabular(wards.STATES))
    apart, paired = evaluate(data, QUICK)["WIS"], improvement(data, QUICK)["WIS"]
    assert paired.value == pytest.approx(apart.value - data.returns.mean())
    assert paired.high - paired.low < 0.8 * (apart.high - apart.low)
    logged = improvement(as_log(world.sample(clinician, clinician, 1_000, 4)).flow, QUICK)
    assert all(abs(e.value) < 1e-12 and e.low < 0 < e.high and e.high - e.low < 1e-9 for e in logged.estimates)
    with pytest.raises(BadValue, match="different patients"):
        compare(data, data.take(np.arange(999)))


def test_a_difference_from_an_unsupported_policy_is_refused():
    good, bad = weighted(np.ones(50)), weighted([50.0, *np.zeros(49)])
    for pair in ((good, bad), (bad, good)):
        assert not any(e.supported for e in compare(*pair, QUICK).estimates)


def test_improvement_is_over_the_mean_return_for_every_estimator():
    data = judge(as_log(wards.ward(4).sample(wards.clinician(0.4), wards.clinician(0.6), 300, 2)), tabular(wards.STATES))
    values, gains = evaluate(data, QUICK), improvement(data, QUICK)
    for e in values.estimates:
        assert gains[e.estimator].value == pytest.approx(e.value - data.returns.mean(), abs=1e-12)


def test_settings_are_checked():
    with pytest.raises(BadValue, match="at least 100"):
        evaluate(weighted(np.ones(50)), Settings(resamples=10))
    with pytest.raises(BadValue, match="no estimate by 'DR'"):
        evaluate(weighted(np.ones(50)), QUICK)["DR"]


def test_the_lower_bound_is_below_the_truth_and_rises_with_patients():
    ward, policy = wards.ward(6), wards.clinician(0.5)
    flow = as_log(ward.sample(wards.clinician(0.4), policy, 8_000, 1)).flow
    bounds = [lower_bound(flow.take(np.arange(n)), -1.0) for n in (500, 8_000)]
    assert -1.0 <= bounds[0] < bounds[1] < ward.value(policy) and bounds[1] > ward.value(policy) - 0.15
    with pytest.raises(BadValue, match="no return below least"):
        lower_bound(flow, -0.5)


def test_the_lower_bound_by_hand():
    """100 patients who all return 0, the least being -1: no variance, so only the last term of the inequality, on 80 patients."""
    assert lower_bound(weighted(np.ones(100), np.zeros(100)), -1.0) == pytest.approx(-7 * np.log(2 / 0.05) / (3 * 79))


def test_nominal_intervals_cover_in_repeated_logs():
    """The small sister of benchmarks/ope_coverage.py, locked: 60 logs of 400 patients."""
    ward, clinician, policy = wards.ward(6), wards.clinician(0.4), wards.clinician(0.6)
    logs = [judge(as_log(ward.sample(clinician, policy, 400, seed)), tabular(wards.STATES), 2) for seed in range(60)]
    found = [evaluate(log, Settings(resamples=250), ward.value(policy)) for log in logs]
    for name in ("IS", "WIS", "PDIS", "WPDIS", "DR", "WDR"):
        one = score([f[name] for f in found])
        assert one.supported == 60 and 0.88 <= one.coverage <= 1.0, one
