"""What only tests, judges and gold agents may see of a consultation."""

from __future__ import annotations

from typing import Any

import numpy as np

from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.care import BITS
from medenvs.worlds.consultation.model import SEXES, Knowledge
from medenvs.worlds.consultation.patients import Patients
from medenvs.worlds.consultation.personas import NAMES

from .state import DECIDING, State


def truth_of(s: State, kb: Knowledge, a: Actions, patients: Patients, row: int | None) -> dict[str, Any]:
    """Return the truth of a row (None: of a plain state). `action` is the next right discrete move; `kind` is (disease, items).

    `patients` are on NumPy's lanes. `present` are the positions of the findings that are there, `found` those of them that the
    doctor knows of, also where they were `volunteered`.
    """

    def one(lane: Any) -> Any:
        return lane if row is None else lane[row].tolist()

    gold, plan, answers = [one(word) for word in s.gold], one(s.seen)[a.plan :], one(s.seen)[: len(kb.findings)]
    items = tuple(i for i in range(a.drugs) if gold[i // BITS] >> (i % BITS) & 1)
    missing = [i for i in items if not plan[i]]
    diseases = list(kb.diseases.values())
    disease: int = one(s.disease)
    diagnosed: int = one(s.diagnosed)
    ill = diseases[disease]
    return {
        "case": one(s.case),
        "action": a.propose + missing[0] if missing else a.diagnose + disease,
        "kind": (disease, items),
        "disease": ill.id,
        "diagnosis": ill.name,
        "synonyms": ill.synonyms,
        "recommendation": "; ".join(kb.drugs[i] for i in items),
        "said_diagnosis": diseases[diagnosed].name if 0 <= diagnosed < a.diseases else "",
        "said_recommendation": "; ".join(drug for drug, there in zip(kb.drugs, plan, strict=True) if there),
        "system": ill.system,
        "urgency": ill.urgency,
        "sex": SEXES[one(s.sex)],
        "age": one(s.seen)[len(kb.findings)],
        "persona": NAMES[one(s.persona)],
        "budget": one(s.budget),
        "turns": one(s.turn),
        **_facts(s, patients, answers, one),
    }


def _facts(s: State, patients: Patients, answers: list[int], one: Any) -> dict[str, Any]:
    k = (one(s.key[0]), one(s.key[1]))
    there = patients.fact(k, {name: one(getattr(s, name)) for name in DECIDING}, np.arange(len(answers)))
    present = tuple(np.flatnonzero(there).tolist())
    volunteered = tuple(f for f in (one(s.first), one(s.second)) if f >= 0)
    return {"present": present, "found": tuple(f for f in present if answers[f] > 0), "volunteered": volunteered}
