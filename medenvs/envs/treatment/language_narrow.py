"""The words of a narrow chart: only the columns that are shown, by name and unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .kernel_narrow import KNOWN, shown
from .language import TreatmentLanguage
from .state import State

_DIGITS = {"fio2": 2, "urine": 2, "bilirubin": 1, "lactate": 1, "creatinine": 1, "gcs": 1}
_ONCE = ("age", "male", "weight", "hour", "fluid", "pressor")  # told elsewhere in a line


class NarrowLanguage(TreatmentLanguage):
    """Continuous doses are parsed as TreatmentLanguage parses them."""

    def __init__(self, names: Sequence[str], interval: int = 4) -> None:
        super().__init__(True, interval)
        self.names = tuple(names)
        self._told = (*self.names, *(n for n in _ONCE if n not in self.names))

    def seen(self, state: State, rows: Any) -> tuple[Sequence[str], Any]:
        """Return (names of the columns, one row of them a patient)."""
        return self._told, shown(self._told, state, rows)

    def chart_line(self, c: Mapping[str, float]) -> str:
        """Return the columns that are shown, without who the patient is, the hour and the doses."""
        parts = (f"{n} {c[n]:.{_DIGITS.get(n, 0)}f}{_unit(n)}" for n in self.names if n not in _ONCE)
        return ", ".join(parts)


def _unit(name: str) -> str:
    unit = KNOWN[name].unit
    return "" if unit in ("0 or 1", "fraction", "points") else f" {unit}"
