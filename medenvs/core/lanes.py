"""The operations rules are written in: one source text plays one episode on plain numbers and N on arrays.

`PLAIN` works on Python numbers, `numpy_lanes(dtype)` on NumPy arrays; torch's lanes live in `medenvs.backends.torch_lanes`.
A kernel branches on its lanes, never on values. `where` evaluates both sides: clamp an index before you use it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from operator import getitem
from typing import Any, Protocol

import numpy as np

from .exponential import LOG2E, POWERS, series


class Lanes(Protocol):
    """What a kernel may do to numbers besides ``+ - * //`` and comparisons (``/`` through `ratio`).

    Bare Python floats and draws are float64: in float32 lanes pass them through `number` before they meet a state.
    """

    name: str

    def where(self, condition: Any, a: Any, b: Any, /) -> Any: ...
    def clip(self, x: Any, low: Any, high: Any, /) -> Any: ...
    def maximum(self, a: Any, b: Any, /) -> Any: ...
    def minimum(self, a: Any, b: Any, /) -> Any: ...
    def both(self, a: Any, b: Any, /) -> Any: ...
    def either(self, a: Any, b: Any, /) -> Any: ...
    def no(self, a: Any, /) -> Any: ...
    def number(self, x: Any, /) -> Any:
        """Return truth values or whole numbers as floats of this world."""
        ...

    def whole(self, x: Any, /) -> Any:
        """Return floats, truncated, as whole numbers of this world."""
        ...

    def exp(self, x: Any, /) -> Any:
        """Return e**x (relative error below 1e-8 in float64), bit-equal on every back end."""
        ...

    def ratio(self, a: Any, b: Any, /) -> Any:
        """Return a / b for two lanes of the same shape."""
        ...

    def pick(self, grid: Any, index: Any, /) -> Any:
        """Return grid[row, index[row]] (a list item in plain lanes)."""
        ...

    def put(self, grid: Any, index: Any, value: Any, when: Any, /) -> Any:
        """Set grid[row, index[row]] = value where `when`; return the grid (changed in place)."""
        ...

    def table(self, values: Any, /) -> Any:
        """Return a constant table that may be indexed by a lane."""
        ...

    def full(self, n: int | None, value: Any, /) -> Any:
        """Return one lane filled with `value`."""
        ...

    def grid(self, n: int | None, width: int, value: Any, kind: str = "", /) -> Any:
        """Return n rows of `width` values (a list in plain lanes); `kind` "int8" makes it small where numbers have sizes."""
        ...

    def paste(self, grid: Any, start: int, part: Any, /) -> None:
        """Write the columns of `part` into the grid, from column `start` on."""
        ...

    def only(self, when: Any, /) -> Sequence[Any]:
        """Return at most one selection, of the rows where `when`: ``for r in m.only(when)`` runs rules for few rows only."""
        ...

    def at(self, lane: Any, r: Any, /) -> Any:
        """Return a lane of the selected rows (a fresh one)."""
        ...

    def write(self, lane: Any, r: Any, value: Any, /) -> Any:
        """Return the lane with `value` in the selected rows (changed in place)."""
        ...

    def look(self, grid: Any, r: Any, index: Any, /) -> Any:
        """Return grid[row, index] of the selected rows, one index for each."""
        ...

    def mark(self, grid: Any, r: Any, index: Any, value: Any, /) -> None:
        """Set grid[row, index] = value in the selected rows."""
        ...

    def items(self, r: Any, lists: Any, index: Any, /) -> Iterable[tuple[Any, Any]]:
        """Yield (selection, item) for the items of ``lists[index]`` of each selected row; `lists` is a table padded with -1.

        On arrays one selection may hold a row several times: only `mark` distinct places of it.
        """
        ...


class _Plain:
    name = "plain"
    maximum: Any = staticmethod(max)
    minimum: Any = staticmethod(min)
    number: Any = staticmethod(float)
    whole: Any = staticmethod(int)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        return a if condition else b

    @staticmethod
    def clip(x: Any, low: Any, high: Any) -> Any:
        return low if x < low else high if x > high else x

    @staticmethod
    def both(a: Any, b: Any) -> Any:
        return a and b

    @staticmethod
    def either(a: Any, b: Any) -> Any:
        return a or b

    @staticmethod
    def no(a: Any) -> Any:
        return not a

    @staticmethod
    def exp(x: Any) -> Any:
        if x != x:
            return x
        x = -87.0 if x < -87.0 else 87.0 if x > 87.0 else x
        k = math.floor(x * LOG2E + 0.5)
        return series(x, k, POWERS[k + 126])

    @staticmethod
    def ratio(a: Any, b: Any) -> Any:
        return a / b

    @staticmethod
    def pick(grid: Any, index: Any) -> Any:
        return grid[index]

    @staticmethod
    def put(grid: Any, index: Any, value: Any, when: Any) -> Any:
        if when:
            grid[index] = value
        return grid

    @staticmethod
    def table(values: Any) -> Any:
        return np.asarray(values).tolist() if not isinstance(values, tuple) else values  # pyright: ignore[reportUnknownVariableType]

    @staticmethod
    def full(n: int | None, value: Any) -> Any:
        return value

    @staticmethod
    def grid(n: int | None, width: int, value: Any, kind: str = "") -> Any:
        return [value] * width

    @staticmethod
    def paste(grid: Any, start: int, part: Any) -> None:
        grid[start : start + len(part)] = part

    @staticmethod
    def only(when: Any) -> Sequence[Any]:
        return (None,) if when else ()

    @staticmethod
    def at(lane: Any, r: Any) -> Any:
        return lane

    @staticmethod
    def write(lane: Any, r: Any, value: Any) -> Any:
        return value

    @staticmethod
    def look(grid: Any, r: Any, index: Any) -> Any:
        return grid[index]

    @staticmethod
    def mark(grid: Any, r: Any, index: Any, value: Any) -> None:
        grid[index] = value

    @staticmethod
    def items(r: Any, lists: Any, index: Any) -> Iterable[tuple[Any, Any]]:
        return ((r, item) for item in lists[index] if item >= 0)


class _NumPy:
    where: Any = staticmethod(np.where)
    maximum: Any = staticmethod(np.maximum)
    minimum: Any = staticmethod(np.minimum)
    both: Any = staticmethod(np.logical_and)
    either: Any = staticmethod(np.logical_or)
    no: Any = staticmethod(np.logical_not)
    at: Any = staticmethod(getitem)

    def __init__(self, dtype: str) -> None:
        self.name, self.dtype = f"numpy.{dtype}", np.dtype(dtype)
        self._powers = np.array(POWERS, self.dtype)
        self._kinds = {bool: np.dtype(bool), int: np.dtype(np.int64), float: self.dtype}
        self._lines: dict[int, np.ndarray] = {}

    def _line(self, n: int) -> np.ndarray:
        if n not in self._lines:
            self._lines[n] = np.arange(n)
        return self._lines[n]

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        return x.clip(low, high)  # half the time of a minimum of a maximum

    def number(self, x: Any) -> Any:
        return np.asarray(x).astype(self.dtype)

    def whole(self, x: Any) -> Any:
        return np.asarray(x).astype(np.int64)

    def exp(self, x: Any) -> Any:
        x = np.minimum(np.maximum(x, -87.0), 87.0)
        k = np.floor(x * LOG2E + 0.5)
        return series(x, k, self._powers[k.astype(np.int64) + 126])

    def ratio(self, a: Any, b: Any) -> Any:
        return np.true_divide(a, b)

    def pick(self, grid: Any, index: Any) -> Any:
        n, width = grid.shape
        return grid.take(self._line(n) * width + index)  # half the time of grid[line, index]

    def put(self, grid: Any, index: Any, value: Any, when: Any) -> Any:
        line = self._line(len(grid))
        grid[line, index] = np.where(when, value, grid[line, index])
        return grid

    def table(self, values: Any) -> Any:
        array = np.asarray(values)
        return array.astype(self.dtype) if array.dtype.kind == "f" else array

    def full(self, n: int | None, value: Any) -> Any:
        return _filled(n or 1, value, self._kinds[type(value)])

    def grid(self, n: int | None, width: int, value: Any, kind: str = "") -> Any:
        return _filled((n or 1, width), value, kind or self._kinds[type(value)])

    def paste(self, grid: Any, start: int, part: Any) -> None:
        grid[:, start : start + part.shape[1]] = part

    def only(self, when: Any) -> Sequence[Any]:
        rows = when.nonzero()[0]
        return (rows,) if len(rows) else ()

    def write(self, lane: Any, r: Any, value: Any) -> Any:
        lane[r] = value
        return lane

    def look(self, grid: Any, r: Any, index: Any) -> Any:
        return grid[r, index]

    def mark(self, grid: Any, r: Any, index: Any, value: Any) -> None:
        grid[r, index] = value

    def items(self, r: Any, lists: Any, index: Any) -> Iterable[tuple[Any, Any]]:
        many = lists[index]
        there = (many >= 0).ravel().nonzero()[0]  # twice as fast as in two dimensions
        yield r[there // many.shape[1]], many.take(there)


def _filled(shape: Any, value: Any, kind: Any) -> Any:
    """Return what np.full does, in a fifth of the time."""
    if not value:
        return np.zeros(shape, kind)
    made = np.empty(shape, kind)
    made.fill(value)
    return made


PLAIN: Lanes = _Plain()


@cache
def numpy_lanes(dtype: str = "float64") -> Lanes:
    """Return the NumPy lanes of `dtype` ("float64" or "float32")."""
    return _NumPy(dtype)
