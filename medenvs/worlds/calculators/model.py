"""What a clinical calculator is: its inputs, its formula over lanes, its sources. Facts only: no text of a note, no drawing.

A formula is written once for plain numbers and NumPy columns: ``formula(m, v)`` with lanes `m` and inputs `v` (attributes
named by the input's key). Truth is computed here in float64; `log` and `power` are NumPy's even for one case, so that it
agrees bit for bit with the same case in a batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from medenvs.core.lanes import Lanes

Output = Literal["decimal", "integer", "half", "date", "weeks_days"]
Formula = Callable[[Lanes, Any], Any]
Check = Callable[[Lanes, Any, Any], Any]


@dataclass(frozen=True)
class Number:
    """A measured quantity in its canonical unit, drawn on a grid; `avoid` are closed intervals that are never shown."""

    key: str
    low: float
    high: float
    step: float = 1.0
    avoid: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Flag:
    """A criterion that is met (1) or not (0); `chance` is how often it is met."""

    key: str
    chance: float = 0.35


@dataclass(frozen=True)
class Level:
    """A graded criterion 0 .. len(chances) - 1."""

    key: str
    chances: tuple[float, ...]


@dataclass(frozen=True)
class Day:
    """A calendar day as a proleptic ordinal (date.toordinal); either a range, or `after` another day by low..high days."""

    key: str
    low: int
    high: int
    after: str | None = None


Input = Number | Flag | Level | Day


@dataclass(frozen=True)
class Item:
    """One row of a score: what it is called and the points it gives."""

    label: str
    points: Formula


@dataclass(frozen=True)
class Calculator:
    """One calculator; `formula` or `items` (whose points are added, then `offset`) gives the truth.

    `asks` completes "What is the patient's …?" and states each convention that would change the answer (weight used,
    variant, table, treatment of missing items). `printed` is the formula or point table shown when the formula is given.
    `source` is the primary publication; `checked` says against what the second reading compared it.
    `valid(m, v, truth)` is False for draws that must not be shown (answer too small for 5 %, edge between published tables).
    """

    id: str
    name: str
    family: str
    category: str
    output: Output
    unit: str
    asks: str
    printed: str
    inputs: tuple[Input, ...]
    source: str
    checked: str
    formula: Formula | None = None
    items: tuple[Item, ...] = ()
    offset: float = 0.0
    valid: Check | None = None
    medcalc_bench_id: int | None = None

    def truth(self, m: Lanes, v: Any) -> Any:
        """Return the exact answer for inputs `v`: a number, or a column of numbers."""
        if self.formula is not None:
            return self.formula(m, v)
        total = self.items[0].points(m, v) + self.offset
        for item in self.items[1:]:
            total = total + item.points(m, v)
        return total


def points(m: Lanes, met: Any, worth: float = 1.0) -> Any:
    """Return `worth` where the criterion `met` (truth value or 0/1) holds, else 0."""
    return m.where(met, worth, 0.0)


def band(m: Lanes, x: Any, first: float, *edges: tuple[float, float]) -> Any:
    """Return the points of the half-open band that holds x: `first` below the first edge, then (edge, points) from it on."""
    total = m.where(x >= edges[0][0], edges[0][1], first)
    for edge, worth in edges[1:]:
        total = m.where(x >= edge, worth, total)
    return total


def rounded(x: Any) -> Any:
    """Return x rounded half up to a whole number (still a float)."""
    return np.floor(x + 0.5) if isinstance(x, np.ndarray) else float(math.floor(x + 0.5))


def log(x: Any) -> Any:
    """Return the natural logarithm; NumPy's in both worlds, so that one case alone and in a column agree bit for bit."""
    return np.log(x) if isinstance(x, np.ndarray) else float(np.log(x))


def power(x: Any, exponent: float) -> Any:
    """Return x ** exponent; NumPy's in both worlds."""
    return np.power(x, exponent) if isinstance(x, np.ndarray) else float(np.power(x, exponent))
