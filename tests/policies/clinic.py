"""A consultation played on arrays for tests of doctors: the rules that the reference is tuned for, written as plainly as they go."""

from typing import Any

import numpy as np

from medenvs.cases.consultation import key_of
from medenvs.core.lanes import numpy_lanes
from medenvs.policies.consultation.gain import earnings
from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.care import Care
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.patients import Patients
from medenvs.worlds.consultation.personas import NO, UNKNOWN, YES
from medenvs.worlds.consultation.prices import CARE

QUESTION, LIST_PRICE = 0.02, 1 / 5000  # as the card has them
CEILING = 0.68  # of all prices together; an order must leave room for questions until the end
_SHOWN = {UNKNOWN: -1, NO: -2, YES: 2}


class Clinic:
    """n consultations side by side; `earned`, `named` and `f1` say how they went."""

    def __init__(self, size: str, cases: np.ndarray, budget: int = 20, persona: int | None = None) -> None:
        self.kb = knowledge(size)
        self.actions, self.patients, n = Actions(self.kb), Patients(self.kb, numpy_lanes()), len(cases)
        self.prices = np.array([QUESTION] * self.actions.orders + [t.cost * LIST_PRICE for t in self.kb.tests.values()])
        self.key = key_of(cases)
        self.who: dict[str, Any] = dict(self.patients.columns(self.key))
        if persona is not None:
            self.who["persona"] = np.full(n, persona)
        self.codes = np.zeros((n, len(self.kb.findings)), int)
        two = np.flatnonzero(self.who["second"] >= 0)
        self.codes[two, self.who["second"][two]] = 3
        self.codes[np.arange(n), self.who["first"]] = 4
        self.attributes = self.patients.attributes(self.key, self.who)
        self.charted = np.array([a for a, row in zip(self.attributes, self.kb.attributes.values(), strict=True) if row.rates]).T
        self.proposed = np.zeros((n, len(self.kb.drugs)), bool)
        self.left, self.spent, self.earned = np.full(n, budget), np.zeros(n), np.zeros(n)
        self.named, self.f1, self.questions = np.full(n, -1), np.zeros(n), np.zeros(n, int)
        self.running = np.ones(n, bool)
        self.pays = np.minimum(earnings(self.kb), 1.0)
        self.right = self._right()

    def _right(self) -> np.ndarray:
        right = np.zeros(self.proposed.shape, bool)
        for item in Care(self.kb, numpy_lanes()).recommended(self.who["disease"], self.attributes):
            rows = np.flatnonzero(item >= 0)
            right[rows, item[rows]] = True
        return right

    def observations(self, rows: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Return what the doctor sees in the rows."""
        w = self.who
        egfr, spent = np.minimum(w["egfr"], 127).astype(int), np.round(self.spent * 100).astype(int)
        chart = np.stack([w["age"], w["sex"], w["pregnancy"], egfr, w["persona"], self.left, spent], 1)
        grid = np.concatenate([self.codes, chart, self.charted, self.proposed], 1).astype(np.int8)
        mask = np.ones((len(grid), self.actions.discrete), np.int8)
        mask[:, self.actions.propose : self.actions.diagnose] = ~self.proposed
        room = CEILING - self.spent - QUESTION * (self.left - 1)
        mask[:, self.actions.orders : self.actions.propose] = self.prices[self.actions.orders :] <= room[:, None] + 1e-9
        return [{"observation": grid[i], "action_mask": mask[i]} for i in rows]

    def play(self, doctor: Any) -> "Clinic":
        """Let the doctor finish all consultations."""
        while len(rows := np.flatnonzero(self.running)):
            for i, move in zip(rows.tolist(), doctor.act_batch(self.observations(rows), [{}] * len(rows)), strict=True):
                self._ends(i, move) if move >= self.actions.diagnose else self._goes_on(i, move)
        return self

    def _goes_on(self, i: int, move: int) -> None:
        if move >= self.actions.propose:
            self.proposed[i, move - self.actions.propose] = True
            return
        price = self.prices[move]
        me = {name: lane[i : i + 1] for name, lane in self.who.items()}
        for f in self.actions.shown[move]:
            if self.codes[i, f] < 3:
                said = self.patients.answer((self.key[0][i : i + 1], self.key[1][i : i + 1]), me, np.array([f]))[0]
                self.codes[i, f] = _SHOWN[int(said)]
        self.left[i], self.spent[i], self.earned[i] = self.left[i] - 1, self.spent[i] + price, self.earned[i] - price
        self.questions[i] += 1
        self.running[i] = self.left[i] > 0

    def _ends(self, i: int, move: int) -> None:
        self.named[i], self.running[i] = move - self.actions.diagnose, False
        both = (self.proposed[i] & self.right[i]).sum()
        self.f1[i] = 2 * both / max(1, self.proposed[i].sum() + self.right[i].sum())
        self.earned[i] += self.pays[self.who["disease"][i], self.named[i]]
        self.earned[i] += CARE * self.f1[i] * (self.named[i] == self.who["disease"][i])
