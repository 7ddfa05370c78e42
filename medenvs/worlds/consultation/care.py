"""What is right to recommend: for each need of the disease, the first on its ladder that nothing speaks against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.turn import Lane

from .model import Knowledge, Rule


class Care:
    """Recommendations of a world over the numbers of `lanes`, under its contraindications (or under `rules` alone)."""

    def __init__(self, kb: Knowledge, lanes: Lanes = PLAIN, rules: Sequence[Rule] | None = None) -> None:
        self.kb, self.lanes = kb, lanes
        self.width = max(len(d.care) for d in kb.diseases.values())
        number, attribute = {d: i for i, d in enumerate(kb.drugs)}, list(kb.attributes)
        self._against: dict[int, list[int]] = {}
        for rule in kb.rules if rules is None else rules:
            self._against.setdefault(number[rule.drug], []).append(attribute.index(rule.attribute))
        self._ladders = [[number[drug] for drug in ladder] for ladder in kb.needs.values()]
        need = {name: i for i, name in enumerate(kb.needs)}
        rows = [[need[c] for c in d.care] + [len(need)] * (self.width - len(d.care)) for d in kb.diseases.values()]
        self._needs = lanes.table(np.array(rows).ravel())

    def contraindicated(self, drug: int, attributes: Sequence[Lane]) -> Lane:
        """Return whether something the patient has (`Patients.attributes`) speaks against a drug, numbered as in `Knowledge.drugs`."""
        m, bad = self.lanes, _never(attributes)
        for a in self._against.get(drug, ()):
            bad = m.either(bad, attributes[a])
        return bad

    def recommended(self, disease: Lane, attributes: Sequence[Lane]) -> list[Lane]:
        """Return `width` numbers of drugs or measures, -1 where the disease needs no more.

        If all of a ladder is contraindicated, its last step stands: it is the least that can be done.
        """
        m = self.lanes
        n = None if isinstance(disease, int) else len(disease)
        met: Any = m.grid(n, len(self._ladders) + 1, -1)
        for i, ladder in enumerate(self._ladders):
            choice: Lane = disease * 0 + ladder[-1]
            for drug in reversed(ladder[:-1]):
                choice = m.where(self.contraindicated(drug, attributes), choice, drug)
            met = m.put(met, i, choice, True)
        return [m.pick(met, self._needs[disease * self.width + j]) for j in range(self.width)]


def _never(attributes: Sequence[Lane]) -> Lane:
    """Return a lane of falsehood as long as the others."""
    return attributes[0] != attributes[0]
