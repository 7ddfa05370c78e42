"""The reference doctor: exact posterior, greedy in expected information less price."""

from __future__ import annotations

import numpy as np

from medenvs.worlds.consultation.prices import CARE

from .doctors import Doctor, Mind, inquiries_made
from .reading import Array, Seen

WORTH = 0.3  # reward that a nat of information is taken to be worth; tuned on patients that are no cases
CANDIDATES = 8  # inquiries whose effect on the diagnosis is looked at one step ahead


class Greedy(Doctor):
    """Makes the inquiry whose information, at `worth` a nat, exceeds its price most.

    Where none does: the one after which the diagnosis is expected to earn most, if that is worth its price; then the question
    about a contraindication, if the recommendation is expected to gain more than it costs. Else it diagnoses. With `questions`
    it makes that many inquiries by information alone, or as many as there are; without `orders` it asks and examines only.
    """

    def __init__(self, worth: float = WORTH, questions: int | None = None, orders: bool = True) -> None:
        super().__init__()
        self.worth, self.questions, self.orders = worth, questions, orders

    def inquiries(self, known: Mind, seen: Seen, p: Array) -> Array:
        """Return the inquiry to make, -1 to stop."""
        waiting = known.reading.open_moves(seen)
        if not self.orders:
            waiting[:, known.actions.orders :] = False
        nats = known.gain.information(p, seen.who["persona"], seen.who["sex"])
        if self.questions is not None:
            more = waiting.any(1) & (inquiries_made(known.actions, seen) < self.questions)
            return np.where(more, np.where(waiting, nats, -1.0).argmax(1), -1)
        value = np.where(waiting, self.worth * nats - known.prices, -np.inf)
        found = np.where(value.max(1) > 0, value.argmax(1), -1)
        for i in np.flatnonzero(found < 0).tolist():
            found[i] = self._ahead(known, seen, p, i, np.where(waiting[i], nats[i], 0.0))
        rest = np.flatnonzero(found < 0)
        if len(rest):
            found[rest] = self._for_care(known, seen.rows(rest), p[rest], waiting[rest])
        return found

    def _ahead(self, known: Mind, seen: Seen, p: Array, i: int, nats: Array) -> int:
        """Return the inquiry that improves the diagnosis of row i by most more than its price, -1 if none does."""
        best, least = -1, (p[i] @ known.gain.pays).max() + 1e-9
        for j in np.argsort(-nats)[:CANDIDATES]:
            if nats[j] > 0:
                value = known.gain.ahead(p[i], seen.who["persona"][i], seen.who["sex"][i], j) - known.prices[j]
                if value > least:
                    best, least = int(j), value
        return best

    def _for_care(self, known: Mind, seen: Seen, p: Array, waiting: Array) -> Array:
        """Return the question about a finding that the recommendation hangs on, -1 where none is worth asking."""
        disease = (p @ known.gain.pays).argmax(1)
        sure = p[np.arange(len(p)), disease]
        best, least = np.full(len(p), -1), np.zeros(len(p))
        for inquiry, lost in known.advice.hanging(seen, disease):
            gained = np.where(waiting[:, inquiry], CARE * sure * lost - known.prices[inquiry], 0.0)
            best, least = np.where(gained > least, inquiry, best), np.maximum(gained, least)
        return best
