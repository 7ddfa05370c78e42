"""What systems with simulated patients share: who comes, what a reset may change about it, and who plays the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medenvs.backends.served import served
from medenvs.cases.consultation import ConsultationCases
from medenvs.core.errors import unknown
from medenvs.policies.told_patient import ToldPatient
from medenvs.worlds.consultation.personas import NAMES
from medenvs.worlds.consultation.prices import LONGEST

KNOBS = {"budget": range(2, LONGEST + 1), "persona": NAMES}


@dataclass(frozen=True)
class Simulated:
    """Which simulated patients come, see ConsultationCases."""

    size: str = "full"
    budget: int | tuple[int, int] = 20
    persona: str | None = None
    pool: int | None = None

    def cases(self) -> ConsultationCases:
        """Return them; raises UnknownName and BadValue."""
        return ConsultationCases(self.size, self.budget, self.persona, self.pool)


def players(patient: Any, cases: ConsultationCases) -> dict[str, ToldPatient]:
    """Return the player of the role "patient"; none for "rules". Raises UnknownName and BadValue."""
    if patient == "rules":
        return {}
    if isinstance(patient, str):
        raise unknown("patient", patient, ["rules", "{'url': …, 'model': …}"])
    return {"patient": ToldPatient(served(patient, "patient"), cases)}
