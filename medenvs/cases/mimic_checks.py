"""What a table must be before anything is made of it: known units, columns in their places, plausible values, stays without holes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medenvs.core.errors import BadData, unknown

from .mimic_columns import Column, columns, ordered
from .mimic_table import STAY, Table

BLOCK = 4  # hours a row
_ENOUGH_STAYS, _ENOUGH_ROWS = 20, 20  # below, a median or a majority says nothing about units or order
_CLOCKS = {3_600: "hours", 60: "minutes", 86_400: "days", 14_400: "blocks of four hours"}  # seconds in one


class Stays(NamedTuple):
    """A table sorted by stay and time. starts: (N + 1,) first rows; block: the four-hour block of each row, 0 at the stay's first;
    cut: (N,) whose rows behind a gap were left out; left_out: how many stays fell out whole."""

    table: Table
    starts: np.ndarray
    block: np.ndarray
    cut: np.ndarray
    left_out: int


def lacking(table: Table, names: Iterable[str], remedy: str) -> None:
    """Raise BadData if a column is absent."""
    absent = [n for n in names if n not in table]
    if absent:
        raise BadData(f"{table.name}: no column {absent[0]!r} ({len(absent)} of those needed are absent: {', '.join(absent)}). {remedy}.")


def converted(table: Table, units: Mapping[str, str]) -> Table:
    """Return the table in the map's units; raises UnknownName for a column or unit that it does not know."""
    for name, unit in units.items():
        if name not in columns():
            raise unknown("column", name, columns())
        if unit not in columns()[name].units:
            raise unknown(f"unit of {name}", unit, columns()[name].units)
    return table.having({n: columns()[n].convert(table[n], unit) for n in table.columns if (unit := _unit(n, units))})


def _unit(name: str, units: Mapping[str, str]) -> str:
    return units.get(name, columns()[name].stored)


def in_place(table: Table, units: Mapping[str, str]) -> None:
    """Raise BadData for a converted table whose columns are swapped, in unknown units, or normalised."""
    middle = dict[str, float]()
    if len(np.unique(table[STAY])) >= _ENOUGH_STAYS:
        middle = {n: _middle(table, c) for n, c in columns().items() if c.typical and n in table}
    odd = [n for n, m in middle.items() if not _within(m, columns()[n].typical)]
    if odd and 2 * len(odd) > len(middle):
        wrong = np.ones(len(table), bool)
        table.refuse(wrong, "most columns lie outside every unit: the table looks normalised", "Load the raw one (MIMICtable.csv or RAW)")
    for name in odd:
        _odd(table, columns()[name], middle, odd, units)
    for low, high in (pair for pair in ordered() if pair[0] in table and pair[1] in table and len(table) >= _ENOUGH_ROWS):
        wrong = table[low] > table[high]
        if 2 * wrong.sum() > len(table):
            table.refuse(wrong, f"{low} is above {high}, as in most rows: the columns look swapped", "Give them each other's names")
    for name in odd:
        c = columns()[name]
        remedy = f"Convert the column, or name its unit (known: {', '.join(c.units)})"
        table.refuse(_outside(table, c), f"{_wrong(c, units)}; unknown unit", remedy)


def _odd(table: Table, c: Column, middle: Mapping[str, float], odd: Sequence[str], units: Mapping[str, str]) -> None:
    """Raise BadData for a column whose median lies where it cannot, if another column or unit would explain it."""
    for o in odd:
        if o != c.name and _within(middle[c.name], columns()[o].typical) and _within(middle[o], c.typical):
            table.refuse(_outside(table, c), f"{c.name} and {o} look swapped", "Give the columns each other's names")
    given = _unit(c.name, units) or c.unit
    raw = c.restore(middle[c.name], given)
    for unit in c.units:
        if unit != given and _within(c.convert(raw, unit), c.typical):
            remedy = f"Load it with units={{{c.name!r}: {unit!r}}} (--unit {c.name}={unit})"
            table.refuse(_outside(table, c), f"{_wrong(c, units)}, but looks like {unit}", remedy)


def _wrong(c: Column, units: Mapping[str, str]) -> str:
    low, high = c.typical or (c.low, c.high)
    return f"{c.name} is not in {_unit(c.name, units) or c.unit}: its median lies outside {low:g} to {high:g} {c.unit}"


def _outside(table: Table, c: Column) -> np.ndarray:
    return np.array([not _within(x, c.typical) for x in table[c.name].tolist()])


def _middle(table: Table, c: Column) -> float:
    """Return the median; of doses above 0 where the map says so. In range where there is nothing to see."""
    values = table[c.name]
    values = values[np.isfinite(values) & ((values > 0) | (not c.nonzero))]
    return float(np.median(values)) if len(values) else (c.typical or (0.0, 0.0))[0]


def _within(value: float, span: tuple[float, float] | None) -> bool:
    return span is None or span[0] <= value <= span[1]


def plausible(table: Table, names: Iterable[str], outside: str) -> Table:
    """Return the table with values in range. outside: "refuse" raises BadData for one that is not, "clip" cuts it to the range.

    An empty cell is refused in either way.
    """
    held = {n: table[n] for n in names if n in table}
    for name in held:
        c, values = columns()[name], table[name]
        table.refuse(~np.isfinite(values), f"column {name!r} is empty or infinite", "Impute it, or leave the stay out of the file")
        if c.scale == "binary":
            table.refuse((values != 0) & (values != 1), f"column {name!r} is neither 0 nor 1", "Write 0 or 1")
        if outside == "clip":
            held[name] = np.clip(values, c.low, c.high)
        else:
            wrong = (values < c.low) | (values > c.high)
            remedy = "Correct the unit or the row, or load with outside='clip' (--outside clip)"
            table.refuse(wrong, f"column {name!r} lies outside {c.low:g} to {c.high:g} {c.unit}", remedy)
    return table.having(held)


def stays(table: Table, gaps: str) -> Stays:
    """Return the table by stay and time. gaps: "refuse" raises BadData where four hours are missing, "cut" keeps what stands before,
    "drop" leaves the stay out. Raises BadData for duplicates and clocks that are none."""
    stay = table[STAY]
    whole = np.isfinite(stay) & (stay == np.floor(stay)) & (np.abs(stay) < 2**53)
    table.refuse(~whole, f"column {STAY!r} is no whole number", "Give each stay a number")
    clock = next((n for n in ("bloc", "charttime", "step") if n in table), "")
    if not clock:
        raise BadData(f"{table.name}: no column bloc, charttime or step. Expected one that tells which four hours a row holds.")
    times = [n for n in ("bloc", "charttime", "step") if n in table]
    for name in times:
        table.refuse(~np.isfinite(table[name]), f"column {name!r} is empty", "Write when the row's four hours begin")
    table = table.take(np.lexsort((table[clock], table[STAY])))
    first = np.r_[True, np.diff(table[STAY]) > 0]
    for name in times:
        table.refuse(
            ~first & (np.r_[0, np.diff(table[name])] == 0), f"{name} repeats: the same four hours stand twice", "Drop the duplicate"
        )
    rise = _rise(table, times, first)
    return _without_gaps(table, first, np.where(first, table.columns.get("bloc", 1), rise), gaps)


def _rise(table: Table, times: Sequence[str], first: np.ndarray) -> np.ndarray:
    """Return how many blocks lie between each row and the one before; raises BadData for another unit or two clocks that disagree."""
    found = {n: np.r_[0, np.diff(table[n])] for n in times}
    inner = ~first
    if "charttime" in found and inner.any():
        seconds = found["charttime"]
        table.refuse(*_no_seconds(seconds / found["bloc"].clip(1) if "bloc" in found else seconds, inner))
        found["charttime"] = seconds / (BLOCK * 3_600)
    for name in times:
        part = inner & (found[name] != np.floor(found[name]))
        table.refuse(part, f"{name} rises by something else than whole blocks of four hours", "Bin the rows into four hours")
    if "bloc" in found and "charttime" in found:
        differs = inner & (found["bloc"] != found["charttime"])
        table.refuse(differs, "bloc and charttime disagree", "Correct one of them, or drop the column")
    return found["bloc"] if "bloc" in found else found.get("charttime", found[times[0]])


def _no_seconds(steps: np.ndarray, inner: np.ndarray) -> tuple[np.ndarray, str, str]:
    """Return which rows, what and the remedy where a clock does not count seconds; no row where it does."""
    if 2 * (steps[inner] % (BLOCK * 3_600) == 0).sum() > inner.sum():
        return np.zeros_like(inner), "", ""
    unit = next((u for each, u in _CLOCKS.items() if np.isclose(np.median(steps[inner]) * each, BLOCK * 3_600)), "")
    looks = f"looks like {unit}" if unit else "unknown unit"
    return inner, f"charttime does not rise by {BLOCK * 3_600} s a row ({looks})", "Convert it to seconds"


def _without_gaps(table: Table, first: np.ndarray, rise: np.ndarray, gaps: str) -> Stays:
    hole = rise != 1
    if gaps == "refuse":
        remedy = "Fill it, or load with gaps='cut' (keep what stands before) or gaps='drop' (leave the stay out)"
        table.refuse(hole & first, "the stay does not begin at block 1", remedy)
        table.refuse(hole, "there is a gap before the row", remedy)
    number = np.cumsum(first) - 1
    begun = np.flatnonzero(first)
    broken = np.add.reduceat(hole, begun) > 0
    after = np.add.accumulate(hole) - (np.add.accumulate(hole) - hole)[begun][number]  # holes of the stay up to here
    keep = ~broken[number] if gaps == "drop" else after == 0
    kept = np.bincount(number[keep], minlength=len(begun))
    enough = kept > np.where(broken, 1, 0)  # a cut stay's last row only tells what was seen after the row before
    keep &= enough[number]
    if not keep.any():
        raise BadData(f"{table.name}: no stay without a gap at its beginning. Fill the gaps first.")
    starts = np.r_[0, np.cumsum(kept[enough])]
    block = np.arange(starts[-1]) - np.repeat(starts[:-1], kept[enough])
    return Stays(table.take(keep), starts, block, broken[enough], int((~enough).sum()))
