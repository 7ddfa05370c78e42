"""The registered calculators: two independent readings agree, on the published vectors' inputs and on thousands of drawn ones."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
from calculators_by_hand import BY_HAND
from reading_names import arguments

from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key
from medenvs.rewards.numbers import interval
from medenvs.worlds.calculators.drawing import Drawer, Drawn, decimals, shown
from medenvs.worlds.calculators.model import Calculator, Flag, Level, Number
from medenvs.worlds.calculators.registry import CALCULATORS, FAMILIES, VARIANTS, calculator, unverified
from medenvs.worlds.vignettes.words import units

BY_NAME = pytest.mark.parametrize("asked", CALCULATORS, ids=lambda c: c.id)
EACH = pytest.mark.parametrize("asked", VARIANTS, ids=lambda c: c.id)


def drawn(asked: Calculator, n: int, start: int = 0) -> list[tuple[SimpleNamespace, float]]:
    """Return inputs and truth of n cases in canonical units."""
    drawer = Drawer(asked, {})
    found = (drawer.one(key(99, start + i), False) for i in range(n))
    return [(SimpleNamespace(**dict(zip([i.key for i in asked.inputs], values, strict=True))), truth) for values, _, truth in found]


@BY_NAME
def test_two_readings_agree(asked: Calculator) -> None:
    for v, truth in drawn(asked, 400):
        second = float(BY_HAND[asked.id](**arguments(asked, v)))
        assert truth == pytest.approx(second, rel=1e-9, abs=1e-9), (asked.id, v)


def columns(asked: Calculator, stream: int, n: int, convert: bool) -> Drawn:
    """Return values, units and truths of n cases drawn at once."""
    out = Drawn(np.zeros((n, len(asked.inputs)), np.float32), np.zeros((n, len(asked.inputs)), np.int8), np.zeros(n))
    Drawer(asked, units() if convert else {}).many(key(stream, np.arange(n)), np.full(n, convert), out)
    return out


def edges(asked: Calculator) -> list[SimpleNamespace]:
    """Return inputs in which one number at a time walks its whole grid, the others staying at a drawn case's values."""
    found = []
    for v, _ in drawn(asked, 12, 10_000):
        for i in asked.inputs:
            if isinstance(i, Number):
                scale = 10 ** decimals(i.step)
                grid = np.arange(round(i.low * scale), round(i.high * scale) + 1, round(i.step * scale)) / scale
                walked = grid[:: max(1, len(grid) // 120)].tolist()
                kept = [x for x in walked if not any(low <= x <= high for low, high in i.avoid)]
                found.extend(SimpleNamespace(**{**vars(v), i.key: x}) for x in kept)
            elif isinstance(i, (Flag, Level)):
                many = 2 if isinstance(i, Flag) else len(i.chances)
                found.extend(SimpleNamespace(**{**vars(v), i.key: float(x)}) for x in range(many))
    return found


@pytest.mark.parametrize("asked", [c for c in CALCULATORS if c.output in ("integer", "half")], ids=lambda c: c.id)
def test_two_readings_agree_on_every_band(asked: Calculator) -> None:
    """Scores are compared on both sides of each band edge that a note may show."""
    compared = 0
    for v in edges(asked):
        truth = asked.truth(PLAIN, v)
        if asked.valid is None or asked.valid(PLAIN, v, truth):
            assert float(truth) == float(BY_HAND[asked.id](**arguments(asked, v))), (asked.id, v)
            compared += 1
    assert compared >= 20


def test_registration_needs_a_source_and_a_second_reading() -> None:
    for c in CALCULATORS:
        assert c.id in BY_HAND
        assert re.search(r"(19|20)\d\d", c.source) and "no primary" not in c.source, c.id
        assert c.checked and c.printed and c.asks, c.id
    assert len(CALCULATORS) >= 40
    assert len({c.id for c in VARIANTS}) == len(VARIANTS)


def test_the_others_are_listed_with_what_is_missing() -> None:
    assert not set(unverified()) & {c.id for c in CALCULATORS}
    assert all(row["why"] and row["formula"] for row in unverified().values())
    assert len(unverified()) + len(CALCULATORS) == 86


@EACH
def test_plain_and_columns_agree_bit_for_bit(asked: Calculator) -> None:
    n = 300
    for convert in (False, True):
        values, chosen, truths = columns(asked, 7, n, convert)
        drawer = Drawer(asked, units() if convert else {})
        for row in range(n):
            alone, unit, truth = drawer.one(key(7, row), convert)
            assert truth == truths[row]
            assert np.asarray(alone, np.float32).tolist() == values[row].tolist()
            assert unit == chosen[row].tolist()


@EACH
def test_draws_keep_to_range_and_avoid_edges(asked: Calculator) -> None:
    values, chosen, _ = columns(asked, 8, 2_000, True)
    for j, i in enumerate(asked.inputs):
        if isinstance(i, Number):
            column = values[:, j].astype(float)
            slack = 0.03 * (i.high - i.low) + i.step  # another unit rounds
            assert column.min() >= i.low - slack and column.max() <= i.high + slack
            for low, high in i.avoid:
                assert not ((column >= low) & (column <= high)).any()
        elif isinstance(i, Flag) and asked.valid is None:
            assert abs(values[:, j].mean() - i.chance) < 0.06
    assert chosen.max() <= 3


@EACH
def test_no_single_answer_wins(asked: Calculator) -> None:
    """The best constant answer to a question is right in at most two fifths of its cases."""
    truths = columns(asked, 9, 2_000, False).truths
    low, high = interval(numpy_lanes(), truths, asked.output)
    best = max(((low <= t) & (t <= high)).mean() for t in np.unique(truths)[:: max(1, len(np.unique(truths)) // 200)])
    assert best <= 0.42, (asked.id, best)


@pytest.mark.parametrize("name", sorted(units()))
def test_other_units_convert_back(name: str) -> None:
    for unit in units()[name]:
        for value in (1.0, 7.3, 140.0):
            back = (shown(value, unit) - unit.offset) / unit.factor
            assert abs(back - value) <= 0.51 * 10**-unit.digits / unit.factor + 1e-9
            assert shown(back, unit) == shown(value, unit)


def test_unknown_calculators_are_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="cockcroft_gault"):
        calculator("cockroft_gault")


def test_chains_compose_registered_formulas() -> None:
    v = SimpleNamespace(age=60.0, height=170.0, weight=110.0, scr=1.1, female=0.0, auc=5.0)
    ideal = 50 + 2.3 * (170 / 2.54 - 60)
    clearance = (140 - 60) * (ideal + 0.4 * (110 - ideal)) / (72 * 1.1)
    assert calculator("calvert+gfr").truth(PLAIN, v) == pytest.approx(5 * (clearance + 25))
    assert calculator("cockcroft_gault+weight").truth(PLAIN, v) == pytest.approx(clearance)
    assert len(FAMILIES) == 9
