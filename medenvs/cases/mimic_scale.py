"""How the columns of a state are normalised: fitted on the patients of the train split only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KINDS = ("none", "binary", "z", "log")
_INSIDE = 0.1  # log(0.1 + x), as the AI Clinician's


@dataclass(frozen=True)
class Scale:
    """kinds, one a column: "none", "binary" (minus a half), "z", or "log" (z of the logarithm); mean, sd: of z and log columns."""

    kinds: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]

    @classmethod
    def fit(cls, observations: np.ndarray, kinds: Sequence[str]) -> Scale:
        """Return the scale of (rows, columns); a column that never changes counts as having a deviation of 1."""
        values = _logged(observations, kinds)
        turned = np.isin(kinds, ("z", "log"))
        sd = values.std(0)
        mean = np.where(turned, values.mean(0), np.where(np.equal(kinds, "binary"), 0.5, 0.0))
        return cls(tuple(kinds), tuple(mean.tolist()), tuple(np.where(turned & (sd > 1e-9), sd, 1.0).tolist()))

    def apply(self, observations: np.ndarray) -> np.ndarray:
        """Return (rows, columns) normalised, float32."""
        return ((_logged(observations, self.kinds) - self.mean) / self.sd).astype(np.float32)

    def told(self) -> dict[str, list[str] | list[float]]:
        """Return the scale as what JSON can hold; `Scale(**told)` is it again, up to lists for tuples."""
        return {"kinds": list(self.kinds), "mean": list(self.mean), "sd": list(self.sd)}


def _logged(observations: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    values = np.array(observations, np.float64)
    logs = np.equal(kinds, "log")
    values[:, logs] = np.log(_INSIDE + np.maximum(values[:, logs], 0.0))
    return values
