"""Two doses as one of twenty-five numbers: none, or the quarter of the non-zero doses that a dose falls into, for each drug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.core.errors import BadData, BadValue

DRUGS = ("fluid", "vasopressor")  # in this order wherever two doses stand; action = 5 * fluid + vasopressor
_PARTS = 4
_TIE = 0.2499999999  # a rank of exactly one quarter belongs to the first


@dataclass(frozen=True)
class Bins:
    """upper: for each drug the largest dose of bins 1 to 3; median: for each drug the middle dose of bins 0 to 4, 0 for bin 0.

    Doses count as float32, so that a set written with two doses falls into the same bins.
    """

    upper: tuple[tuple[float, ...], ...]
    median: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, doses: np.ndarray) -> Bins:
        """Return the bins of (T, 2) doses by rank quartile, equal doses in one bin; raises BadData where one would be empty."""
        fitted = [_quarters(name, doses[:, i].astype(np.float32)) for i, name in enumerate(DRUGS)]
        return cls(tuple(upper for upper, _ in fitted), tuple(median for _, median in fitted))

    @classmethod
    def retold(cls, found: Mapping[str, Any]) -> Bins:
        """Return what `told` gave."""
        upper, median = (tuple(tuple(float(x) for x in found[name][part]) for name in DRUGS) for part in ("upper", "median"))
        return cls(upper, median)

    def told(self) -> dict[str, dict[str, list[float]]]:
        """Return the bins as what JSON can hold."""
        return {name: {"upper": list(self.upper[i]), "median": list(self.median[i])} for i, name in enumerate(DRUGS)}

    def actions(self, doses: np.ndarray) -> np.ndarray:
        """Return (T,) numbers from 0 to 24 of (T, 2) doses; raises BadValue for a negative dose or another shape."""
        given = np.asarray(doses, np.float32)
        if given.ndim != 2 or given.shape[1] != len(DRUGS) or not (given >= 0).all():
            raise BadValue(f"doses have shape {given.shape}; allowed: (rows, 2), fluid and vasopressor, 0 or more.")
        fluid, pressor = (
            np.where(given[:, i] > 0, 1 + np.searchsorted(np.array(self.upper[i], np.float32), given[:, i], "left"), 0) for i in (0, 1)
        )
        return 5 * fluid + pressor

    def doses(self, actions: np.ndarray) -> np.ndarray:
        """Return (T, 2) float32: the median doses of the bins, which `actions` turns into the same numbers; raises BadValue."""
        chosen = np.asarray(actions)
        if chosen.dtype.kind not in "iu" or (chosen < 0).any() or (chosen > 24).any():
            raise BadValue("actions hold something else than whole numbers from 0 to 24.")
        fluid, pressor = (np.array(m, np.float32) for m in self.median)
        return np.stack([fluid[chosen // 5], pressor[chosen % 5]], -1)


def _quarters(name: str, doses: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    given = doses[doses > 0]
    values, place, times = np.unique(given, return_inverse=True, return_counts=True)
    rank = np.cumsum(times) - (times - 1) / 2  # ties share their mean rank
    part = np.clip(np.floor((rank / max(len(given), 1) + _TIE) * _PARTS), 1, _PARTS)
    for k in range(1, _PARTS + 1):
        if not (part == k).any():
            raise BadData(f"{name}: too few distinct doses above 0 for four bins (bin {k} stays empty). Use box=True, or more stays.")
    upper = tuple(float(values[part == k].max()) for k in range(1, _PARTS))
    inside = part[place]
    return upper, (0.0, *(float(np.median(given[inside == k])) for k in range(1, _PARTS + 1)))
