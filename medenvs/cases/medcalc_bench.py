"""MedCalc-Bench (Khandekar et al. 2024) and files in its public columns, played by the same rules as the procedural cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medenvs.core.cases import Case, Finite
from medenvs.core.errors import BadData
from medenvs.core.lanes import PLAIN
from medenvs.core.language import column
from medenvs.core.turn import Lane
from medenvs.rewards.numbers import NUMBER, Reading, interval, read

from .tables import rows

COLUMNS = {
    "calculator": "Calculator Name",
    "output": "Output Type",
    "note_id": "Note ID",
    "note": "Patient Note",
    "question": "Question",
    "truth": "Ground Truth Answer",
    "low": "Lower Limit",
    "high": "Upper Limit",
}
_OPTIONAL = {"explanation": "Ground Truth Explanation", "entities": "Relevant Entities", "category": "Category", "row": "Row Number"}
_ANSWER = (
    "Reason first if you like. End your reply with <answer>…</answer> holding the answer alone "
    "(dates as MM/DD/YYYY, gestational age as (weeks, days))."
)


class MedCalcBenchCases(Finite):
    """The rows of a file (or "hf:owner/name"); rows of one note never stand in two splits."""

    def __init__(self, place: str) -> None:
        self._rows: list[dict[str, Any]] = []
        kinds, truths, lows, highs = [], [], [], []
        for number, row in rows(place, tuple(COLUMNS.values())):
            reading, low, high = _limits(place, number, row)
            kinds.append(reading.kind)
            truths.append(reading.value)
            lows.append(low)
            highs.append(high)
            self._rows.append({name: row.get(column) for name, column in {**COLUMNS, **_OPTIONAL}.items()})
        if not self._rows:
            raise BadData(f"{place}: no rows. Expected columns: {', '.join(COLUMNS.values())}.")
        super().__init__([str(r["note_id"]) for r in self._rows])
        self._kind, self._truth = np.array(kinds), np.array(truths)
        self._low, self._high = np.array(lows), np.array(highs)

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        """Return the columns of one case or of an array of cases."""
        one = isinstance(cases, int)
        at = (lambda a: a[cases].item()) if one else (lambda a: a[cases])
        facts: Any = [] if one else np.zeros((len(cases), 0))
        variant = 0 if one else np.zeros(len(cases), np.int64)
        truth, low, high = at(self._truth), at(self._low), at(self._high)
        return {
            "case": cases,
            "variant": variant,
            "kind": at(self._kind),
            "truth": truth,
            "low": low,
            "high": high,
            "facts": facts,
            "shown": facts,
        }

    def prompts(self, state: Any, rows: Any) -> list[str]:
        """Return note, question and answer format of the rows of a question's state."""
        return [self.prompt(case) for case in column(state.case, rows)]

    def prompt(self, case: int) -> str:
        """Return note, question and answer format of a case."""
        return f"Clinical note:\n{self._rows[case]['note']}\n\nQuestion: {self._rows[case]['question']}\n{_ANSWER}"

    def __getitem__(self, case: int) -> Case:
        split, r = self.split_of(case), self._rows[case]
        truth = {"answer": self._truth[case].item(), "low": self._low[case].item(), "high": self._high[case].item(), "output": r["output"]}
        steps = [line for line in str(r["explanation"] or "").splitlines() if line.strip()]
        return Case(
            case,
            self.prompt(case),
            truth,
            steps,
            {"calculator": r["calculator"], "category": r["category"], "split": split},
        )


def _limits(place: str, number: int, row: Mapping[str, Any]) -> tuple[Reading, float, float]:
    """Return the truth and the ordered interval around it; limits that are missing follow from the truth."""
    reading, fault = read(str(row[COLUMNS["truth"]]))
    if reading is None:
        raise BadData(f"{place}, row {number}: column {COLUMNS['truth']!r} holds {str(row[COLUMNS['truth']])[:40]!r}; {fault}.")
    output = str(row[COLUMNS["output"]]).strip().lower()
    if reading.kind != NUMBER or output == "integer":
        low, high = interval(PLAIN, reading.value, "integer" if reading.kind == NUMBER else "exact")
        return reading, low, high
    ends = [read(str(row[COLUMNS[c]]))[0] for c in ("low", "high")]
    if ends[0] is None or ends[1] is None:
        return reading, *interval(PLAIN, reading.value, "decimal")
    low, high = sorted((ends[0].value, ends[1].value))  # older files swap them for negative truths
    if not low <= reading.value <= high:
        raise BadData(f"{place}, row {number}: the truth {reading.value:g} lies outside its limits {low:g} to {high:g}.")
    return reading, low, high
