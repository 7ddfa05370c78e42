"""What is right to recommend: for each need of the disease, the first on its ladder that nothing speaks against.

Sets of drugs are words of `BITS` bits, so that a set fits in a few lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.turn import Lane

from .knowledge import knowledge
from .model import Knowledge, Rule

BITS = 60


class Care:
    """Recommendations of a world over the numbers of `lanes`, under its contraindications (or under `rules` alone)."""

    def __init__(self, kb: Knowledge, lanes: Lanes = PLAIN, rules: Sequence[Rule] | None = None) -> None:
        self.kb, self.lanes = kb, lanes
        self.width, self.words = max(len(d.care) for d in kb.diseases.values()), words_of(kb)
        number, attribute = {d: i for i, d in enumerate(kb.drugs)}, list(kb.attributes)
        self._against: dict[int, list[int]] = {}
        for rule in kb.rules if rules is None else rules:
            self._against.setdefault(number[rule.drug], []).append(attribute.index(rule.attribute))
        self._steps = max(map(len, kb.needs.values()))
        ladders = [[number[drug] for drug in ladder] + [-1] * (self._steps - len(ladder)) for ladder in kb.needs.values()]
        ladders.append([-1] * self._steps)  # no need
        need = {name: i for i, name in enumerate(kb.needs)}
        rows = [[need[c] for c in d.care] + [len(need)] * (self.width - len(d.care)) for d in kb.diseases.values()]
        numbers = range(len(kb.drugs) + 1)  # the last is unknown; -1, behind it, is in no set
        bits = [[1 << d % BITS if d // BITS == i else 0 for d in numbers] + [0] for i in range(self.words)]
        self._bits = [lanes.table(np.array(row)) for row in bits]
        self._ladder = [lanes.table(np.array([[ladders[i][step] for i in row] for row in rows]).ravel()) for step in range(self._steps)]

    def contraindicated(self, drug: int, attributes: Sequence[Lane]) -> Lane:
        """Return whether something the patient has (`Patients.attributes`) speaks against a drug, numbered as in `Knowledge.drugs`."""
        m, bad = self.lanes, attributes[0] != attributes[0]
        for a in self._against.get(drug, ()):
            bad = m.either(bad, attributes[a])
        return bad

    def forbidden(self, attributes: Sequence[Lane]) -> list[Lane]:
        """Return the set of contraindicated drugs."""
        none = self.lanes.whole(attributes[0]) * 0
        sets = [none for _ in range(self.words)]
        for drug in self._against:
            word, bit = divmod(drug, BITS)
            sets[word] = sets[word] + self.lanes.whole(self.contraindicated(drug, attributes)) * (1 << bit)
        return sets

    def recommended(self, disease: Lane, attributes: Sequence[Lane], forbidden: Sequence[Lane] | None = None) -> list[Lane]:
        """Return `width` numbers of drugs or measures, -1 where the disease needs no more.

        If all of a ladder is contraindicated, its last step stands: it is the least that can be done.
        """
        m, sets = self.lanes, self.forbidden(attributes) if forbidden is None else forbidden
        found: list[Lane] = []
        for place in range(self.width):
            at = disease * self.width + place
            choice = self._ladder[0][at]
            for ladder in self._ladder[1:]:
                for r in m.only(self.contains(sets, choice)):
                    step = ladder[m.at(at, r)]
                    choice = m.write(choice, r, m.where(step >= 0, step, m.at(choice, r)))
            found.append(choice)
        return found

    def contains(self, sets: Sequence[Lane], drug: Lane) -> Lane:
        """Return whether a set holds a drug; -1 is in none."""
        held = sets[0] & self._bits[0][drug]
        for i in range(1, self.words):
            held = held | (sets[i] & self._bits[i][drug])
        return held != 0

    def together(self, drugs: Sequence[Lane]) -> tuple[list[Lane], Lane]:
        """Return drugs (-1 for none) as a set, and how many different ones there are."""
        none = self.lanes.whole(drugs[0]) * 0
        sets, many = [none for _ in range(self.words)], none
        for drug in drugs:
            many = many + self.lanes.both(drug >= 0, self.lanes.no(self.contains(sets, drug)))
            sets = [held | bits[drug] for held, bits in zip(sets, self._bits, strict=True)]
        return sets, many


def words_of(kb: Knowledge) -> int:
    """Return how many words a set of drugs takes; there is room for one drug that is unknown."""
    return 1 + len(kb.drugs) // BITS


@cache
def care_of(size: str, lanes: Lanes) -> Care:
    """Return the care of a world of a size, built once."""
    return Care(knowledge(size), lanes)
