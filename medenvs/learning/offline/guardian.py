"""The guardian: where the data end. Fitted on train patients only; what lies outside is flagged, and may be charged, ended or mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, BadValue, unknown
from medenvs.core.randomness import key, word

from .supports import Centres, Christoffel, Density, Ensemble, Neighbours, Support
from .vectors import Reading, Scaling

METHODS: Mapping[str, Callable[..., Support]] = {
    "kde": Centres, "kde exact": Density, "christoffel": Christoffel, "knn": Neighbours, "ensemble": Ensemble
}  # fmt: skip
_SAMPLE = 4_000  # training points whose left-out scores give the threshold


@dataclass(frozen=True, eq=False)
class Guardian:
    """`inside` says which points the data support; `threshold` leaves a share `alpha` of left-out training points outside."""

    method: str
    reading: Reading
    columns: tuple[str, ...]
    scaling: Scaling
    support: Support
    threshold: float
    alpha: float

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Return the support of raw vectors as `reading` makes them; a point that is not finite has none."""
        good = np.isfinite(vectors).all(-1)
        found = np.full(len(vectors), -np.inf)
        if good.any():
            found[good] = self.support.scores(self.scaling(vectors[good]))
        return found

    def inside(self, vectors: np.ndarray) -> np.ndarray:
        """Return which raw vectors are in distribution."""
        return self.scores(vectors) >= self.threshold


def fit(
    logged: Logged, method: str = "kde", reading: Reading | None = None, alpha: float = 0.05, seed: int = 0, **settings: Any
) -> Guardian:
    """Return the guardian of a logged set, which should hold train patients only.

    `kde` with its defaults (sigma 0.535, alpha 0.05, states with doses) is OGSRL's preset, over centres; "kde exact" sums over all
    points. Raises UnknownName, BadValue, or BadData for a set of one patient or without variation.
    """
    if method not in METHODS:
        raise unknown("guardian", method, METHODS)
    if not 0 < alpha < 0.5:
        raise BadValue(f"alpha is {alpha}; allowed: above 0 and below 0.5, the share of training points left outside.")
    if logged.about.get("split", "train") != "train":
        raise BadData(f"{logged.name} holds {logged.about['split']} patients. A guardian is fitted on train patients only.")
    if logged.patients < 2:
        raise BadData(f"{logged.name} holds one patient. A guardian needs at least two.")
    reading = reading or Reading()
    raw = reading.of(logged)
    scaling = Scaling.of(raw)
    points = scaling(raw)
    if method == "ensemble":
        after = Scaling.of(logged.observations.astype(np.float64))(logged.next_observations.astype(np.float64))
        support: Support = Ensemble(points, after, logged.patient, seed=seed, **settings)
    else:
        support = METHODS[method](points, **settings)
    rows = np.sort(np.argsort(word(key(seed, 3), np.arange(len(points))), kind="stable")[:_SAMPLE])
    threshold = float(np.quantile(support.left_out(rows), alpha))
    return Guardian(method, reading, logged.columns, scaling, support, threshold, alpha)
