"""The exact posterior over diseases: it inverts the sampler, the opening and the channel that the answers went through.

Log space by adding columns in a fixed order (no matrix product), so that a row is bit-equal alone and in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medenvs.core.errors import BadValue

from .model import OLDEST, Knowledge
from .patients import FERTILE, ODD_AGE, PREGNANT, TRIES, complaint_chances
from .personas import channels, topic

Array = np.ndarray[Any, Any]
_NEVER = -700.0  # the log of what cannot be; its exp is still a number


def _log(p: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), _NEVER)


class Posterior:
    """P(disease | chart, complaints, answers) for batches; columns as `Patients.columns` gives them, as arrays.

    The chart is age, sex and pregnancy. Baseline eGFR, allergies and drugs drawn at rates say nothing about the disease;
    attributes read off a finding do: enter them as answers.
    """

    def __init__(self, kb: Knowledge) -> None:
        self.kb = kb
        ill = list(kb.diseases.values())
        sexes = np.array([[1 - d.female_fraction, d.female_fraction] for d in ill])
        self._chart = _log(np.array([d.weight for d in ill]))[:, None, None] + _log(sexes)[:, :, None] + _log(_ages(kb))[:, None, :]
        self._chart = np.ascontiguousarray(self._chart.transpose(1, 2, 0))  # (sex, age, disease)
        self._pregnancy = np.ascontiguousarray(_log(np.array([d.pregnancy or PREGNANT for d in ill])).T)
        self._childless = np.array([_NEVER if d.pregnancy else 0.0 for d in ill])  # outside the fertile ages
        self._chances = kb.chances
        self._slots = np.array(kb.slots)
        self._groups = [np.array([kb.number[f] for f in group]) for group in kb.groups]
        self._single = sorted({*range(len(kb.findings))}.difference(*(group.tolist() for group in self._groups)))
        self._topics = np.array([topic(f) for f in kb.findings.values()])
        self._channels = channels()
        self._first, self._second, self._lone = _openings(kb, self._slots)
        self._table = self._evidence()

    def _evidence(self) -> Array:
        """Return log P(answer | disease) of findings outside groups as (finding, persona, answer, sex, disease)."""
        said = self._channels[:, self._topics].transpose(1, 0, 3, 2)  # finding, persona, answer, fact
        p = self._chances.transpose(2, 1, 0)[:, None, None]  # finding, 1, 1, sex, disease
        return _log(said[..., 0, None, None] * (1 - p) + said[..., 1, None, None] * p)

    def opened(self, who: Mapping[str, Array]) -> Array:
        """Return log P(disease, chart, complaints) as (rows, diseases), not normalised."""
        sex, first, second = who["sex"], who["first"], who["second"]
        fertile = (sex == 1) & (who["age"] >= FERTILE[0]) & (who["age"] <= FERTILE[1])
        log = self._chart[sex, who["age"]] + np.where(fertile[:, None], self._pregnancy[who["pregnancy"]], self._childless)
        two = self._first[sex, first] + self._second[sex, second]
        return log + np.where((second >= 0)[:, None], two, self._lone[sex, first])

    def log_joint(self, who: Mapping[str, Array], answers: Array) -> Array:
        """Return log P(disease, all that was heard) as (rows, diseases); `answers` is (rows, findings) of UNASKED … YES; raises BadValue.

        Questions about what was volunteered add nothing: the sampler settles their slots.
        """
        log, sex, persona = self.opened(who), who["sex"], who["persona"]
        one, two = self._slots[who["first"]], np.where(who["second"] >= 0, self._slots[who["second"]], -1)
        if answers.shape != (len(log), len(self._slots)):
            raise BadValue(f"answers has the shape {answers.shape}; expected {(len(log), len(self._slots))}: patients by findings.")
        for f in self._single:
            rows = np.flatnonzero((answers[:, f] > 0) & (one != f) & (two != f))
            if len(rows):
                log[rows] += self._table[f, persona[rows], answers[rows, f], sex[rows]]
        for group in self._groups:
            slot = self._slots[group[0]]
            rows = np.flatnonzero((answers[:, group] > 0).any(1) & (one != slot) & (two != slot))
            if len(rows):
                log[rows] += self._together(group, sex[rows], persona[rows], answers[rows])
        return log

    def _together(self, group: Array, sex: Array, persona: Array, answers: Array) -> Array:
        """Return log P(answers to an exclusive group | disease): the sum over who of them is present, or none."""
        absent = [self._channels[persona, self._topics[f], 0, answers[:, f]][:, None] for f in group]
        present = [self._channels[persona, self._topics[f], 1, answers[:, f]][:, None] for f in group]
        total, left = np.zeros((len(sex), len(self._chances))), np.ones((len(sex), len(self._chances)))
        for i, f in enumerate(group):
            p = self._chances[:, :, f].T[sex]
            left = left - p
            for j in range(len(group)):
                p = p * (present[j] if j == i else absent[j])
            total = total + p
        for no in absent:
            left = left * no
        return _log(total + np.maximum(left, 0.0))

    def of(self, who: Mapping[str, Array], answers: Array) -> Array:
        """Return P(disease | all that was heard) as (rows, diseases); each row adds up to 1."""
        return normalised(self.log_joint(who, answers))


def normalised(log: Array) -> Array:
    """Return the probabilities of rows of logs."""
    p = np.exp(log - log.max(1, keepdims=True))
    total = np.zeros(len(p))
    for column in p.T:
        total = total + column
    return p / total[:, None]


def _ages(kb: Knowledge) -> Array:
    ages, rows = np.arange(OLDEST + 1), []
    for d in kb.diseases.values():
        odd = 0.0 if d.pregnancy else ODD_AGE
        usual = (ages >= d.ages[0]) & (ages <= d.ages[1])
        rows.append(odd / (OLDEST + 1) + (1 - odd) * usual / (d.ages[1] - d.ages[0] + 1))
    return np.array(rows)


def _openings(kb: Knowledge, slots: Array) -> tuple[Array, Array, Array]:
    """Return logs of P(first and a second is found in time), P(second) and P(first alone), (sex, finding, disease).

    A draw falls into the first's own slot with probability s; the second is drawn up to TRIES times.
    """
    q = complaint_chances(kb)
    s = q.copy()
    for slot in np.unique(slots):
        s[..., slots == slot] = q[..., slots == slot].sum(-1, keepdims=True)
    found = sum(s**i for i in range(TRIES))
    tables = (_log(q * found), _log(q), _log(q * s**TRIES))
    return tuple(np.ascontiguousarray(t.transpose(1, 2, 0)) for t in tables)  # pyright: ignore[reportReturnType]
