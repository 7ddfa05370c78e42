"""What a guardian reads: states, states with doses, or the last few of both, scaled by the patients it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, BadValue, unknown
from medenvs.envs.treatment.doses import FLUID, PRESSOR

READS = ("s", "sa")
DOSES: Any = np.array([(f, u) for f in FLUID for u in PRESSOR])


def amounts(actions: np.ndarray) -> np.ndarray:
    """Return (rows, 2) fluid and vasopressor of discrete doses, or of the two numbers they already are."""
    return DOSES[actions] if actions.ndim == 1 else np.asarray(actions, np.float64)


@dataclass(frozen=True)
class Reading:
    """What is read: "s" or "sa", of this many decisions (1: the present one only; earlier ones are padded with the first)."""

    what: str = "sa"
    steps: int = 1

    def __post_init__(self) -> None:
        if self.what not in READS:
            raise unknown("reading", self.what, READS)
        if not 1 <= self.steps <= 20:
            raise BadValue(f"steps is {self.steps}; allowed: 1 to 20 decisions.")

    def one(self, observations: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Return what each decision alone shows, (rows, columns or columns + 2)."""
        seen = np.asarray(observations, np.float64)
        return seen if self.what == "s" else np.concatenate([seen, amounts(np.asarray(actions))], -1)

    def of(self, logged: Logged) -> np.ndarray:
        """Return one vector for each decision of a logged set, newest last."""
        one = self.one(logged.observations, logged.actions)
        first = np.repeat(logged.starts[:-1], logged.lengths)
        rows = np.arange(logged.rows)
        return np.concatenate([one[np.maximum(rows - k, first)] for k in range(self.steps - 1, -1, -1)], -1)


@dataclass(frozen=True, eq=False)
class Scaling:
    """Columns from -1 to 1 between the least and the most that was seen in training; a column that never varied is left out."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray) -> Scaling:
        """Return the scaling of training vectors; raises BadData where they are not finite or all alike."""
        if not np.isfinite(vectors).all():
            raise BadData("training vectors hold NaN or infinity. Impute them, or leave those patients out.")
        low, high = vectors.min(0), vectors.max(0)
        if not (high > low).any():
            raise BadData("all training vectors are alike. A guardian needs data that vary: more patients, or more than one action.")
        return cls(low, high)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return scaled vectors, float32."""
        varied = self.high > self.low
        low, high = self.low[varied], self.high[varied]
        return ((vectors[:, varied] - low) * (2 / (high - low)) - 1).astype(np.float32)
