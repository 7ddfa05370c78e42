"""The generator is frozen: the same bits on every back end, statistics at noise level, reference values that never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.core.randomness import at, below, edges, fine, key, mix, normal, quantiles, uniform, unmix, word

repeatable = settings(derandomize=True, deadline=None, max_examples=40)
MANY = 1 << 16
NOISE = 4.5 / MANY**0.5  # standard errors allowed to a correlation over MANY pairs
WORDS = st.integers(0, (1 << 32) - 1)
PARTS = st.integers(0, (1 << 63) - 1)
SLOTS = st.integers(0, (1 << 31) - 1)
ROWS = st.lists(st.tuples(PARTS, PARTS, PARTS, SLOTS, SLOTS, st.integers(1, (1 << 31) - 1)), min_size=1, max_size=20)
Row = tuple[int, ...]


def everything(row: Any, table: Any) -> tuple[Any, ...]:
    """Return what each function of the module draws from a row of numbers, or from columns of them."""
    a, b, c, step, slot, n = row
    k = key(a, b, c)
    here = at(k, step)
    drawn = (f(x, slot) for x in (k, here) for f in (word, uniform))
    return (*k, *here, *drawn, below(here, slot, n), normal(here, slot, table), unmix(here[0]))


def expected(rows: list[Row]) -> list[list[float]]:
    """Return the columns that plain Python numbers give."""
    return [list(column) for column in zip(*(everything(row, quantiles().tolist()) for row in rows), strict=True)]


@repeatable
@given(ROWS)
def test_arrays_draw_what_plain_numbers_draw(rows: list[Row]) -> None:
    lanes = np.array(rows, np.int64).T
    assert [column.tolist() for column in everything(lanes, quantiles())] == expected(rows)


@pytest.mark.torch
@repeatable
@given(ROWS)
def test_tensors_draw_what_plain_numbers_draw(rows: list[Row]) -> None:
    torch = pytest.importorskip("torch")
    lanes = torch.tensor(rows, dtype=torch.int64).T
    assert [column.tolist() for column in everything(lanes, torch.tensor(quantiles()))] == expected(rows)


@repeatable
@given(PARTS, SLOTS, SLOTS)
def test_plain_numbers_mix_with_arrays(part: int, step: int, slot: int) -> None:
    lanes = np.array([part, 0])
    assert int(word(at(key(1, lanes), step), slot)[0]) == word(at(key(1, part), step), slot)
    assert int(word(at(key(1, part), np.array([step])), slot)[0]) == word(at(key(1, part), step), slot)


@repeatable
@given(WORDS)
def test_unmix_undoes_mix(x: int) -> None:
    assert unmix(mix(x)) == x == mix(unmix(x))


@repeatable
@given(st.lists(WORDS, min_size=1))
def test_unmix_undoes_mix_on_arrays(words: list[int]) -> None:
    x = np.array(words)
    assert unmix(mix(x)).tolist() == words == mix(unmix(x)).tolist()


def test_keys_tell_their_parts_apart() -> None:
    assert len({key(), key(0), key(0, 0), key(0, 1), key(1, 0), key(1 << 32), key(0, 1 << 32), key(1 << 32, 0)}) == 8
    n = np.arange(1 << 8)
    a, b = key(n[:, None], n[None, :])
    assert len(np.unique((a << 31) ^ b)) == len(n) ** 2  # distinct already in 63 of the 64 bits
    assert len(np.unique(at(key(1), np.arange(MANY))[0])) == MANY
    assert len(np.unique(word(key(1), np.arange(MANY)))) == MANY


FLIPPED: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "mix": (32, mix),
    "unmix": (32, unmix),
    "slot": (31, lambda x: word(key(1, 2), x)),
    "step": (31, lambda x: word(at(key(1, 2), x), 3)),
    "first word of the key": (32, lambda x: key(1, x)[0]),
    "second word of the key": (63, lambda x: key(1, x)[1]),
    "earlier part": (63, lambda x: word(key(x, 1, 2), 3)),
}


@pytest.mark.parametrize("name", FLIPPED)
def test_each_input_bit_flips_half_of_the_output(name: str) -> None:
    width, draw = FLIPPED[name]
    x, places = np.random.default_rng(0).integers(0, 1 << width, 1 << 12), np.arange(32)
    for bit in range(width):
        flipped = (draw(x) ^ draw(x ^ (1 << bit)))[:, None] >> places & 1
        assert flipped.sum(axis=1).mean() == pytest.approx(16, abs=0.3)
        assert np.abs(flipped.mean(axis=0) - 0.5).max() < 0.05


def ramp() -> np.ndarray:
    return np.arange(MANY + 1)


def column() -> np.ndarray:
    return np.arange(MANY // 16 + 1)[:, None]


STREAMS: dict[str, Callable[[], np.ndarray]] = {
    "slots of a key": lambda: uniform(key(1, 2), ramp()),
    "steps of an episode": lambda: uniform(at(key(1, 2), ramp()), 0),
    "cases of a stream": lambda: uniform(key(1, ramp()), 0),
    "seeds": lambda: uniform(key(1, 2, ramp(), 0), 0),
    "episodes of a seed": lambda: uniform(key(1, 2, 0, ramp()), 0),
    "high halves": lambda: uniform(key(1, ramp() << 32), 0),
    "slots, case by case": lambda: uniform(key(1, column()), np.arange(16)).reshape(-1),
    "steps, case by case": lambda: uniform(at(key(1, column()), np.arange(16)), 3).reshape(-1),
}


@pytest.mark.parametrize("name", STREAMS)
def test_uniform_is_uniform_and_forgets(name: str) -> None:
    u = STREAMS[name]()[: MANY + 1]
    assert u.min() >= 0 and u.max() < 1
    assert (u == u.astype(np.float32)).all()
    for power in (1, 2, 3):
        sd = (1 / (2 * power + 1) - 1 / (power + 1) ** 2) ** 0.5
        assert (u**power).mean() == pytest.approx(1 / (power + 1), abs=sd * NOISE)
    for lag in (1, 2, 16):
        assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < NOISE
    pairs = np.histogram2d(u[:-1], u[1:], bins=16, range=[[0, 1], [0, 1]])[0]
    assert_fits(pairs.ravel())


@pytest.mark.parametrize("apart", [1, 2, 19, 305, 37_252])  # the last three: distances whose multiples differ in few bits
def test_slots_and_steps_of_a_case_are_strangers(apart: int) -> None:
    k = key(1, ramp())
    for draw in (lambda d: uniform(k, d), lambda d: uniform(at(k, d), 3)):
        assert abs(np.corrcoef(draw(0), draw(apart))[0, 1]) < NOISE
        assert_fits(np.histogram2d(draw(0), draw(apart), bins=16)[0].ravel())


@pytest.mark.parametrize("episode", range(3))
def test_steps_share_no_runs_of_words(episode: int) -> None:
    steps, slots = MANY, 16
    words = word(at(key(1, episode), np.arange(steps)[:, None]), np.arange(slots)).reshape(-1)
    order = np.argsort(words, kind="stable")
    twins = np.flatnonzero(np.diff(words[order]) == 0)
    pairs = np.sort(np.stack([order[twins], order[twins + 1]]) // slots, axis=0)
    assert len(twins) < 200  # 128 expected of a million random words
    assert np.unique(pairs, axis=1).shape == pairs.shape


@pytest.mark.parametrize("bit", range(1, 32))
def test_keys_that_meet_in_one_slot_part_in_the_next(bit: int) -> None:
    a, b = np.random.default_rng(bit).integers(0, 1 << 32, (2, 1 << 12))
    twin = a ^ 1 << bit, b ^ 1 << bit
    assert (word((a, b), 0) == word(twin, 0)).all()  # one pair of keys in 2**32 meets so
    assert (word((a, b), 1) != word(twin, 1)).all()


def test_facts_are_strangers_to_steps_of_their_key() -> None:
    k = key(1, ramp())
    for step in (0, 1):
        for slot in (0, 1):
            assert abs(np.corrcoef(uniform(k, slot), uniform(at(k, step), slot))[0, 1]) < NOISE


def assert_fits(counts: np.ndarray) -> None:
    """Assert that counts fit equal chances: chi-square within 4.5 standard deviations on both sides."""
    mean, free = counts.mean(), len(counts) - 1
    assert abs(((counts - mean) ** 2).sum() / mean - free) < 4.5 * (2 * free) ** 0.5 + 2


@pytest.mark.parametrize("n", [2, 3, 5, 6, 7, 10, 12, 13, 24, 100, 365])
def test_below_is_fair(n: int) -> None:
    for drawn in (below(key(1, ramp()), 3, n), below(key(1), ramp(), n), below(at(key(1), ramp()), 3, n)):
        counts = np.bincount(drawn, minlength=n)
        assert len(counts) == n
        assert_fits(counts)


def test_normal_is_normal() -> None:
    z = normal(key(1, ramp()), 3, quantiles())
    for power, moment, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):  # spread: the variance of z**power
        assert (z**power).mean() == pytest.approx(moment, abs=spread**0.5 * NOISE)


def test_quantiles_are_symmetric_and_rising() -> None:
    t = quantiles()
    assert len(t) == 65_536 and (np.diff(t) > 0).all()
    assert t[-1] == pytest.approx(4.3249190408, abs=1e-9)
    assert t == pytest.approx(-t[::-1], abs=1e-12)
    assert t.std() == pytest.approx(1, abs=1e-4)


def test_reference_values_never_change() -> None:
    k = key(1, 2, 3)
    here = at(k, 4)
    assert (key(), key(0), key((1 << 63) - 1, 1 << 40, 5)) == ((608135816, 94570707), (416707932, 2914486413), (163133363, 3995749467))
    assert [mix(0), mix(1), mix(0xFFFFFFFF), unmix(1)] == [0, 0x86D2FA73, 0x99B5E683, 0x64BCF3D3]
    assert (k, here, at(k, 0)) == ((2113124053, 2019200116), (4162010579, 319523097), (959885174, 2113124053))
    assert [word(k, i) for i in (0, 1, 2, (1 << 31) - 1)] == [959885174, 667700951, 170009266, 2517710660]
    assert [word(here, i) for i in range(3)] == [1213493275, 3935985166, 1728839392]
    assert (uniform(k, 0), uniform(here, 1)) == (float.fromhex("0x1.c9b578p-3"), float.fromhex("0x1.d534bcp-1"))
    assert (below(k, 0, 10), below(k, 1, (1 << 31) - 1)) == (2, 333850475)
    assert (normal(k, 0, range(65_536)), normal(here, 2, range(65_536))) == (14_646, 26_379)
    assert (quantiles()[14_646], quantiles()[26_379]) == pytest.approx((-0.7604666311198988, -0.24683173124899616), abs=1e-12)


@repeatable
@given(PARTS, SLOTS, st.floats(0, 1))
def test_edges_part_fine_draws_where_chances_part_uniform_ones(seed: int, slot: int, chance: float) -> None:
    k = key(seed)
    draw = fine(k, slot)
    near = (chance, draw * 2.0**-24, (draw + 1) * 2.0**-24, np.nextafter(draw * 2.0**-24, 1))  # also where it hangs on the last bit
    for p, edge in zip(near, edges(np.array(near)).tolist(), strict=True):
        assert (draw < edge) == (uniform(k, slot) < p)


@repeatable
@given(st.lists(PARTS, min_size=1, max_size=20), SLOTS, st.integers(1, (1 << 31) - 1))
def test_words_of_32_bits_give_the_same_draws(parts: list[int], slot: int, n: int) -> None:
    k = key(np.array(parts))
    small = (k[0].astype(np.uint32), k[1].astype(np.uint32))
    for f in (word, uniform, fine):
        assert f(small, slot).tolist() == f(k, slot).tolist()
    assert below(small, slot, np.array(n)).tolist() == below(k, slot, n).tolist()
    slots = np.full(len(parts), slot)
    assert word(small, slots).tolist() == word(k, slots).tolist()
