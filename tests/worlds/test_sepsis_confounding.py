"""What a clinician sees beside the chart: standardised, graded, and given it the propensities are exact."""

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key
from medenvs.envs.treatment.kernel import TreatmentKernel
from medenvs.worlds.sepsis.clinician import WORRY, drawn, looks_ill, manner, means, propensities
from medenvs.worlds.sepsis.columns import NAMES
from tests.worlds.wards import charts

N = 3_000


@pytest.fixture(scope="module")
def lived():
    """Charts, looks and fates of patients of quality 0.5, decision after decision, and the state at the fourth."""
    kernel, cases = TreatmentKernel(8).on(numpy_lanes()), np.arange(N) + 5_000
    state, alive, dead, seen = kernel.reset({"case": cases}, key(8, cases), N), np.ones(N, bool), np.zeros(N, bool), []
    for step in range(20):
        chart, looks = charts(kernel, state), looks_ill(kernel.lanes, state, 1.0)
        seen.append((chart, np.array(looks), alive.copy()))
        state, turn = kernel.step(state, {"clinician": drawn(propensities(chart, 0.5), key(12, cases), step)}, alive)
        dead |= alive & turn.terminated & (turn.terms["survived"] == 0)
        alive &= ~turn.terminated
    return seen, dead


def test_looks_are_standardised_and_foretell_death(lived):
    seen, dead = lived
    looks = np.concatenate([x[alive] for _, x, alive in seen])
    assert abs(looks.mean()) < 0.05 and abs(looks.std() - 1) < 0.08 and np.abs(looks).max() <= 2
    assert np.corrcoef(seen[4][1][seen[4][2]], dead[seen[4][2]])[0, 1] > 0.3


def test_looks_follow_the_published_formula_and_the_grade():
    class Patient:
        inflamed, organs, frail, fade = 0.51, 0.275, 0.17, 0.983

    assert looks_ill(PLAIN, Patient, 1.0) == pytest.approx(0.2 + 0.28 - 0.28 + 0.28)
    assert looks_ill(PLAIN, Patient, 0.5) == pytest.approx(0.5 * looks_ill(PLAIN, Patient, 1.0))
    for grade in (-0.1, 1.1, float("nan")):
        with pytest.raises(BadValue, match=r"0 .* to 1"):
            looks_ill(PLAIN, Patient, grade)


def test_nothing_seen_changes_nothing(lived):
    chart, looks, _ = lived[0][3]
    plain = propensities(chart, 0.3)
    assert np.array_equal(plain, propensities(chart, 0.3, None)) and np.array_equal(plain, propensities(chart, 0.3, 0.0 * looks))
    assert not np.array_equal(plain, propensities(chart, 0.3, looks))


def test_those_who_look_ill_get_more_fluid_and_the_same_pressor(lived):
    chart, looks, _ = lived[0][3]
    (fluid, pressor), (more, same) = (means(numpy_lanes(), chart, manner(0.5), ill) for ill in (0.0, looks))
    assert np.allclose(more - fluid, WORRY * looks) and np.array_equal(pressor, same)


def test_propensities_given_the_looks_are_those_of_what_is_done(lived):
    chart, looks, _ = lived[0][3]
    p = propensities(chart, 0.25, looks)
    assert np.allclose(p.sum(-1), 1, atol=1e-12) and p.min() > 0
    for row in (int(looks.argmax()), int(looks.argmin())):
        often = np.bincount(drawn(np.repeat(p[row : row + 1], 20_000, 0), key(4, np.arange(20_000)), row), minlength=25) / 20_000
        assert np.abs(often - p[row]).max() < 4.5 * (0.25 / 20_000) ** 0.5


def test_the_chart_does_not_hold_the_looks(lived):
    """A straight line through the whole chart leaves most of them unexplained."""
    chart, looks, alive = lived[0][6]
    x = np.column_stack([np.ones(alive.sum()), *(chart[n][alive] for n in NAMES if chart[n].std() > 0)])
    left = looks[alive] - x @ np.linalg.lstsq(x, looks[alive], rcond=None)[0]
    assert 0.3 < left.var() / looks[alive].var() < 0.95
