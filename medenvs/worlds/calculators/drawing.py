"""Drawing the inputs of a calculator: one source text for one case on plain numbers and for columns of cases.

Input j of a calculator hangs on slot j of the case's key, so the same case has the same inputs alone, in a batch, anywhere.
A number is drawn on its grid; where `convert` holds it may be shown in another unit, and then the truth is computed from
what is shown. Draws that fall on an edge, or that the calculator calls invalid, are drawn again under the next attempt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes
from medenvs.core.randomness import Key, at, word

from .model import Calculator, Day, Flag, Input, Level, Number, rounded

_TRIES = (3, 12, 48)  # how many further draws of a refused case are made at once
ATTEMPTS = 1 + sum(_TRIES)


@dataclass(frozen=True)
class Unit:
    """Another unit of a quantity: shown = value * factor + offset, rounded to `digits` decimals."""

    name: str
    factor: float
    digits: int
    offset: float = 0.0


def decimals(step: float) -> int:
    """Return how many decimals a grid of this step is shown with."""
    return next(d for d in range(8) if abs(step * 10**d - round(step * 10**d)) < 1e-9)


def shown(value: Any, unit: Unit) -> Any:
    """Return a canonical value as it is printed in another unit."""
    scale = 10.0**unit.digits
    return rounded((value * unit.factor + unit.offset) * scale) / scale


class Drawn(NamedTuple):
    """Where a block of n cases is written: values (n, at least inputs), units (the same, int8), truths (n,)."""

    values: np.ndarray
    units: np.ndarray
    truths: np.ndarray


class _Grid:
    """Draws a Number: the high bits of the word choose the value, the low sixteen its unit."""

    def __init__(self, i: Number, others: Sequence[Unit]) -> None:
        self.scale = 10 ** decimals(i.step)
        self.low, self.step = round(i.low * self.scale), round(i.step * self.scale)
        self.count = (round(i.high * self.scale) - self.low) // self.step + 1
        self.avoid, self.others = i.avoid, tuple(others)

    def __call__(self, m: Lanes, u: Any, v: Any, convert: Any) -> tuple[Any, Any]:
        value = (self.low + self.step * ((u * self.count) >> 32)) / self.scale
        if not self.others or convert is False:
            return value, 0
        unit = m.where(convert, ((u & 0xFFFF) * (2 * len(self.others))) >> 16, 0)  # canonical half of the time
        unit = m.where(unit <= len(self.others), unit, 0)
        result = value
        for number, other in enumerate(self.others, 1):
            result = m.where(unit == number, (shown(value, other) - other.offset) / other.factor, result)
        return result, unit


class _Steps:
    """Draws a Flag or a Level from its chances."""

    avoid = ()

    def __init__(self, chances: Sequence[float]) -> None:
        edges = [round(sum(chances[:n]) * 2**32) for n in range(1, len(chances))]
        self.edges = tuple(e for e in edges if e < 1 << 32)

    def __call__(self, m: Lanes, u: Any, v: Any, convert: Any) -> tuple[Any, Any]:
        total = m.number(u >= self.edges[0])
        for edge in self.edges[1:]:
            total = total + m.number(u >= edge)
        return total, 0


class _Days:
    """Draws a calendar day, perhaps counted from another one."""

    avoid = ()

    def __init__(self, i: Day) -> None:
        self.low, self.count, self.after = i.low, i.high - i.low + 1, i.after

    def __call__(self, m: Lanes, u: Any, v: Any, convert: Any) -> tuple[Any, Any]:
        start = getattr(v, self.after) if self.after else 0
        return (self.low + ((u * self.count) >> 32)) * 1.0 + start, 0


def _draw_of(i: Input, units: Mapping[str, Sequence[Unit]]) -> Any:
    if isinstance(i, Number):
        return _Grid(i, units.get(i.key, ()))
    if isinstance(i, Flag):
        return _Steps((1 - i.chance, i.chance))
    return _Steps(i.chances) if isinstance(i, Level) else _Days(i)


class Drawer:
    """Draws the inputs and the truth of one calculator."""

    def __init__(self, calculator: Calculator, units: Mapping[str, Sequence[Unit]]) -> None:
        self.calculator = calculator
        self.width = len(calculator.inputs)
        self._draws = [(i.key, _draw_of(i, units)) for i in calculator.inputs]
        self._m = numpy_lanes()

    def one(self, k: Key, convert: bool) -> tuple[list[float], list[int], float]:
        """Return (values, unit of each, truth) of one case."""
        asked = self.calculator
        for attempt in range(ATTEMPTS):
            v, chosen, ok = self._draw(PLAIN, at(k, attempt), convert)
            if ok:
                truth = asked.truth(PLAIN, v)
                if asked.valid is None or asked.valid(PLAIN, v, truth):
                    return [float(x) for x in v.__dict__.values()], chosen, float(truth)
        raise self._stuck()

    def many(self, k: Key, convert: np.ndarray, out: Drawn) -> None:
        """Write values, units and truths of n cases into the arrays of `out`; truths equal those of `one`."""
        ok = self._write(at(k, 0), convert, slice(None), None, out)
        rows, first = np.flatnonzero(~ok), 1
        for tries in _TRIES:
            if not len(rows):
                return
            attempts = np.tile(np.arange(first, first + tries), len(rows))
            here = at((np.repeat(k[0][rows], tries), np.repeat(k[1][rows], tries)), attempts)
            good = self._write(here, np.repeat(convert[rows], tries), rows, tries, out)
            rows, first = rows[~good], first + tries
        if len(rows):
            raise self._stuck()

    def _write(
        self, k: Key, convert: np.ndarray, rows: Any, tries: int | None, out: tuple[np.ndarray, np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """Draw, and write what is valid into `rows` of the outputs (of several tries a row, the first valid one).

        Return which rows are done.
        """
        v, units, ok = self._draw(self._m, k, convert if convert.any() else False)
        truth = self.calculator.truth(self._m, v)
        if self.calculator.valid is not None:
            ok = self._m.both(ok, self.calculator.valid(self._m, v, truth))
        ok = np.broadcast_to(np.asarray(ok), truth.shape)
        take: Any
        done: Any
        if tries is None:
            done, take = ok, slice(None)  # what is not valid is written too, and written over
        else:
            grid = ok.reshape(-1, tries)
            done = grid.any(1)
            take = (np.arange(len(grid)) * tries + grid.argmax(1))[done]
            rows = rows[done]
        values, chosen, truths = out
        truths[rows] = truth[take]
        for j, (value, unit) in enumerate(zip(v.__dict__.values(), units, strict=True)):
            values[rows, j] = value[take]
            chosen[rows, j] = unit if isinstance(unit, int) else unit[take]
        return done

    def _draw(self, m: Lanes, k: Key, convert: Any) -> tuple[Any, list[Any], Any]:
        v, chosen = SimpleNamespace(), []
        ok: Any = True
        for j, (name, draw) in enumerate(self._draws):
            value, unit = draw(m, word(k, j), v, convert)
            for low, high in draw.avoid:
                ok = m.both(ok, m.either(value < low, value > high))
            setattr(v, name, value)
            chosen.append(unit)
        return v, chosen, ok

    def _stuck(self) -> RuntimeError:
        return RuntimeError(f"{self.calculator.id}: {ATTEMPTS} draws in a row were invalid; its ranges and its `valid` disagree")
