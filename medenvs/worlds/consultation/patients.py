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
from medenvs.core.randomness import Key, below, normal, quantiles, uniform, word
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
        self.width, self._slot = len(kb.findings), m.table(np.array(kb.slots))
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
        self._low, self._high = m.table(low.ravel()), m.table((low + chances).ravel())
        self._topic = m.table(np.array([topic(f) for f in kb.findings.values()]))
        told = channels()
        self._silent, self._told = m.table(told[..., UNKNOWN].ravel()), m.table((told[..., UNKNOWN] + told[..., YES]).ravel())
        self._rates = [m.table(np.array([round(r * 65_536) for r in a.rates or (0.0, 0.0, 0.0)])) for a in kb.attributes.values()]
        self._normals = m.table(quantiles())

    def columns(self, k: Key) -> dict[str, Lane]:
        """Return disease, sex (1 female), age, pregnancy (index into PREGNANCIES), egfr, persona, first and second complaint.

        A second complaint of -1 means there is none. A case that is given a persona overwrites that column.
        """
        m = self.lanes
        disease = _aliased(m, self._disease, k, _DISEASE, 0)
        sex = m.whole(uniform(k, _SEX) < self._female[disease])
        usual = self._youngest[disease] + below(k, _AGE, self._span[disease])
        age = m.where(uniform(k, _AGE + 1) < self._odd[disease], below(k, _AGE + 2, OLDEST + 1), usual)
        first, second = self._complaints(k, disease * 2 + sex)
        who = {"disease": disease, "sex": sex, "age": age, "pregnancy": self._pregnancy(k, disease, sex, age)}
        return who | {"egfr": self._egfr(k, age), "persona": below(k, _PERSONA, len(NAMES)), "first": first, "second": second}

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
            other = _aliased(m, self._complaint, k, _COMPLAINT + 2 * i, base)
            second = m.where(m.both(second < 0, self._slot[other] != self._slot[first]), other, second)
        return first, second

    def fact(self, k: Key, who: Mapping[str, Lane], finding: Lane) -> Lane:
        """Return whether the finding is present: the same whenever and in whatever order it is asked."""
        return self._fact(k, who, finding, self._settled(who, finding))

    def _fact(self, k: Key, who: Mapping[str, Lane], finding: Lane, settled: Lane) -> Lane:
        m, u = self.lanes, uniform(k, self._slot[finding])
        at = (who["disease"] * 2 + who["sex"]) * self.width + finding
        drawn = m.both(u >= self._low[at], u < self._high[at])
        volunteered = m.either(finding == who["first"], finding == who["second"])
        return m.where(settled, volunteered, drawn)

    def _settled(self, who: Mapping[str, Lane], finding: Lane) -> Lane:
        """Return whether a complaint decides the finding: it is one, or its exclusive group has one."""
        m, slot, second = self.lanes, self._slot[finding], who["second"]
        return m.either(slot == self._slot[who["first"]], m.both(second >= 0, slot == self._slot[m.maximum(second, 0)]))

    def answer(self, k: Key, who: Mapping[str, Lane], finding: Lane) -> Lane:
        """Return UNKNOWN, NO or YES as the persona tells it; what was volunteered is not taken back."""
        m, settled = self.lanes, self._settled(who, finding)
        present = self._fact(k, who, finding, settled)
        at, v = (who["persona"] * 4 + self._topic[finding]) * 2 + m.whole(present), uniform(k, _NOISE + finding)
        said = m.where(v < self._silent[at], UNKNOWN, m.where(v < self._told[at], YES, NO))
        return m.where(settled, m.where(present, YES, NO), said)

    def attributes(self, k: Key, who: Mapping[str, Lane]) -> list[Lane]:
        """Return, for each attribute of the knowledge base in order, whether the patient has it."""
        m = self.lanes
        band = m.whole(who["age"] >= 18) + m.whole(who["age"] >= 60)
        return [self._attribute(k, who, i, a, band) for i, a in enumerate(self.kb.attributes.values())]

    def _attribute(self, k: Key, who: Mapping[str, Lane], i: int, a: Attribute, band: Lane) -> Lane:
        if a.finding is not None:
            return self.fact(k, who, who["first"] * 0 + self._tied[i])
        if a.rates is not None:
            return (word(k, _HELD + i) >> 16) < self._rates[i][band]
        if a.egfr_below is not None:
            return who["egfr"] < a.egfr_below
        return who["pregnancy"] > 0 if a.age_from is None else who["age"] >= a.age_from


def _aliases(m: Lanes, rows: list[list[float]]) -> tuple[int, Any, Any]:
    share, other = zip(*(alias(row) for row in rows), strict=True)
    return len(rows[0]), m.table(np.array(share).ravel()), m.table(np.array(other).ravel())


def _aliased(m: Lanes, table: tuple[int, Any, Any], k: Key, slot: int, base: Lane) -> Lane:
    """Return a place drawn from the row of `table` that begins at `base`."""
    n, share, other = table
    place = below(k, slot, n)
    at = base + place
    return m.where(uniform(k, slot + 1) < share[at], place, other[at])
