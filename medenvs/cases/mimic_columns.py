"""The columns of AI-Clinician tables, as data: names, units, ranges, and where the median of a ward's worth of stays may lie.

Names and the table's units are those of the AI Clinician's published data dictionary (Komorowski et al. 2018); the ranges are at
least as wide as the limits of its outlier step, the typical medians are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from medenvs.core.transcript import parse_json

_PREFIXES = ("o:", "a:", "m:", "r:")


@dataclass(frozen=True)
class Column:
    """One column. low, high, typical (where the median lies): in `unit`; others: what turns another unit into it (factor, offset).

    stored: the unit in published tables, where it is another one; nonzero: `typical` speaks of doses above 0. role: "state";
    "lagged" (reads the doses of its own step, so a state holds that of the step before); "made" (computed, not read); "score" (reads
    doses, no state); "stay", "patient", "time" or "outcome". scale: "binary", "z" or "log" (z of the logarithm), how it is normalised.
    """

    name: str
    unit: str
    low: float
    high: float
    typical: tuple[float, float] | None
    role: str
    scale: str
    aliases: tuple[str, ...] = ()
    others: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, "tuple[float, float]"])
    stored: str = ""
    nonzero: bool = False

    @property
    def shown(self) -> str:
        """Return what it is called in a state."""
        return f"previous_{self.name}" if self.role == "lagged" else self.name

    @property
    def units(self) -> tuple[str, ...]:
        """Return the units that are known."""
        return (self.unit, *self.others)

    def convert(self, values: Any, unit: str) -> Any:
        """Return values of a known unit in the column's own."""
        factor, offset = self.others.get(unit, (1.0, 0.0))
        return factor * values + offset

    def restore(self, values: Any, unit: str) -> Any:
        """Return what `convert` was given."""
        factor, offset = self.others.get(unit, (1.0, 0.0))
        return (values - offset) / factor


@cache
def columns() -> Mapping[str, Column]:
    """Return the columns by name."""
    return {row["name"]: Column(**row) for row in _read()["columns"]}


@cache
def ordered() -> tuple[tuple[str, str], ...]:
    """Return pairs of columns of which the first is no larger, in nearly every row."""
    return tuple((low, high) for low, high in _read()["ordered"])


def states() -> tuple[str, ...]:
    """Return the names of what may stand in a state."""
    return tuple(name for name, c in columns().items() if c.role in ("state", "lagged", "made"))


def known(header: str) -> str | None:
    """Return the column that a table's header speaks of, with or without a prefix and whatever its case, or None."""
    bare = header.strip().strip('"')
    bare = bare[2:] if bare[:2].lower() in _PREFIXES else bare
    return _names().get(bare.casefold())


@cache
def _names() -> Mapping[str, str]:
    return {alias.casefold(): name for name, c in columns().items() if c.role != "made" for alias in (name, *c.aliases)}


def _read() -> dict[str, Any]:
    return parse_json(Path(__file__).with_suffix(".json").read_text("utf-8"))
