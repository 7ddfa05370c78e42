"""Patients: who they are, what is true of them, how they answer. All of it follows from the key of the case.

The model, published so that it can be inverted (`posterior`): the disease by prevalence; sex and age given the disease; two
complaints that the patient volunteers; every other finding by itself (noisy-or with leak), one draw per exclusive group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.randomness import MASK, Key, below, edges, fine, normal, quantiles, uniform, word
from medenvs.core.turn import Lane

from .knowledge import knowledge
from .model import OLDEST, Attribute, Knowledge
from .personas import NAMES, NO, UNKNOWN, YES, channels, topic

# Slots of a case's key: findings from 0, what they answer from _NOISE, attributes from _HELD, the rest from _WHO.
_NOISE, _HELD, _WHO = 1 << 12, 2 << 12, 3 << 12
_DISEASE, _SEX, _AGE, _PREGNANT, _EGFR, _PERSONA, _COMPLAINT = (_WHO + 16 * i for i in range(7))
ODD_AGE = 0.04  # of the patients have an age that is not typical of the disease
PREGNANT = (0.82, 0.09, 0.09)  # women of 16 to 45; more than in any clinic, so that it matters
FERTILE = (16, 45)
CHRONIC = 0.2  # of the patients have chronic kidney disease, again more than in any clinic
TRIES = 3  # draws for a second complaint until it differs from the first; if none does, there is one complaint


def complaint_chances(kb: Knowledge) -> np.ndarray:
    """Return P(a draw for a complaint gives the finding | disease, sex), (diseases, sexes, findings): symptoms weigh by P squared."""
    chances = kb.chances * np.array([f.kind == "symptom" for f in kb.findings.values()])
    squared = chances * chances
    return squared / squared.sum(-1, keepdims=True)


@cache
def patients_of(size: str, lanes: Lanes) -> Patients:
    """Return the patients of a world of a size, built once."""
    return Patients(knowledge(size), lanes)


def alias(weights: Sequence[float]) -> tuple[list[float], list[int]]:
    """Return (threshold, other) of each place, so that one place and one draw serve any distribution (Walker, Vose)."""
    n, total = len(weights), sum(weights)
    share, other = [w * n / total for w in weights], list(range(n))
    small, large = [i for i in range(n) if share[i] < 1], [i for i in range(n) if share[i] >= 1]
    while small and large:
        little, much = small.pop(), large[-1]
        other[little] = much
        share[much] -= 1 - share[little]
        if share[much] < 1:
            small.append(large.pop())
    for i in small + large:
        share[i], other[i] = 1.0, i
    return share, other


class Patients:
    """The patients of one world over the numbers of `lanes`; a key may hold one case or many."""

    def __init__(self, kb: Knowledge, lanes: Lanes = PLAIN) -> None:
        m, self.kb, self.lanes = lanes, kb, lanes
        ill = list(kb.diseases.values())
        self.width, self._slot = len(kb.findings), m.table(np.array([*kb.slots, -1]))  # the last: no finding
        self._disease = _aliases(m, [[d.weight for d in ill]])
        self._complaint = _aliases(m, complaint_chances(kb).reshape(-1, self.width).tolist())
        self._female = m.table(np.array([d.female_fraction for d in ill]))
        self._odd = m.table(np.array([0.0 if d.pregnancy else ODD_AGE for d in ill]))
        self._youngest = m.table(np.array([d.ages[0] for d in ill]))
        self._span = m.table(np.array([d.ages[1] - d.ages[0] + 1 for d in ill]))
        self._not_pregnant, self._early = (m.table(np.array([(d.pregnancy or PREGNANT)[i] for d in ill])) for i in (0, 1))
        self._always = m.table(np.array([d.pregnancy is not None for d in ill]))
        chances = kb.chances
        low, number = np.zeros_like(chances), {f: i for i, f in enumerate(kb.findings)}
        self._tied = [number.get(a.finding or "", -1) for a in kb.attributes.values()]
        for group in kb.groups:
            for before, f in pairwise(group):
                low[:, :, number[f]] = low[:, :, number[before]] + chances[:, :, number[before]]
        # From which draw to which a finding is there, both in one number: the table is large, and memory is waited for only once
        self._range = m.table((edges(low.ravel()) << 32) + edges((low + chances).ravel()))
        self._topic = m.table(np.array([topic(f) for f in kb.findings.values()]))
        told = channels()
        self._silent, self._told = (m.table(edges(x.ravel())) for x in (told[..., UNKNOWN], told[..., UNKNOWN] + told[..., YES]))
        self._rates = [m.table(np.array([round(r * 65_536) for r in a.rates or (0.0, 0.0, 0.0)])) for a in kb.attributes.values()]
        self._normals = m.table(quantiles())
        self._ages, self._personas = m.table(np.array(OLDEST + 1)), m.table(np.array(len(NAMES)))

    def columns(self, k: Key) -> dict[str, Lane]:
        """Return disease, sex (1 female), age, pregnancy (index into PREGNANCIES), egfr, persona, first and second complaint.

        A second complaint of -1 means there is none. A case that is given a persona overwrites that column.
        """
        m = self.lanes
        disease = _aliased(m, self._disease, k, _DISEASE, 0)
        sex = m.whole(uniform(k, _SEX) < self._female[disease])
        usual = self._youngest[disease] + below(k, _AGE, self._span[disease])
        age = m.where(uniform(k, _AGE + 1) < self._odd[disease], below(k, _AGE + 2, self._ages), usual)
        first, second = self._complaints(k, disease * 2 + sex)
        who = {"disease": disease, "sex": sex, "age": age, "pregnancy": self._pregnancy(k, disease, sex, age)}
        return who | {"egfr": self._egfr(k, age), "persona": below(k, _PERSONA, self._personas), "first": first, "second": second}

    def _pregnancy(self, k: Key, disease: Lane, sex: Lane, age: Lane) -> Lane:
        m, u = self.lanes, uniform(k, _PREGNANT)
        fertile = m.both(sex == 1, m.both(age >= FERTILE[0], age <= FERTILE[1]))
        none = self._not_pregnant[disease]
        stage = m.where(u < none, 0, m.where(u < none + self._early[disease], 1, 2))
        return m.where(m.either(fertile, self._always[disease]), stage, 0)

    def _egfr(self, k: Key, age: Lane) -> Lane:
        """Before this illness: it falls with age, and `CHRONIC` have chronic kidney disease."""
        m = self.lanes
        healthy = 118.0 - 0.75 * m.maximum(age - 20, 0) + 14.0 * normal(k, _EGFR, self._normals)
        return m.clip(m.where(uniform(k, _EGFR + 1) < CHRONIC, healthy * 0.3, healthy), 8.0, 130.0)

    def _complaints(self, k: Key, row: Lane) -> tuple[Lane, Lane]:
        m, base = self.lanes, row * self.width
        first = _aliased(m, self._complaint, k, _COMPLAINT, base)
        second = first * 0 - 1
        for i in range(1, TRIES + 1):
            for r in m.only(second < 0):  # all, then few
                again = (m.at(k[0], r), m.at(k[1], r))
                other = _aliased(m, self._complaint, again, _COMPLAINT + 2 * i, m.at(base, r))
                second = m.write(second, r, m.where(self._slot[other] != self._slot[m.at(first, r)], other, -1))
        return first, second

    def fact(self, k: Key, who: Mapping[str, Lane], finding: Lane) -> Lane:
        """Return whether the finding is present: the same whenever and in whatever order it is asked."""
        slot = self._slot[finding]
        return self._fact(k, who, finding, slot, self._settled(self._complained(who), slot))

    def _fact(self, k: Key, who: Mapping[str, Lane], finding: Lane, slot: Lane, settled: Lane) -> Lane:
        m, u = self.lanes, fine(k, slot)
        span = self._range[(who["disease"] * 2 + who["sex"]) * self.width + finding]
        drawn = m.both(u >= span >> 32, u < (span & MASK))
        volunteered = m.either(finding == who["first"], finding == who["second"])
        return m.where(settled, volunteered, drawn)

    def _complained(self, who: Mapping[str, Lane]) -> tuple[Lane, Lane]:
        """Return the slots of the complaints."""
        return self._slot[who["first"]], self._slot[who["second"]]

    def _settled(self, complained: tuple[Lane, Lane], slot: Lane) -> Lane:
        """Return whether a complaint decides the finding: it is one, or its exclusive group has one."""
        return self.lanes.either(slot == complained[0], slot == complained[1])

    def answer(self, k: Key, who: Mapping[str, Lane], finding: Lane) -> Lane:
        """Return UNKNOWN, NO or YES as the persona tells it; what was volunteered is not taken back."""
        m, slot = self.lanes, self._slot[finding]
        settled = self._settled(self._complained(who), slot)
        present = m.whole(self._fact(k, who, finding, slot, settled))
        at, v = (who["persona"] * 4 + self._topic[finding]) * 2 + present, fine(k, _NOISE + finding)
        said = m.where(v < self._silent[at], UNKNOWN, m.whole(v < self._told[at]) + NO)
        return m.where(settled, present + NO, said)

    def attributes(self, k: Key, who: Mapping[str, Lane]) -> list[Lane]:
        """Return, for each attribute of the knowledge base in order, whether the patient has it."""
        m, complained = self.lanes, self._complained(who)
        band = m.whole(who["age"] >= 18) + m.whole(who["age"] >= 60)
        return [self._attribute(k, who, i, a, band, complained) for i, a in enumerate(self.kb.attributes.values())]

    def _attribute(self, k: Key, who: Mapping[str, Lane], i: int, a: Attribute, band: Lane, complained: tuple[Lane, Lane]) -> Lane:
        if a.finding is not None:
            slot = self.kb.slots[self._tied[i]]
            return self._fact(k, who, self._tied[i], slot, self._settled(complained, slot))
        if a.rates is not None:
            return (word(k, _HELD + i) >> 16) < self._rates[i][band]
        if a.egfr_below is not None:
            return who["egfr"] < a.egfr_below
        return who["pregnancy"] > 0 if a.age_from is None else who["age"] >= a.age_from


def _aliases(m: Lanes, rows: list[list[float]]) -> tuple[Any, Any]:
    """Return how many places a row has, and for each place of each row its threshold and the other place, in one number."""
    share, other = zip(*(alias(row) for row in rows), strict=True)
    return m.table(np.array(len(rows[0]))), m.table((edges(np.array(share).ravel()) << 32) + np.array(other).ravel())


def _aliased(m: Lanes, table: tuple[Any, Any], k: Key, slot: int, base: Lane) -> Lane:
    """Return a place drawn from the row of `table` that begins at `base`."""
    n, places = table
    place = below(k, slot, n)
    found = places[base + place]
    return m.where(fine(k, slot + 1) < found >> 32, place, found & MASK)
