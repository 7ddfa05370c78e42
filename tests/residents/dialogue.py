"""Recorded consultations as a test resident: made-up reports, an inside patient, and the paper's rewards."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medenvs.cases.mtmeddialog import MTMedDialogCases
from medenvs.core.reward import Term
from medenvs.core.system import System
from medenvs.envs.consultation.dialogue import DialogueKernel
from medenvs.envs.consultation.dialogue_words import DialogueLanguage
from medenvs.envs.consultation.format import concluded
from medenvs.policies.recorded_patients import RecordedPatient
from medenvs.rewards.conclusions import OVERLAP, TokenF1Judge
from medenvs.systems.doctoragent_rl import TABLE

COMPLAINTS = ("cough", "itching", "headache", "nausea", "back pain", "thirst")
ILLNESSES = ("redpox", "lake fever", "grey gout", "sun ague", "bell throat", "miller's lung")


def item(number: int, **changes: Any) -> dict[str, Any]:
    """Return a test item of the public layout."""
    complaint, illness = COMPLAINTS[number % 6], ILLNESSES[number // 6 % 6]
    asked = [
        {"doctor_question": "When did it start?", "patient_response": f"It began {number} days ago."},
        {"doctor_question": ["Do you smoke?"], "patient_response": ["No,", "never."]},
        {"doctor_question": "Any fever?", "patient_response": f"No fever, only the {complaint}."},
    ]
    gold = {"diagnosis": f"You have {illness}", "recommendation": f"Rest and drink {illness} tea"}
    base = {"self_report": f"Case {number}: I have {complaint}.", "dialogue": asked, **gold, "category": "RSD", "enhanced_description": ""}
    return {**base, **changes}


def written(path: Path, items: list[Any]) -> str:
    """Write a file in the layout of the test items; return its path."""
    path.write_text(json.dumps(items))
    return str(path)


def cases(many: int = 120, budget: Any = (2, 10)) -> MTMedDialogCases:
    """Return made-up cases."""
    with tempfile.TemporaryDirectory() as folder:
        return MTMedDialogCases(written(Path(folder) / "items.json", [item(i) for i in range(many)]), budget)


@dataclass
class Told:
    """A patient who says what the test wants; it counts its calls and keeps what it read."""

    reply: str = "It hurts."
    calls: int = 0
    read: list[str] = field(default_factory=list)

    def act_batch(self, observations: Any, infos: Any) -> list[Any]:
        self.calls += 1
        self.read += [i["messages"][-1]["content"] for i in infos]
        return [self.reply] * len(observations)


def dialogue(budget: Any = (2, 10), patient: Any = None, judges: Any = None) -> System:
    """Return the composition: inside patient (None: the recorded one), token F1 over plain words."""
    source = cases(budget=budget)
    language = DialogueLanguage(source)
    judges = (TokenF1Judge(concluded),) if judges is None else judges
    terms = (*(Term(*row) for row in TABLE.items()), *(OVERLAP if judges and "diagnosis_f1" in judges[0].terms else ()))
    players = {"patient": patient or RecordedPatient(source)}
    kernel, knobs = DialogueKernel(9_003, source.golds), {"budget": range(1, 1_001)}
    return System("tests/Dialogue", kernel, language, source, terms, {} if patient == "outside" else players, judges, knobs=knobs)
