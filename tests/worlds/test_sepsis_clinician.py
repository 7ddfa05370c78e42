"""What a clinician is said to do with which probability is what they do."""

import math
from dataclasses import replace

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import key
from medenvs.envs.treatment.kernel import TreatmentKernel
from medenvs.worlds.sepsis.clinician import BAD, GOOD, drawn, manner, means, propensities, rule, rules
from tests.worlds.wards import charts


@pytest.fixture(scope="module")
def chart():
    kernel, cases = TreatmentKernel(8).on(numpy_lanes()), np.arange(300)
    state = kernel.reset({"case": cases}, key(8, cases), 300)
    for _ in range(3):
        state, _ = kernel.step(state, {"clinician": cases % 25}, np.ones(300, bool))
    return charts(kernel, state)


@pytest.mark.parametrize("q", [0.0, 0.25, 0.5, 1.0])
def test_probabilities_are_probabilities(chart, q):
    p, explored = propensities(chart, q), manner(q).explore
    assert p.shape == (300, 25) and np.allclose(p.sum(-1), 1, atol=1e-12)
    assert p.min() >= explored * 0.02 - 1e-15  # every dose keeps a chance
    assert explored == pytest.approx(0.12 * (0.004 / 0.12) ** q)


def test_cells_are_those_of_a_rounded_gaussian(chart):
    q = 0.5
    who = manner(q)
    fluid, pressor = means(numpy_lanes(), chart, who)
    p = propensities(chart, q).reshape(-1, 5, 5)

    def below(edge, mean, sd):
        return 0.5 * (1 + math.erf((edge - mean) / sd / 2**0.5))

    for i in range(40):
        edges = [0.0, *(below(e, fluid[i], who.sd) for e in (0.5, 1.5, 2.5, 3.5)), 1.0]
        expected = (1 - who.explore) * np.diff(edges) + who.explore / 5
        assert np.allclose(p[i].sum(1), expected, atol=1e-6)
        edges = [0.0, *(below(e, pressor[i], 0.6 * who.sd) for e in (0.5, 1.5, 2.5, 3.5)), 1.0]
        cells = np.diff(edges) if pressor[i] > 0.3 else np.eye(5)[0]
        expected = (1 - who.explore) * cells + who.explore * np.array([0.6, 0.1, 0.1, 0.1, 0.1])
        assert np.allclose(p[i].sum(0), expected, atol=1e-6)
    assert (pressor[:40] > 0.3).any() and (pressor[:40] <= 0.3).any()


def test_what_has_no_chance_is_never_drawn(monkeypatch):
    for u in (0.0, 0.5, 1 - 2**-24):
        monkeypatch.setattr("medenvs.worlds.sepsis.clinician.uniform", lambda k, slot, u=u: np.full(25, u))
        assert drawn(np.eye(25), key(1), 0).tolist() == list(range(25))


def test_doses_fall_as_often_as_is_said(chart):
    for row in (0, 17, 40):
        p = np.repeat(propensities(chart, 0.0)[row : row + 1], 20_000, 0)
        often = np.bincount(drawn(p, key(4, np.arange(20_000)), row), minlength=25) / 20_000
        assert np.abs(often - p[0]).max() < 4.5 * (0.25 / 20_000) ** 0.5
        assert ((often > 0) <= (p[0] > 0)).all()


def test_without_noise_it_is_the_rule(chart):
    sharp = propensities(chart, replace(GOOD, sd=1e-3, explore=0.0))
    assert (sharp.argmax(-1) == rules(chart)).mean() > 0.99
    assert [rule({n: float(c[i]) for n, c in chart.items()}) for i in range(300)] == rules(chart).tolist()


def test_the_worse_the_more_exploration_and_delay():
    assert manner(1) == GOOD and manner(0) == replace(BAD, explore=manner(0).explore)
    assert manner(0.5).target == pytest.approx((64.6 + 76) / 2)
    for q in (-0.1, 1.1, float("nan")):
        with pytest.raises(BadValue, match="0 to 1"):
            manner(q)


def test_a_pressor_waits_for_fluid(chart):
    """Quality 1 begins no pressor before 35 mL/kg unless the pressure is far below target or the filling is high."""
    c = {n: v.copy() for n, v in chart.items()}
    c["pressor"][:], c["map"][:], c["cvp"][:], c["hour"][:] = 0, 60, 5, 40
    c["passed"][:], c["given"][:] = 0, 10 * c["weight"]
    assert (rules(c) % 5 == 0).all()
    c["given"][:] = 40 * c["weight"]
    assert (rules(c) % 5 > 0).all()
