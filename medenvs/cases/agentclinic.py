"""AgentClinic (Schmidgall et al. 2024) and files in its public layout: one OSCE case a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from .budget import Budget
from .cursor import Cursor
from .recorded import Exchange, Record, RecordedCases

_FOUND = {"Physical_Examination_Findings": "Examination", "Test_Results": "Test"}
_OTHER_NAME = re.compile(r"([^()]+)\(([^()]+)\)")


class AgentClinicCases(RecordedCases):
    """One case per distinct OSCE examination. See RecordedCases.

    `credentialed` is whether the cases may not leave this machine; None: they may not where the file's name says MIMIC.
    """

    def __init__(self, data: str | Mapping[str, str], budget: Budget = 20, credentialed: bool | None = None) -> None:
        super().__init__(data, budget, record)
        places = [data] if isinstance(data, str) else list(data.values())
        self.credentialed = any("mimic" in Path(p).name.casefold() for p in places) if credentialed is None else credentialed


def record(row: Cursor) -> Record:
    """Return the record of a row; raises BadData naming row and key.

    The doctor reads the objective; each fact of the patient, finding and test result is an exchange whose question is its heading.
    """
    case = row.at("OSCE_Examination")
    report, diagnosis = case.at("Objective_for_Doctor").text(), case.at("Correct_Diagnosis").text()
    facts = list(case.at("Patient_Actor").leaves())
    if not facts:
        raise case.at("Patient_Actor").refuse("an object with what the patient knows")
    known = [(" ".join(names), text) for names, text in facts]
    found = [(f"{word} {' '.join(names)}", text) for key, word in _FOUND.items() for names, text in case.at(key).leaves()]
    lines = [*(f"{heading}: {text}" for heading, text in known), "", "Told only when examined or tested:"]
    return Record(
        report,
        "\n".join((*lines, *(f"{heading}: {text}" for heading, text in found))),
        diagnosis,
        exchanges=tuple(Exchange(heading, f"{heading}: {text}") for heading, text in (*known, *found)),
        names=_names(diagnosis),
        content=json.dumps(case.value, sort_keys=True),
    )


def _names(diagnosis: str) -> tuple[str, ...]:
    """Return the two names in "Name (other name)"; two letters are no name (MG is a unit, too)."""
    both = _OTHER_NAME.fullmatch(diagnosis)
    return tuple(name for part in both.groups() if len(name := part.strip()) > 2) if both else ()
