"""How well data support a point, four ways. Each is fitted on scaled training points and scores points: higher is better supported.

`left_out` scores training points as if each had not been there: a threshold taken from it is not flattered by the points themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from medenvs.core.errors import BadValue
from medenvs.core.randomness import key, normal, quantiles, uniform, word

_BLOCK = 1 << 22  # numbers of a block of distances: stays in the cache


class Support(Protocol):
    """Scores of points (n, d) float32 -> (n,); `left_out` of the training points in `rows`."""

    def scores(self, points: np.ndarray) -> np.ndarray: ...
    def left_out(self, rows: np.ndarray) -> np.ndarray: ...


def distances(points: np.ndarray, others: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return squared distances, (n, m); `squares` are those of the others."""
    found = points @ (-2 * others.T)
    found += squares
    found += (points * points).sum(1)[:, None]
    return np.maximum(found, 0, out=found)


def blocked(work: Callable[[np.ndarray], np.ndarray], points: np.ndarray, many: int) -> np.ndarray:
    """Return work(points), some points at a time, so that `many` numbers for each fit into the cache."""
    size = max(1, _BLOCK // many)
    return np.concatenate([work(points[i : i + size]) for i in range(0, max(1, len(points)), size)])


class Density:
    """Mean Gaussian kernel over all training points (Parzen): exact, and as slow as the data are many."""

    def __init__(self, points: np.ndarray, sigma: float = 0.535) -> None:
        self.points, self._per = points, -0.5 / sigma**2
        self._squares = (points * points).sum(1)

    def scores(self, points: np.ndarray) -> np.ndarray:
        """Return the mean kernel of each point."""
        return blocked(
            lambda some: np.exp(distances(some, self.points, self._squares) * self._per).mean(1, dtype=np.float64), points, len(self.points)
        )

    def left_out(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean kernel over all the others."""
        n = len(self.points)
        return (self.scores(self.points[rows]) * n - 1) / max(1, n - 1)


class Centres:
    """The same mean kernel over centres of the points, each as wide as the points that it stands for: fast whatever the data.

    Thresholds come from exact densities of a sample of the training points.
    """

    def __init__(self, points: np.ndarray, sigma: float = 0.535, many: int = 1024, rounds: int = 3) -> None:
        self.exact = Density(points, sigma)
        self.centres, share, self._spread = clustered(points, min(many, len(points)), rounds)
        wide = sigma**2 + self._spread  # (centres, d): a kernel blurred by the cluster's own spread
        self._height = share * np.prod(sigma / np.sqrt(wide), 1)
        self._per = -0.5 / wide

    def scores(self, points: np.ndarray) -> np.ndarray:
        """Return the approximate mean kernel of each point."""
        per, pull = self._per.T, (-2 * self._per * self.centres).T
        still = (self._per * self.centres**2).sum(1) + np.log(self._height)
        both = np.concatenate([per, pull]).astype(np.float32)
        still = still.astype(np.float32)

        def work(some: np.ndarray) -> np.ndarray:
            found = np.concatenate([some * some, some], 1) @ both
            found += still
            np.exp(found, out=found)
            return found.sum(1, dtype=np.float64)

        return blocked(work, points, len(self.centres))

    def left_out(self, rows: np.ndarray) -> np.ndarray:
        """Return exact densities over all the others."""
        return self.exact.left_out(rows)


class Christoffel:
    """Minus v(x)' M^-1 v(x) over monomials to degree 2, M their ridge moment matrix: the cost does not depend on the data's size."""

    def __init__(self, points: np.ndarray, ridge: float = 1e-3) -> None:
        self.points, self._n = points, len(points)
        self._pairs = np.triu_indices(points.shape[1])
        v = self._monomials(points)
        moment = v.T @ v / self._n
        self._root = np.linalg.inv(np.linalg.cholesky(moment + ridge * np.eye(len(moment))))

    def _monomials(self, points: np.ndarray) -> np.ndarray:
        x = points.astype(np.float64)
        return np.concatenate([np.ones((len(x), 1)), x, x[:, self._pairs[0]] * x[:, self._pairs[1]]], 1)

    def scores(self, points: np.ndarray) -> np.ndarray:
        """Return minus the inverse Christoffel function."""
        return -blocked(lambda some: ((self._monomials(some) @ self._root.T) ** 2).sum(1), points, len(self._root))

    def left_out(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores with each point's own moment taken away (Sherman and Morrison)."""
        own = -self.scores(self.points[rows])
        return -own * (1 - 1 / self._n) / np.maximum(1 - own / self._n, 1e-9)


class Neighbours:
    """Minus the distance to the k-th nearest of at most `most` training points."""

    def __init__(self, points: np.ndarray, k: int = 10, most: int = 20_000, seed: int = 0) -> None:
        kept = np.sort(np.argsort(word(key(seed), np.arange(len(points))), kind="stable")[:most])
        if len(kept) <= k:
            raise BadValue(f"{len(kept)} training points have no {k}-th neighbour. Lower k, or give more data.")
        self.points, self.k, self._kept = points, k, points[kept]
        self._squares, self._place = (self._kept**2).sum(1), np.full(len(points), -1)
        self._place[kept] = np.arange(len(kept))

    def scores(self, points: np.ndarray) -> np.ndarray:
        """Return minus the distance to the k-th neighbour."""
        return blocked(lambda some: -np.sqrt(np.partition(self._to(some), self.k - 1, 1)[:, self.k - 1]), points, len(self._kept))

    def _to(self, points: np.ndarray) -> np.ndarray:
        return distances(points, self._kept, self._squares)

    def left_out(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores without the points themselves (those that were not kept are not there anyway)."""

        def work(some: np.ndarray) -> np.ndarray:
            found, mine = self._to(self.points[some]), self._place[some]
            there = np.flatnonzero(mine >= 0)
            found[there, mine[there]] = np.inf
            return -np.sqrt(np.partition(found, self.k - 1, 1)[:, self.k - 1])

        return blocked(work, rows, len(self._kept))


class Ensemble:
    """Minus how much models disagree, each fitted to what came after in its own half of the groups (patients): random features, ridge."""

    def __init__(
        self,
        points: np.ndarray,
        after: np.ndarray,
        groups: np.ndarray,
        members: int = 8,
        features: int = 256,
        ridge: float = 1e-2,
        seed: int = 0,
    ) -> None:
        d, k = points.shape[1], key(seed, 1)
        self._wave = normal(k, np.arange(d * features), quantiles()).reshape(d, features).astype(np.float32)
        self._shift = (2 * np.pi * uniform(k, d * features + np.arange(features))).astype(np.float32)
        self.points = points
        self._half = np.stack([(word(key(seed, 2, i), groups) & 1) == 1 for i in range(members)])
        seen = self._features(points).astype(np.float64)
        self._weights = []
        for half in self._half:
            x = seen[half]
            self._weights.append(np.linalg.solve(x.T @ x / max(1, len(x)) + ridge * np.eye(features), x.T @ after[half] / max(1, len(x))))

    def _features(self, points: np.ndarray) -> np.ndarray:
        return np.cos(points @ self._wave + self._shift)

    def _apart(self, told: np.ndarray, trusted: np.ndarray | None = None) -> np.ndarray:
        """Return minus the spread of the members' (members, n, out) forecasts, of those that are trusted."""
        weight = np.ones(told.shape[:2]) if trusted is None else trusted.astype(float)
        total = weight.sum(0)[:, None]
        middle = (told * weight[..., None]).sum(0) / np.maximum(total, 1)
        return -np.sqrt(((((told - middle) ** 2) * weight[..., None]).sum(0) / np.maximum(total - 1, 1)).mean(1))

    def scores(self, points: np.ndarray) -> np.ndarray:
        """Return minus the members' disagreement."""
        return blocked(lambda some: self._apart(np.stack([self._features(some) @ w for w in self._weights])), points, 4096)

    def left_out(self, rows: np.ndarray) -> np.ndarray:
        """Return the disagreement of the members that never saw the point's group."""
        return blocked(
            lambda some: self._apart(np.stack([self._features(self.points[some]) @ w for w in self._weights]), ~self._half[:, some]),
            rows,
            4096,
        )


def clustered(points: np.ndarray, many: int, rounds: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Return (centres, share of points, variance per column) of k-means from drawn points; empty clusters are left out."""
    centres = points[np.argsort(word(key(seed), np.arange(len(points))), kind="stable")[:many]].astype(np.float32)
    own = counts = np.zeros(0, np.int64)
    for _ in range(rounds + 1):
        squares = (centres * centres).sum(1)
        own = blocked(lambda some, c=centres, s=squares: (some @ (-2 * c.T) + s).argmin(1), points, len(centres))
        counts = np.bincount(own, minlength=len(centres))
        kept = counts > 0
        own, counts, m = (np.cumsum(kept) - 1)[own], counts[kept], int(kept.sum())
        sums = np.stack([np.bincount(own, column, m) for column in points.T], 1)
        centres = (sums / counts[:, None]).astype(np.float32)
    squares = np.stack([np.bincount(own, column.astype(np.float64) ** 2, len(counts)) for column in points.T], 1) / counts[:, None]
    return centres.astype(np.float64), counts / len(points), np.maximum(squares - centres.astype(np.float64) ** 2, 0)
