"""Procedural consultation cases: a patient of the simulated world, how many turns there are, what is right to recommend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medenvs.core.cases import Case, Endless
from medenvs.core.errors import unknown
from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes
from medenvs.core.randomness import Key, below, key
from medenvs.core.turn import Lane
from medenvs.worlds.consultation.care import care_of
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.model import PREGNANCIES, SEXES
from medenvs.worlds.consultation.patients import patients_of
from medenvs.worlds.consultation.personas import NAMES
from medenvs.worlds.consultation.prices import LONGEST

from .budget import Budget, ends

_STREAM = 0x434F_0001  # all draws of these cases; another constant would be another set of patients
_BUDGET = 1 << 30  # a slot that no patient uses
_BLOCK = 8192  # cases drawn at a time, so that the work stays in the cache


def key_of(case: Lane) -> Key:
    """Return the key on which every fact about a case hangs."""
    return key(_STREAM, case)


class ConsultationCases(Endless):
    """Patients of the world of a size. `budget`: turns, or (lowest, highest) drawn per case; `persona`: a name, None for drawn.

    `columns` gives the patient's columns, the two words of the case's key, the budget, the basics of the chart (age, sex, pregnancy,
    eGFR, persona, and two zeros), the chart (0 or 1 for each drawn attribute), as sets of drugs what is right (gold) and what is
    contraindicated (against), and how many items are right.
    """

    def __init__(self, size: str = "full", budget: Budget = 20, persona: str | None = None, pool: int | None = None) -> None:
        super().__init__(pool)
        self.kb = knowledge(size)
        if persona is not None and persona not in NAMES:
            raise unknown("persona", persona, NAMES)
        self.budget, self.persona = ends(budget, 2, LONGEST), None if persona is None else NAMES.index(persona)
        self.charted = [i for i, a in enumerate(self.kb.attributes.values()) if a.rates is not None]
        self._one, self._many = _World(self, PLAIN), _World(self, numpy_lanes())

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        """Return the columns of one case (plain values) or of an array of cases."""
        if isinstance(cases, int):
            return self._one.columns(cases)
        parts = [self._many.columns(cases[i : i + _BLOCK]) for i in range(0, max(1, len(cases)), _BLOCK)]
        return parts[0] if len(parts) == 1 else {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

    def patients(self, cases: Lane) -> dict[str, Lane]:
        """Return the columns of `Patients` for an array of cases, with the persona that these cases have."""
        return self._many.who(key_of(cases))

    def secrets(self, case: int) -> tuple[str, ...]:
        """Return what a patient may not say: the names of the disease, and what is right to recommend."""
        k = key_of(case)
        who = self._one.patients.columns(k)
        ill = list(self.kb.diseases.values())[who["disease"]]
        advice = "; ".join(self.kb.drugs[d] for d in self._one.recommended(k, who) if d >= 0)
        return (ill.name, *ill.synonyms, *([advice] if advice else []))

    def __getitem__(self, case: int) -> Case:
        split, c = self.split_of(case), self._one.columns(case)
        kb, disease = self.kb, list(self.kb.diseases.values())[c["disease"]]
        patients, k = self._one.patients, (c["key0"], c["key1"])
        c = {**c, **self._one.who(k)}
        present = [f for i, f in enumerate(kb.findings) if patients.fact(k, c, i)]
        held = [a.text for a, there in zip(kb.attributes.values(), patients.attributes(k, c), strict=True) if there]
        items = [kb.drugs[d] for d in self._one.recommended(k, c) if d >= 0]
        who = f"{SEXES[c['sex']]}, {c['age']} years, {PREGNANCIES[c['pregnancy']]}, eGFR {c['egfr']:.0f}"
        complaints = [list(kb.findings)[i] for i in (c["first"], c["second"]) if i >= 0]
        why = (f"The patient has {disease.name}.", f"Present: {', '.join(present)}.", f"Recommended: {'; '.join(items)}.")
        truth = {"disease": disease.id, "recommendation": items, "present": present}
        meta = {"system": disease.system, "urgency": disease.urgency, "persona": NAMES[c["persona"]], "budget": c["budget"], "split": split}
        return Case(case, f"{who}; {'; '.join(held)}. Complains of {' and '.join(complaints)}.", truth, why, meta)


class _World:
    """The columns of cases over one kind of numbers."""

    def __init__(self, source: ConsultationCases, lanes: Lanes) -> None:
        self.source, self.lanes = source, lanes
        self.patients, self.care = patients_of(source.kb.size, lanes), care_of(source.kb.size, lanes)
        self._budgets = lanes.table(np.array(source.budget[1] - source.budget[0] + 1))

    def who(self, k: Key) -> dict[str, Lane]:
        who = self.patients.columns(k)
        if self.source.persona is not None:
            who["persona"] = who["persona"] * 0 + self.source.persona
        return who

    def columns(self, cases: Lane) -> dict[str, Any]:
        whole, m = key_of(cases), self.lanes
        k: Key = whole if isinstance(cases, int) else (np.asarray(whole[0]).astype(np.uint32), np.asarray(whole[1]).astype(np.uint32))
        who = self.who(k)
        held = self.patients.attributes(k, who)
        forbidden = self.care.forbidden(held)
        gold, items = self.care.together(self.care.recommended(who["disease"], held, forbidden))
        chart: list[Any] = [held[i] for i in self.source.charted] if m is not PLAIN else [int(held[i]) for i in self.source.charted]
        sets = {f"gold{i}": s for i, s in enumerate(gold)} | {f"against{i}": s for i, s in enumerate(forbidden)}
        keys = {"key0": whole[0], "key1": whole[1], "budget": self.source.budget[0] + below(k, _BUDGET, self._budgets)}
        zero = who["sex"] * 0
        basics = [who["age"], who["sex"], who["pregnancy"], m.whole(m.minimum(who["egfr"], 127.0)), who["persona"], zero, zero]
        del who["age"], who["pregnancy"], who["egfr"]
        grids = (basics, chart) if isinstance(cases, int) else (np.stack([c.astype(np.int8) for c in g], -1) for g in (basics, chart))
        return {"case": cases, **who, **keys, **sets, "items": items, **dict(zip(("basics", "chart"), grids, strict=True))}

    def recommended(self, k: Key, who: Mapping[str, Lane]) -> list[Lane]:
        held = self.patients.attributes(k, who)
        return self.care.recommended(who["disease"], held)
