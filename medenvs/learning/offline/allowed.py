"""Which doses a learner may choose in a state: those that the data hold near it, or those that a guardian knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadValue

from .guardian import Guardian
from .plan import Plan
from .supports import blocked, clustered, distances
from .vectors import DOSES, Scaling

Mask = Callable[[np.ndarray], np.ndarray]  # raw observations (rows, columns) -> bool (rows, doses), at least one a row


@dataclass(frozen=True, eq=False)
class Near:
    """Doses that were given often enough in the nearest of some regions of states; the most frequent one always is."""

    scaling: Scaling
    centres: np.ndarray
    allowed: np.ndarray

    @classmethod
    def of(cls, logged: Logged, doses: int, cells: int, least: float) -> Near:
        """Return the regions of a set, by k-means of scaled states, and the doses that make up `least` of what was given in each."""
        scaling = Scaling.of(logged.observations.astype(np.float64))
        points = scaling(logged.observations.astype(np.float64))
        centres = clustered(points, min(cells, len(points)), 3)[0].astype(np.float32)
        near = _nearest(centres, points)
        given = np.bincount(near * doses + logged.actions, minlength=len(centres) * doses).reshape(-1, doses)
        enough = (given > 0) & (given >= least * given.sum(1, keepdims=True))
        return cls(scaling, centres, enough | (np.arange(doses) == given.argmax(1)[:, None]))

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Return what is allowed in raw observations."""
        return self.allowed[_nearest(self.centres, self.scaling(np.asarray(observations, np.float64)))]

    def state(self) -> dict[str, Any]:
        """Return it as tensors."""
        import torch

        arrays = {"low": self.scaling.low, "high": self.scaling.high, "centres": self.centres, "allowed": self.allowed}
        return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Near:
        """Return what `state` was taken of."""
        low, high, centres, allowed = (state[name].numpy() for name in ("low", "high", "centres", "allowed"))
        return cls(Scaling(low, high), centres, allowed)


def _nearest(centres: np.ndarray, points: np.ndarray) -> np.ndarray:
    squares = (centres * centres).sum(1)
    return blocked(lambda some: distances(some, centres, squares).argmin(1), points, len(centres))


def known(guardian: Guardian) -> Mask:
    """Return the doses with which the guardian knows the state; where there is none, the one that it knows best.

    Raises BadValue for a guardian of states alone or of several steps.
    """
    if guardian.reading.what != "sa" or guardian.reading.steps != 1:
        raise BadValue("this guardian does not judge a dose in one state. Fit it with Reading('sa').")

    def some(observations: np.ndarray) -> np.ndarray:
        seen = np.repeat(observations, len(DOSES), 0)
        doses = np.tile(np.arange(len(DOSES)), len(observations))
        scores = guardian.scores(guardian.reading.one(seen, doses)).reshape(len(observations), -1)
        return (scores >= guardian.threshold) | (np.arange(len(DOSES)) == scores.argmax(1)[:, None])

    return lambda observations: blocked(some, np.asarray(observations), 4096)


def mask_of(logged: Logged, plan: Plan, guardian: Guardian | None) -> Mask | None:
    """Return what the plan asks for; raises BadValue where it asks for a guardian and none is given, or for other doses than it knows."""
    if plan.support == "near":
        return Near.of(logged, plan.doses, plan.cells, plan.least)
    return guarded(guardian, plan) if plan.support == "guardian" else None


def guarded(guardian: Guardian | None, plan: Plan) -> Mask:
    """Return the mask of a guardian; raises BadValue."""
    if guardian is None or plan.doses != len(DOSES):
        raise BadValue(f"support='guardian' needs a guardian of {len(DOSES)} doses: pass guardian=guardian.fit(logged).")
    return known(guardian)
