"""Scores against the truth, rankings, claims of improvement and honest selection, by hand and on the ward."""

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.evaluation.ope.evaluation import Estimate, Evaluation, Settings, improvement
from medenvs.evaluation.ope.scoring import rank_correlation, ranking, ranks, regret, score, wilson
from medenvs.evaluation.ope.selection import best_of, claims, improves
from medenvs.evaluation.ope.trajectories import as_log
from medenvs.worlds.tabular import ward as wards

QUICK = Settings(("WIS",), 200)


def said(value, truth, half=1.0, name="WIS"):
    if value is None:
        return Estimate(name, None, None, None, None, 1.0, "unsupported: few", truth)
    return Estimate(name, value, value - half, value + half, half / 2, 100.0, "", truth)


def test_score_by_hand():
    found = score([said(1.0, 0.0), said(3.0, 0.0), said(None, 0.0), said(-0.5, 0.0)])
    assert (found.estimates, found.supported, found.width) == (4, 3, 2.0)
    assert found.bias == pytest.approx(3.5 / 3) and found.rmse == pytest.approx(np.sqrt((1 + 9 + 0.25) / 3))
    assert found.coverage == pytest.approx(2 / 3) and (found.coverage_low, found.coverage_high) == pytest.approx(wilson(2, 3))


def test_score_of_refusals_is_no_number():
    found = score([said(None, 0.0)])
    assert (found.supported, found.bias, found.rmse, found.coverage, found.coverage_low) == (0, None, None, None, None)
    with pytest.raises(BadValue, match="each with its truth"):
        score([said(1.0, None)])
    with pytest.raises(BadValue, match="one estimator"):
        score([said(1.0, 0.0), said(1.0, 0.0, name="IS")])


def test_wilson_by_known_values():
    assert wilson(190, 200) == pytest.approx((0.91043, 0.97262), abs=2e-5)
    assert wilson(0, 0) == (0.0, 1.0) and wilson(0, 10)[0] == pytest.approx(0.0, abs=1e-12)


def test_ranks_and_correlation_by_hand():
    assert ranks([3.0, 1.0, 3.0, 0.0]).tolist() == [3.5, 2.0, 3.5, 1.0]
    assert rank_correlation([1, 2, 3], [10, 20, 30]) == pytest.approx(1.0)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert rank_correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert np.isnan(rank_correlation([1, 1], [1, 2]))


def test_regret_by_hand():
    truths = [0.1, 0.5, 0.9, 0.3]
    assert regret([1.0, 0.9, 0.2, 0.0], truths, 1) == pytest.approx(0.8)
    assert regret([1.0, 0.9, 0.2, 0.0], truths, 2) == pytest.approx(0.4)
    assert regret([1.0, 0.9, 0.2, 0.0], truths, 3) == 0.0
    assert regret([-1.0, -2.0, None, -3.0], truths, 4) == pytest.approx(0.4)
    assert np.isnan(regret([None] * 4, truths, 1))
    with pytest.raises(BadValue, match="k is 5"):
        regret([0.0] * 4, truths, 5)


def test_ranking_by_hand():
    found = ranking([said(0.2, 0.1), said(0.6, 0.5), said(None, 0.9), said(0.3, 0.3)])
    assert (found.ranked, found.policies, found.correlation) == (3, 4, pytest.approx(1.0))
    assert found.regret_1 == pytest.approx(0.4) and found.regret_3 == pytest.approx(0.4)
    with pytest.raises(BadValue, match="each with its truth"):
        ranking([said(0.2, None)])


def test_an_improvement_is_supported_and_clear_of_zero():
    assert improves(said(1.5, None)) and not improves(said(0.5, None)) and not improves(said(None, None))


def test_claims_by_hand():
    rows = [Evaluation(None, (said(x, 0.0),)) for x in (2.0, 0.5, None, -3.0)]
    (found,) = claims(rows)
    assert (found.asked, found.supported, found.share) == (4, 3, 0.25) and (found.low, found.high) == pytest.approx(wilson(1, 4))
    with pytest.raises(BadValue, match="at least one"):
        claims([])


def test_a_null_world_has_few_improvements_and_the_real_one_many():
    """24 logs each: nominal 2.5 % false improvements; a policy that is really better is found far more often."""
    clinician, better = wards.clinician(0.2), wards.clinician(0.7)

    def shares(ward):
        rows = [improvement(as_log(ward.sample(clinician, better, 1_500, seed)).flow, QUICK) for seed in range(24)]
        return claims(rows)[0].share

    assert shares(wards.ward(8, effect=False)) <= 0.1 and shares(wards.ward(8)) >= 0.25


def test_the_best_of_many_is_judged_on_other_patients():
    """No policy does anything: the winner looks better than it is where it was chosen, not where it is judged."""
    null, clinician = wards.ward(6, effect=False), wards.clinician(0.4)
    truth = null.value(clinician)
    rng = np.random.default_rng(0)
    policies = [0.6 * clinician + 0.4 * rng.dirichlet(np.ones(4), wards.STATES) for _ in range(12)]
    seen, honest = [], []
    for seed in range(12):
        log = as_log(null.sample(clinician, clinician, 400, seed))
        flows = {str(i): log.toward(p[log.states]).flow for i, p in enumerate(policies)}
        choice = best_of(flows, "WIS", Settings(("WIS",), 100, seed=seed), dict.fromkeys(flows, truth))
        assert choice.candidates == 12 and choice.refused < 4
        seen.append(choice.chosen_on.bias)
        honest.append(choice.honest.bias)
    assert np.mean(seen) > 0.01 and abs(np.mean(honest)) < np.mean(seen)


def test_refused_policies_are_not_chosen():
    ward, clinician = wards.ward(), wards.clinician(0.4)
    log = as_log(ward.sample(clinician, clinician, 300, 0))
    flows = {n: log.toward(p[log.states]).flow for n, p in {"near": wards.clinician(0.5), **wards.naive()}.items()}
    choice = best_of(flows, settings=QUICK)
    assert choice.policy in {"near", "random"} and choice.refused >= 3 and choice.honest.supported
    with pytest.raises(BadValue, match="all 1 policies are unsupported"):
        best_of({"none": flows["no treatment"]}, settings=QUICK)
