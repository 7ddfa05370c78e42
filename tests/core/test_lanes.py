"""Every operation of the lanes gives the same bits on plain numbers, NumPy and torch."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.core.errors import UnknownName
from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes

repeatable = settings(derandomize=True, deadline=None, max_examples=60)
WIDTH = 3
NUMBERS = st.floats(-1e6, 1e6, width=32)
ROWS = st.lists(
    st.tuples(NUMBERS, NUMBERS, st.floats(0.125, 1e3, width=32), st.integers(0, WIDTH - 1), st.booleans(), st.booleans()),
    min_size=1,
    max_size=20,
)
Row = tuple[float, float, float, int, bool, bool]


def everything(m: Lanes, n: int | None, a: Any, b: Any, c: Any, i: Any, p: Any, q: Any) -> tuple[Any, ...]:
    """Return what each operation makes of a row, or of columns."""
    grid = m.put(m.put(m.grid(n, WIDTH, 0.5), i, a, p), i, b, q)
    whole_grid = m.put(m.grid(n, WIDTH, 7), i, m.whole(c), p)
    table = m.table(np.array([0.1, 0.7, 12.3]))
    chosen = m.where(p, a, b), m.where(p, a, 1.5), m.where(q, 2, i), m.where(p, 1, 0)
    bounded = m.clip(a, -1.0, 1.0), m.clip(a, -c, c), m.maximum(a, b), m.maximum(a, 0.0), m.minimum(a, b), m.minimum(a, 0.0)
    logic = m.both(p, q), m.either(p, q), m.no(p), m.both(p, a > b)
    kinds = m.number(p), m.number(i), m.whole(a), m.whole(c), m.number(i) * 0.1
    curves = m.exp(a), m.exp(a * 1e-4), m.exp(-c), m.ratio(a, c), m.ratio(b, c)
    looked_up = m.pick(grid, i), m.pick(whole_grid, i), table[i], m.table((3, 1, 2))[i], m.full(n, 1.5) + a, m.full(n, 2) + i
    return (*chosen, *bounded, *logic, *kinds, *curves, *looked_up)


def expected(rows: list[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*(everything(PLAIN, None, *row) for row in rows), strict=True)]


def columns(rows: list[Row], dtype: str) -> list[np.ndarray]:
    kinds = (dtype, dtype, dtype, "int64", "bool", "bool")
    return [np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]


@repeatable
@given(ROWS)
def test_numpy_equals_plain(rows: list[Row]) -> None:
    ours = everything(numpy_lanes(), len(rows), *columns(rows, "float64"))
    assert [lane.tolist() for lane in ours] == expected(rows)


@pytest.mark.torch
@repeatable
@given(ROWS)
def test_torch_equals_plain(rows: list[Row]) -> None:
    torch = pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    ours = everything(torch_lanes(), len(rows), *map(torch.from_numpy, columns(rows, "float64")))
    assert [lane.tolist() for lane in ours] == expected(rows)


@pytest.mark.torch
@repeatable
@given(ROWS)
def test_torch_equals_numpy_in_float32(rows: list[Row]) -> None:
    torch = pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    ours = everything(torch_lanes("float32"), len(rows), *map(torch.from_numpy, columns(rows, "float32")))
    theirs = everything(numpy_lanes("float32"), len(rows), *columns(rows, "float32"))
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.numpy(), b)
        assert str(a.dtype).removeprefix("torch.") == str(b.dtype)


@repeatable
@given(st.floats(-87, 87))
def test_exp_is_exact_to_eight_digits(x: float) -> None:
    assert PLAIN.exp(x) == pytest.approx(math.exp(x), rel=1e-8, abs=0)
    assert PLAIN.exp(x) == numpy_lanes().exp(np.array([x]))[0]


def test_exp_is_exact_on_a_fine_grid() -> None:
    x = np.linspace(-87, 87, 200_001)
    assert np.abs(numpy_lanes().exp(x) / np.exp(x) - 1).max() < 1e-8
    assert numpy_lanes().exp(np.array([-1e9, 1e9])).tolist() == [PLAIN.exp(-87.0), PLAIN.exp(87.0)]
    assert PLAIN.exp(0.0) == 1.0


def test_putting_nowhere_changes_nothing() -> None:
    m = numpy_lanes()
    grid = m.grid(4, WIDTH, 1)
    assert m.put(grid, np.array([0, 1, 2, 0]), np.array([9, 9, 9, 9]), np.array([True, False, True, False])) is grid
    assert grid.sum() == 4 * WIDTH + 2 * 8


@pytest.mark.torch
def test_torch_lanes_travel_and_refuse() -> None:
    pytest.importorskip("torch")
    from medenvs.backends.torch_lanes import torch_lanes

    lanes = torch_lanes("float32")
    for again in (copy.deepcopy(lanes), pickle.loads(pickle.dumps(lanes))):
        assert again.name == lanes.name == "torch.float32.cpu"
    with pytest.raises(UnknownName, match="float64"):
        torch_lanes("float16")
