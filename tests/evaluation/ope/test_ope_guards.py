"""The guards: naive policies, leaks, softening, confounding, dose gaps, strata and the tables that show them."""

from dataclasses import replace

import numpy as np
import pytest

from medenvs.core.errors import BadData, BadValue
from medenvs.evaluation.ope.behaviour import counted
from medenvs.evaluation.ope.crossfit import estimated
from medenvs.evaluation.ope.dose_gap import dose_gap
from medenvs.evaluation.ope.estimators import estimate
from medenvs.evaluation.ope.evaluation import Settings, evaluate
from medenvs.evaluation.ope.guards import explained, naive_present, no_action_in_reward, no_action_inside, softened, softening
from medenvs.evaluation.ope.sensitivity import sensitivity, tipping_point
from medenvs.evaluation.ope.strata import bands, by_strata
from medenvs.evaluation.ope.table import policies as policy_table
from medenvs.evaluation.ope.table import strata as strata_table
from medenvs.evaluation.ope.trajectories import as_log, trajectories
from medenvs.worlds.tabular import ward as wards

QUICK = Settings(("WIS",), 200)
CLINICIAN = wards.clinician(0.4)


def test_a_table_without_naive_policies_is_refused():
    naive_present(["mine", *wards.naive()])
    with pytest.raises(BadValue, match="lacks random, constant"):
        naive_present(["mine", "no treatment", "most treatment"])


def test_the_action_inside_the_state_is_found():
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 4, (50, 6))
    mask = np.arange(6) < rng.integers(2, 7, 50)[:, None]
    honest, leak = rng.standard_normal((2, 50, 6))
    lagged = np.roll(actions, 1, 1)
    names = ("pressure", "previous dose", "total dose")
    no_action_inside(np.stack([honest, lagged, leak], 2), actions, mask, names)
    with pytest.raises(BadData, match="state column total dose: the same step's action explains 100%"):
        no_action_inside(np.stack([honest, lagged, (actions - 2.0) ** 3 + 0.01 * leak], 2), actions, mask, names)
    with pytest.raises(BadData, match=r"reward term sofa: .*score what the treatment is for"):
        no_action_in_reward((actions + leak)[:, :, None], actions, mask, ["sofa"])
    with pytest.raises(BadValue, match="names 1"):
        no_action_inside(np.zeros((50, 6, 2)), actions, mask, ["a"])


def test_explained_by_hand():
    assert explained(np.array([0.0, 2.0, 4.0, 6.0]), np.array([0, 0, 1, 1])) == pytest.approx(16 / 20)
    assert explained(np.ones(4), np.arange(4)) == 0.0 and explained(np.arange(4.0), np.zeros(4)) == 0.0


def test_softening_is_another_policy_and_says_how_much():
    greedy = wards.clinician(1.0, 0.0)
    soft = softened(greedy, 0.4)
    assert softening(greedy) == 0.0 and softening(soft) == pytest.approx(0.4)
    ward = wards.ward()
    assert ward.value(greedy) - ward.value(soft) > 0.01
    with pytest.raises(BadValue, match="0 to 1"):
        softened(greedy, 1.5)


def test_sensitivity_by_hand():
    """One step, behaviour 1/2, gamma 2: inverse propensities from 1.5 to 3; returns 0 and 1."""
    data = trajectories([[0.0], [1.0]], [[0.5], [0.5]], [[1.0], [1.0]])
    one, two = sensitivity(data, (1.0, 2.0))
    assert one == (1.0, pytest.approx(0.5), pytest.approx(0.5))
    assert two == (2.0, pytest.approx(1.5 / 4.5), pytest.approx(3 / 4.5))
    assert tipping_point(data, 0.5) == 1.0 and tipping_point(data, 2 / 3) == pytest.approx(2.0, abs=0.002)
    assert tipping_point(data, 1.0) == float("inf")
    with pytest.raises(BadValue, match="1 or more"):
        sensitivity(data, (0.5,))
    with pytest.raises(BadValue, match="densities"):
        sensitivity(trajectories([[0.0]], [[1.5]], [[1.0]]))


def test_sensitivity_holds_every_allowed_reweighting():
    rng = np.random.default_rng(0)
    data = as_log(wards.ward(3).sample(CLINICIAN, wards.clinician(0.6), 30, 0)).flow
    low, high = sensitivity(data, (1.5,))[0][1:]
    assert low < estimate("WIS", data) < high and sensitivity(data, (1.0,))[0].low == pytest.approx(estimate("WIS", data))
    for _ in range(200):
        odds = (1 / data.behaviour - 1) * 1.5 ** rng.choice([-1.0, 1.0], data.size)
        assert low - 1e-12 <= estimate("WIS", replace(data, behaviour=1 / (1 + odds))) <= high + 1e-12


def test_a_planted_confounder_makes_estimates_wrong_and_sensitivity_says_so():
    """Severity decides on treatment and is not in the log: everything looks supported, and the interval misses the truth."""
    ward, doctor = wards.ward(3), wards.by_indication(0.15)
    policy = softened(wards.always(wards.BOTH), 0.5)
    truth = ward.value(policy)
    log = as_log(ward.sample(doctor, policy, 20_000, 1))
    blind = estimated(replace(log, states=log.states % wards.PRESSURES), counted(wards.PRESSURES))
    known, fooled = evaluate(log.flow, QUICK, truth)["WIS"], evaluate(blind.flow, QUICK, truth)["WIS"]
    assert abs(known.bias) < 3 * known.error and fooled.supported and not fooled.covered and fooled.bias < -0.02
    bounds = sensitivity(blind.flow, (1.0, 1.5))
    assert not bounds[0].low <= truth <= bounds[0].high and bounds[1].low <= truth <= bounds[1].high
    assert 1.0 < tipping_point(blind.flow, truth) < 1.5


def test_dose_gap_by_hand():
    """Mild patients get what is advised and live; adjusted for severity, agreement does nothing."""
    given_, advised = np.array([[0.0], [0.0], [0.0], [2.0], [2.0], [2.0]]), np.zeros((6, 1))
    severity = np.array([0, 0, 1, 1, 1, 0])
    died = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    near, far = reversed(dose_gap(given_, advised, np.ones((6, 1), bool), died, severity, (-3, -1, 1, 3)))
    assert (near.patients, near.observed, near.adjusted, near.covered) == (3, pytest.approx(1 / 3), pytest.approx(0.5), 1.0)
    assert (far.low, far.patients, far.observed, far.adjusted) == (-3, 3, pytest.approx(2 / 3), pytest.approx(0.5))
    alone = dose_gap(given_[:2], advised[:2], np.ones((2, 1), bool), died[:2], np.array([0, 1]), (0, 1))[0]
    assert alone.covered == 1.0
    with pytest.raises(BadValue, match="must agree"):
        dose_gap(given_, advised[:2], np.ones((6, 1), bool), died, severity, (0, 1))


def test_dose_gap_weighs_strata_as_the_cohort_has_them():
    """Severity 0, 1, 2 are 4, 2, 2 of 8 patients; near the advice are one of the first and two of the second, nobody of the third."""
    dose = np.array([0.0, 5.0, 5.0, 5.0, 0.0, 0.0, 5.0, 5.0])[:, None]
    died = np.array([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    severity = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    (near,) = dose_gap(dose, np.zeros((8, 1)), np.ones((8, 1), bool), died, severity, (-1, 1))
    assert (near.patients, near.observed, near.covered) == (3, pytest.approx(2 / 3), 0.75)
    assert near.adjusted == pytest.approx((4 / 8 * 1.0 + 2 / 8 * 0.5) / 0.75)


def test_strata_are_judged_by_their_own_patients():
    ward, policy = wards.ward(), wards.clinician(0.6)
    log = as_log(ward.sample(CLINICIAN, policy, 600, 0))
    grade = wards.severity(log.states[:, 0])
    rare = np.where(np.arange(600) < 40, "rare", "common")
    truths = {("all", ""): ward.value(policy)}
    lines = by_strata(log.flow, {"severity": grade, "group": rare}, QUICK, truths)
    assert [(x.group, x.value) for x in lines[:5]] == [("all", ""), *(("severity", str(g)) for g in (2, 3, 4, 5))]
    assert lines[0].evaluation["WIS"].covered is not None and lines[1].evaluation["WIS"].truth is None
    for line in lines[1:5]:
        assert line.evaluation == evaluate(log.flow.take(grade == int(line.value)), QUICK)
    told = {x.value: x.evaluation["WIS"].refusal for x in lines[5:]}
    assert told["common"] == "" and "of 40 patients" in told["rare"]
    assert "| group rare | WIS | – | " in strata_table(lines)
    with pytest.raises(BadValue, match="sex has"):
        by_strata(log.flow, {"sex": ["f"]}, QUICK)


def test_bands_by_hand():
    assert bands([17, 39.9, 40, 64, 65, 90], (18, 40, 65)).tolist() == ["<18", "18-39", "40-64", "40-64", "65+", "65+"]
    with pytest.raises(BadValue, match="rising"):
        bands([1], (40, 18))


def test_the_table_shows_truth_and_verdict_beside_every_number():
    ward = wards.ward()
    log = as_log(ward.sample(CLINICIAN, CLINICIAN, 400, 0))
    everyone = {"near | better": wards.clinician(0.5), **wards.naive()}
    found = {n: evaluate(log.toward(p[log.states]).flow, QUICK, ward.value(p)) for n, p in everyone.items()}
    text = policy_table(found, softened={"near | better": 0.2})
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(everyone) and "near \\| better (softened 0.2)" in rows[2] and rows[2].endswith(("| covers |", "| misses |"))
    assert any("no treatment | WIS | – | " in r and "unsupported:" in r for r in rows) and text.count("not cut") == 5
    with pytest.raises(BadValue, match="lacks"):
        policy_table({"near": found["near | better"]})
