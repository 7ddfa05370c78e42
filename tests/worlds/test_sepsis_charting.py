"""What is charted: noise of the published size, orders of the published probability, and more of them the more worrying the chart."""

import numpy as np
import pytest

from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import key, word
from medenvs.envs.treatment.kernel_partial import PartialKernel
from medenvs.worlds.sepsis.charting import LABS, NEVER, PARTIAL, PARTIAL_NAMES
from medenvs.worlds.sepsis.columns import COLUMNS, NAMES

N, STEPS = 20_000, 6
CASES = np.arange(N) * 7_919 + 17


@pytest.fixture(scope="module")
def rounds():
    """Of each round: the charted columns, the true values, and the columns of the round before."""
    kernel = PartialKernel(6).on(numpy_lanes())
    state, told, before = kernel.reset({"case": CASES}, key(6, CASES), N), [], None
    for step in range(STEPS):
        chart = dict(zip(PARTIAL_NAMES, kernel.observe(state, "")["observation"].T.astype(float), strict=True))
        told.append((chart, {n: np.array(15 - 12 * state.cns if n == "gcs" else getattr(state, n)) for n in NAMES}, before))
        before = chart
        state, _ = kernel.step(state, {"clinician": word(key(5, CASES), step) % 25}, np.ones(N, bool))
    return told


@pytest.mark.parametrize("column", [c for c in PARTIAL if c.sd or c.share], ids=lambda c: c.name)
def test_noise_has_the_published_size(rounds, column):
    errors = []
    for chart, true, _ in rounds:
        seen = chart[column.name]
        known = chart.get(f"since_{column.name}", np.zeros(N)) == 0
        sd = column.sd + column.share * true[column.name]
        inside = (true[column.name] - 4.4 * sd > column.low) & (true[column.name] + 4.4 * sd < column.high) & (sd > 0)  # nothing was cut
        errors.append(((seen - true[column.name]) / np.where(sd > 0, sd, 1))[known & inside])
    z = np.concatenate(errors)
    whole = 1 / 12 / column.sd**2 if column.name == "gcs" else 0.0  # counted in whole points
    assert len(z) > 5_000
    assert abs(z.mean()) < 4.5 * (1 + whole) ** 0.5 / len(z) ** 0.5 + 0.01
    assert z.std() == pytest.approx((1 + whole) ** 0.5, rel=0.02)


def test_only_what_is_measured_is_noisy():
    noisy = {c.name for c in PARTIAL if c.sd or c.share}
    assert noisy == {"map", "hr", "cvp", "spo2", "urine", "gcs", *(lab.name for lab in LABS)}
    assert not any(c.sd or c.share for c in COLUMNS)
    assert [c.cadence for c in PARTIAL if c.name in [lab.name for lab in LABS]] == ["order"] * 5


def worried(chart, lactate):
    """The published worry, written again from the chart."""
    blood = np.clip((70 - chart["map"]) / 15, 0, 1.5) + np.clip((chart["hr"] - 100) / 40, 0, 1)
    head = np.clip((14 - chart["gcs"]) / 4, 0, 1) + 0.7 * (chart["urine"] < 0.5)
    return blood + head + np.clip((lactate - 2) / 3, 0, 1) + np.clip((94 - chart["spo2"]) / 6, 0, 1)


def odds(lab, chart, before):
    """(probability of an order, worry, age of the last result) of each patient at a round."""
    since = np.full(N, NEVER) if before is None else before[f"since_{lab.name}"]
    age = np.where(since == NEVER, NEVER, since + 4)
    worry = worried(chart, np.ones(N) if before is None else before["lactate"])
    logit = np.where(age == NEVER, lab.first, lab.pace * (age - lab.due)) + lab.worth * worry
    return 1 / (1 + np.exp(-logit)), worry, age


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_orders_have_the_published_probability(rounds, lab):
    for chart, _, before in rounds:
        p, worry, _ = odds(lab, chart, before)
        ordered = chart[f"since_{lab.name}"] == 0
        for low, high in ((0, 0.3), (0.3, 1), (1, 9)):
            these = (worry >= low) & (worry < high)
            spread = (p * (1 - p))[these].sum() ** 0.5
            assert these.sum() > 500 and abs((ordered - p)[these].sum()) < 4.5 * spread + 1


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.name)
def test_worry_raises_ordering(rounds, lab):
    ordered = {"sick": [], "well": []}
    for chart, _, before in rounds[1:]:
        _, worry, age = odds(lab, chart, before)
        for who, these in (("sick", worry > 1.5), ("well", worry < 0.3)):
            ordered[who].append(chart[f"since_{lab.name}"][(age == 8) & these] == 0)
    sick, well = (np.concatenate(o) for o in ordered.values())
    assert min(len(sick), len(well)) > 300 and sick.mean() > 1.5 * well.mean()


def test_a_more_worrying_patient_is_never_tested_less():
    kernel = PartialKernel(6).on(numpy_lanes())
    state = kernel.reset({"case": CASES}, key(6, CASES), N)
    calm = kernel.charting.begin(state, state.key, state.hour)
    state.map = state.map - 20
    shocked = kernel.charting.begin(state, state.key, state.hour)
    more = [(getattr(shocked, f"since_{x.name}") == 0) * 1 - (getattr(calm, f"since_{x.name}") == 0) for x in LABS]
    assert np.min(more) == 0 and all(m.sum() > 100 for m in more)


def test_missing_results_tell_who_is_well(rounds):
    chart, true, _ = rounds[0]
    missing = chart["since_lactate"] == NEVER
    assert true["lactate"][missing].mean() < true["lactate"][~missing].mean() - 0.1
    assert true["map"][missing].mean() > true["map"][~missing].mean() + 3


def test_draws_of_the_tests_are_independent(rounds):
    chart, _, before = rounds[1]
    rest = [(chart[f"since_{lab.name}"] == 0) - odds(lab, chart, before)[0] for lab in LABS]
    apart = np.corrcoef(rest)[np.triu_indices(5, 1)]
    assert np.abs(apart).max() < 4.5 / N**0.5
