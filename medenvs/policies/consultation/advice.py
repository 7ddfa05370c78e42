"""What to recommend for a diagnosis, as far as the chart and the answers tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from medenvs.core.lanes import numpy_lanes
from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.care import Care
from medenvs.worlds.consultation.model import Attribute
from medenvs.worlds.consultation.personas import channels, topic

from .reading import Array, Seen


class Advice:
    """Recommendations of one world. An attribute read off a finding counts as present when it is likelier than not."""

    def __init__(self, actions: Actions) -> None:
        self.kb = kb = actions.kb
        self._ask, self._care = actions.number, Care(kb, numpy_lanes())
        self._chances, self._channels = kb.chances, channels()
        self._topics = [topic(f) for f in kb.findings.values()]

    def items(self, seen: Seen, disease: Array) -> Array:
        """Return which drugs and measures to propose for the diseases, as (rows, drugs)."""
        return self._set(disease, self.attributes(seen, disease))

    def _set(self, disease: Array, attributes: Sequence[Array]) -> Array:
        wanted = np.zeros((len(disease), len(self.kb.drugs)), bool)
        for item in self._care.recommended(disease, attributes):
            rows = np.flatnonzero(item >= 0)
            wanted[rows, item[rows]] = True
        return wanted

    def attributes(self, seen: Seen, disease: Array) -> list[Array]:
        """Return, for each attribute of the knowledge base in order, whether the patient is taken to have it."""
        charted = iter(seen.charted.T)
        return [next(charted) if a.rates is not None else self._read(a, seen, disease) for a in self.kb.attributes.values()]

    def _read(self, a: Attribute, seen: Seen, disease: Array) -> Array:
        if a.egfr_below is not None:
            return seen.who["egfr"] < a.egfr_below
        if a.age_from is not None:
            return seen.who["age"] >= a.age_from
        return self.likelihood(self.kb.number[a.finding], seen, disease) > 0.5 if a.finding is not None else seen.who["pregnancy"] > 0

    def hanging(self, seen: Seen, disease: Array) -> Iterator[tuple[int, Array]]:
        """Yield the inquiries that show a tied finding, and the F1 expected to be lost by leaving it open, if its answer is the truth."""
        taken = self.attributes(seen, disease)
        before = self._set(disease, taken)
        for place, a in enumerate(self.kb.attributes.values()):
            if a.finding is not None:
                other = self._set(disease, [*taken[:place], ~taken[place], *taken[place + 1 :]])
                f1 = 2 * (before & other).sum(1) / np.maximum((before.sum(1) + other.sum(1)), 1)
                likely = self.likelihood(self.kb.number[a.finding], seen, disease)
                yield self._ask[a.finding], (1 - f1) * np.minimum(likely, 1 - likely)

    def likelihood(self, f: int, seen: Seen, disease: Array) -> Array:
        """Return P(finding present | disease, sex, the answer about it); what was volunteered is present."""
        prior = self._chances[disease, seen.who["sex"], f]
        said = self._channels[seen.who["persona"], self._topics[f], :, seen.answers[:, f]]
        present = prior * said[:, 1]
        likely = present / np.maximum(present + (1 - prior) * said[:, 0], 1e-300)
        return np.where((seen.who["first"] == f) | (seen.who["second"] == f), 1.0, likely)
