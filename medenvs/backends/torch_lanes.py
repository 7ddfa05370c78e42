"""Torch's lanes: the same rules over tensors of one dtype on one device."""

from __future__ import annotations

from functools import cache
from typing import Any

from medenvs.core.errors import BadValue, missing, unknown
from medenvs.core.exponential import LOG2E, POWERS, series
from medenvs.core.lanes import Lanes

_DTYPES = ("float32", "float64")


class TorchLanes:
    """Lanes over tensors. Bare numbers become scalars of this dtype, never of torch's default one."""

    def __init__(self, dtype: str, device: str) -> None:
        if dtype not in _DTYPES:
            raise unknown("dtype of torch lanes", dtype, _DTYPES)
        try:
            import torch
        except ImportError:
            raise missing("torch", "torch") from None
        self.name, self._made_of, self._torch, self.device = f"torch.{dtype}.{device}", (dtype, device), torch, torch.device(device)
        self.dtype: Any = getattr(torch, dtype)
        self._kinds = {bool: torch.bool, int: torch.int64, float: self.dtype}
        self._powers = torch.tensor(POWERS, dtype=self.dtype, device=self.device)

    def __reduce__(self) -> Any:
        return TorchLanes, self._made_of  # a module does not pickle

    def _lane(self, x: Any) -> Any:
        if isinstance(x, self._torch.Tensor):
            return x
        return self._torch.full((), x, dtype=self._kinds[type(x)], device=self.device)

    def _line(self, n: int) -> Any:
        return self._torch.arange(n, device=self.device)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return self._torch.where(self._lane(condition), self._lane(a), self._lane(b))

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        return self.minimum(self.maximum(x, low), high)

    def maximum(self, a: Any, b: Any) -> Any:
        return self._torch.maximum(self._lane(a), self._lane(b))

    def minimum(self, a: Any, b: Any) -> Any:
        return self._torch.minimum(self._lane(a), self._lane(b))

    def both(self, a: Any, b: Any) -> Any:
        return self._torch.logical_and(self._lane(a), self._lane(b))

    def either(self, a: Any, b: Any) -> Any:
        return self._torch.logical_or(self._lane(a), self._lane(b))

    def no(self, a: Any) -> Any:
        return self._torch.logical_not(self._lane(a))

    def number(self, x: Any) -> Any:
        return self._torch.as_tensor(x, dtype=self.dtype, device=self.device)

    def whole(self, x: Any) -> Any:
        return self._torch.as_tensor(x, device=self.device).to(self._torch.int64)

    def exp(self, x: Any) -> Any:
        x = self.clip(x, -87.0, 87.0)
        k = self._torch.floor(x * LOG2E + 0.5)
        return series(x, k, self._powers[k.to(self._torch.int64) + 126])

    def ratio(self, a: Any, b: Any) -> Any:
        return self._torch.true_divide(self._lane(a), self._lane(b))

    def pick(self, grid: Any, index: Any) -> Any:
        return grid[self._line(len(grid)), index]

    def put(self, grid: Any, index: Any, value: Any, when: Any) -> Any:
        line = self._line(len(grid))
        grid[line, index] = self.where(when, value, grid[line, index]).to(grid.dtype)
        return grid

    def table(self, values: Any) -> Any:
        table = self._torch.as_tensor(values, device=self.device)
        return table.to(self.dtype) if table.is_floating_point() else table

    def full(self, n: int | None, value: Any) -> Any:
        return self._torch.full((n or 1,), value, dtype=self._kinds[type(value)], device=self.device)

    def grid(self, n: int | None, width: int, value: Any, kind: str = "") -> Any:
        made_of = getattr(self._torch, kind) if kind else self._kinds[type(value)]
        return self._torch.full((n or 1, width), value, dtype=made_of, device=self.device)

    def paste(self, grid: Any, start: int, part: Any) -> None:
        grid[:, start : start + part.shape[1]] = part

    def only(self, when: Any) -> Any:
        rows = self._torch.nonzero(when)[:, 0]
        return (rows,) if len(rows) else ()

    def at(self, lane: Any, r: Any) -> Any:
        return lane[r]

    def write(self, lane: Any, r: Any, value: Any) -> Any:
        lane[r] = self._lane(value).to(lane.dtype)
        return lane

    def look(self, grid: Any, r: Any, index: Any) -> Any:
        return grid[r, index]

    def mark(self, grid: Any, r: Any, index: Any, value: Any) -> None:
        grid[r, index] = self._lane(value).to(grid.dtype)

    def items(self, r: Any, lists: Any, index: Any) -> Any:
        many = lists[index]
        there = many >= 0
        yield r[:, None].expand(many.shape)[there], many[there]


class SteadyLanes(TorchLanes):
    """Torch's lanes that look at no value: rules for few rows run over all rows, what they write counts in those rows only.

    So torch.compile sees one graph, and a GPU is never waited for. Rules that run through lists (`items`) do not work on them.
    """

    def __reduce__(self) -> Any:
        return SteadyLanes, self._made_of

    def no(self, a: Any) -> Any:
        return not a if isinstance(a, bool) else super().no(a)

    def only(self, when: Any) -> Any:
        return () if when is False else (when,)

    def at(self, lane: Any, r: Any) -> Any:
        return lane

    def write(self, lane: Any, r: Any, value: Any) -> Any:
        return self._torch.where(r, self._lane(value).to(lane.dtype), lane)

    def look(self, grid: Any, r: Any, index: Any) -> Any:
        return self.pick(grid, index)

    def mark(self, grid: Any, r: Any, index: Any, value: Any) -> None:
        self.put(grid, index, value, r)

    def items(self, r: Any, lists: Any, index: Any) -> Any:
        raise BadValue("steady lanes run through no lists. Use torch_lanes without `steady` for these rules.")


@cache
def torch_lanes(dtype: str = "float64", device: str = "cpu", steady: bool = False) -> Lanes:
    """Return torch's lanes, those that can be compiled where `steady`; raises UnknownName for another dtype, MissingExtra without torch."""
    return (SteadyLanes if steady else TorchLanes)(dtype, device)
