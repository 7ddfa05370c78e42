"""What an inquiry is expected to teach: nats of information about the disease, and reward one step ahead."""

from __future__ import annotations

from itertools import product

import numpy as np

from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.model import SEXES, Knowledge
from medenvs.worlds.consultation.personas import NAMES, UNKNOWN, channels, topic
from medenvs.worlds.consultation.prices import CARE, NEIGHBOUR, RIGHT

from .reading import Array


def earnings(kb: Knowledge) -> Array:
    """Return what a diagnosis earns with the right recommendation, as (true disease, named disease)."""
    names = list(kb.diseases)
    pays = np.eye(len(names)) * (RIGHT + CARE)
    for i, d in enumerate(kb.diseases.values()):
        pays[i, [names.index(n) for n in d.neighbours]] = NEIGHBOUR
    return pays


def plogp(p: Array) -> Array:
    """Return p log p, 0 at 0."""
    return p * np.log(np.where(p > 0, p, 1.0))


class Gain:
    """Outcomes of every inquiry given every disease. An order's findings are weighed together, an exclusive group's as one.

    Told outcomes go through the persona's channel. Where the other member of an exclusive group was answered by another
    inquiry, that is not taken into account: gains only choose what to ask, the posterior stays exact.
    """

    def __init__(self, actions: Actions) -> None:
        self.kb = kb = actions.kb
        self._chances, self._channels = kb.chances, channels()
        self._topics = [topic(f) for f in kb.findings.values()]
        sizes = [3 if i < actions.asks else 2 ** len(findings) for i, findings in enumerate(actions.shown)]
        self.starts = np.cumsum([0, *sizes])
        shape = (len(NAMES), len(SEXES), int(self.starts[-1]), len(kb.diseases))
        self.likelihood = np.empty(shape)
        for i, findings in enumerate(actions.shown):
            for persona, sex in product(range(shape[0]), range(shape[1])):
                rows = self.likelihood[persona, sex, self.starts[i] : self.starts[i + 1]]
                rows[:] = self._answers(findings[0], persona, sex) if i < actions.asks else self._results(findings, sex)
        self._noise = -np.add.reduceat(plogp(self.likelihood), self.starts[:-1], axis=2)  # H(outcome | disease)
        self.pays = earnings(kb)

    def _answers(self, f: int, persona: int, sex: int) -> Array:
        """Return P(unknown, no, yes | disease)."""
        absent, present = self._channels[persona, self._topics[f], :, UNKNOWN:]
        p = self._chances[:, sex, f]
        return absent[:, None] * (1 - p) + present[:, None] * p

    def _results(self, findings: tuple[int, ...], sex: int) -> Array:
        """Return P(which of the findings are present | disease) for every set of them."""
        units = self._units(findings)
        rows: list[Array] = []
        for facts in product((False, True), repeat=len(findings)):
            held = dict(zip(findings, facts, strict=True))
            total = np.ones(len(self._chances))
            for unit in units:
                present = [f for f in unit if held[f]]
                some = sum(self._chances[:, sex, f] for f in unit)
                p = 1 - some if not present else self._chances[:, sex, present[0]] * (len(present) == 1)
                total = total * p
            rows.append(total)
        return np.array(rows)

    def _units(self, findings: tuple[int, ...]) -> list[list[int]]:
        """Return the findings by exclusive group; the others alone."""
        grouped = [[f for f in map(self.kb.number.__getitem__, group) if f in findings] for group in self.kb.groups]
        single = [[f] for f in findings if not any(f in g for g in grouped)]
        return [g for g in grouped if g] + single

    def information(self, p: Array, persona: Array, sex: Array) -> Array:
        """Return the expected information of every inquiry as (rows, inquiries), in nats; `p` is (rows, diseases)."""
        found = np.empty((len(p), len(self.starts) - 1))
        for who, one in product(range(len(NAMES)), range(len(SEXES))):
            rows = np.flatnonzero((persona == who) & (sex == one))
            if len(rows):
                mass = p[rows] @ self.likelihood[who, one].T
                surprise = -np.add.reduceat(plogp(mass), self.starts[:-1], axis=1)
                found[rows] = surprise - p[rows] @ self._noise[who, one].T
        return np.maximum(found, 0.0)

    def ahead(self, p: Array, persona: int, sex: int, inquiry: int) -> float:
        """Return what diagnosing right after one inquiry is expected to earn, for one patient; the inquiry's price is not in it."""
        outcomes = self.likelihood[persona, sex, self.starts[inquiry] : self.starts[inquiry + 1]]
        return float(((p * outcomes) @ self.pays).max(1).sum())
