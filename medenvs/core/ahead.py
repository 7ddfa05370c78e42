"""The columns of coming cases, prepared many episodes at a time: drawing 131,072 cases at once costs a tenth of 128 times 1,024.

A stream's next cases are known before they are played, so preparing them changes nothing. The depth doubles while whole batches
begin one after the other, and falls back to one as soon as something else happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .cases import CaseSource
from .randomness import Key

_MOST = 131_072  # prepared cases


class Ahead:
    """Prepares the cases of n streams that go on in step."""

    def __init__(self, source: CaseSource, n: int) -> None:
        self._source, self._n, self._deepest = source, n, max(1, _MOST // n)
        self._forget()

    def _forget(self) -> None:
        self._depth, self._left = 1, 0
        self._keys: Key = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._episodes = np.zeros(0, np.int64)
        self._split = ""
        self._cases, self._columns = np.zeros(0, np.int64), dict[str, Any]()

    def __getstate__(self) -> dict[str, Any]:
        """Leave what was prepared behind: it can be prepared again."""
        return {"_source": self._source, "_n": self._n, "_deepest": self._deepest}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def take(self, keys: Key, episodes: np.ndarray, split: str) -> tuple[np.ndarray, Mapping[str, Any]]:
        """Return (case numbers, columns) of one episode in each of the n streams."""
        same = [np.array_equal(a, b) for a, b in ((episodes, self._episodes), (keys[0], self._keys[0]), (keys[1], self._keys[1]))]
        goes_on = split == self._split and all(same)
        if not goes_on:
            self._forget()
        if not self._left:
            self._prepare(keys, episodes, split)
        self._keys, self._episodes, self._split = keys, episodes + 1, split
        start = self._n * (self._filled - self._left)
        self._left -= 1
        part = slice(start, start + self._n)
        return self._cases[part], {name: column[part] for name, column in self._columns.items()}

    def _prepare(self, keys: Key, episodes: np.ndarray, split: str) -> None:
        depth = self._filled = self._left = self._depth
        self._depth = min(2 * depth, self._deepest)
        many: Key = (np.tile(keys[0], depth), np.tile(keys[1], depth))
        coming = (episodes + np.arange(depth)[:, None]).ravel()
        self._cases = self._source.draw(many, coming, split)
        self._columns = dict(self._source.columns(self._cases))
