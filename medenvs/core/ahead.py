"""The columns of coming cases, prepared many episodes at a time: drawing 131,072 cases at once costs a tenth of 128 times 1,024.

A stream's next cases are known before they are played, so preparing them changes nothing. Each row has a ring of its coming
episodes; when one row has used up its own, all rings are filled again. They grow as long as the streams go on. Place
``episode % depth * n + row`` holds a row's episode: rows that go in step are a slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .cases import CaseSource
from .randomness import Key

_MOST = 131_072  # prepared cases
_AT_ONCE = 8192  # of them are drawn and put into their places before the next, so that the work stays in the cache
_CASE = "case number"  # the column that holds it; sources may have a "case" of their own


class Ahead:
    """Prepares the cases of n streams that go on, each at its own pace."""

    def __init__(self, source: CaseSource, n: int) -> None:
        self._source, self._n, self._deepest = source, n, max(1, _MOST // n)
        self._forget()

    def _forget(self) -> None:
        self._depth, self._split = 0, ""
        self._keys: Key = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._next = np.zeros(0, np.int64)  # the episode each row begins next
        self._end = np.zeros(0, np.int64)  # and the first that is not prepared
        self._columns = dict[str, Any]()
        self._side_by_side: _Packed | None = None  # for rows that go their own ways: a case lies in one place

    def __getstate__(self) -> dict[str, Any]:
        """Leave what was prepared behind: it can be prepared again."""
        return {"_source": self._source, "_n": self._n, "_deepest": self._deepest}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def take(self, keys: Key, episodes: np.ndarray, split: str, rows: np.ndarray | None = None) -> tuple[np.ndarray, Mapping[str, Any]]:
        """Return (case numbers, columns) of the given episodes of the streams in `rows`, in order (None: all n)."""
        rows = None if rows is not None and len(rows) == self._n else rows
        if not self._goes_on(keys, episodes, split, rows):
            if rows is not None:
                drawn = self._source.draw(keys, episodes, split)
                return drawn, self._source.columns(drawn)
            self._forget()
            self._keys, self._split, self._next, self._end = keys, split, episodes.copy(), episodes.copy()
        if rows is None:
            self._next = self._next + 1
            if (episodes >= self._end).any():
                self._prepare(episodes)
            slots = episodes % self._depth
            if self._side_by_side is None and (slots == slots[0]).all():
                part = slice(int(slots[0]) * self._n, (int(slots[0]) + 1) * self._n)
                found = {name: column[part] for name, column in self._columns.items()}
                return found.pop(_CASE).copy(), found
            return self._gathered(slots * self._n + np.arange(self._n))
        if (episodes >= self._end[rows]).any():
            self._prepare(self._next)
        self._next[rows] = episodes + 1
        return self._gathered(episodes % self._depth * self._n + rows)

    def _goes_on(self, keys: Key, episodes: np.ndarray, split: str, rows: np.ndarray | None) -> bool:
        if split != self._split or len(self._next) != self._n:
            return False
        known = (self._next, *self._keys) if rows is None else (self._next[rows], self._keys[0][rows], self._keys[1][rows])
        return all((mine == theirs).all() for mine, theirs in zip((episodes, *keys), known, strict=True))

    def _gathered(self, place: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
        if self._side_by_side is None:
            self._side_by_side = _Packed(self._columns)
            self._columns = {name: column.copy() for name, column in self._columns.items()}  # slices of the old ones may be in play
        columns = self._side_by_side.taken(place) | {name: c[place] for name, c in self._columns.items()}
        return columns.pop(_CASE).copy(), columns

    def _prepare(self, begins: np.ndarray) -> None:
        """Fill the rings, whose rows begin the given episodes next; wider rings are filled anew."""
        n = self._n
        if self._depth < self._deepest:
            self._depth = min(4 * self._depth, self._deepest) or 1
            self._end = begins
        many = begins + self._depth - self._end
        self._end = begins + self._depth
        if (many == self._depth).all():  # a whole ring, in the order of its places
            slot, row = np.repeat(np.arange(self._depth), n), np.tile(np.arange(n), self._depth)
            self._columns = self._drawn(row, begins[row] + (slot - begins[row]) % self._depth)
            self._side_by_side = None
            return
        row = np.repeat(np.arange(n), many)
        episode = np.arange(len(row)) + np.repeat(self._end - np.cumsum(many), many)
        for i in range(0, len(row), _AT_ONCE):
            part = slice(i, i + _AT_ONCE)
            self._written(episode[part] % self._depth * n + row[part], self._drawn(row[part], episode[part]))

    def _drawn(self, row: np.ndarray, episode: np.ndarray) -> dict[str, Any]:
        drawn = self._source.draw((self._keys[0][row], self._keys[1][row]), episode, self._split)
        return {_CASE: drawn, **self._source.columns(drawn)}

    def _written(self, place: np.ndarray, fresh: dict[str, Any]) -> None:
        if self._side_by_side is not None:
            self._side_by_side.put(place, fresh)
        for name, column in self._columns.items():
            column[place] = fresh[name]


class _Packed:
    """Whole numbers and grids of bytes side by side, a case a row: to fetch a case is to wait for memory once."""

    def __init__(self, columns: dict[str, Any]) -> None:
        """Take these columns out of `columns`."""
        self._lanes = [name for name, c in columns.items() if c.ndim == 1 and c.dtype == np.int64]
        self._grids = dict[str, slice]()
        end = 8 * len(self._lanes)  # in bytes
        for name, c in columns.items():
            if c.ndim == 2 and c.dtype == np.int8:
                self._grids[name] = slice(end, end + c.shape[1])
                end += c.shape[1]
        self._rows = np.empty((len(columns[self._lanes[0]]), -(-end // 8)), np.int64)
        self.put(slice(None), columns)
        for name in (*self._lanes, *self._grids):
            del columns[name]

    def put(self, place: Any, fresh: Mapping[str, Any]) -> None:
        """Write cases into their places."""
        rows = np.empty((len(fresh[self._lanes[0]]), self._rows.shape[1]), np.int64)
        for i, name in enumerate(self._lanes):
            rows[:, i] = fresh[name]
        for name, part in self._grids.items():
            rows.view(np.int8)[:, part] = fresh[name]
        self._rows[place] = rows

    def taken(self, place: np.ndarray) -> dict[str, Any]:
        """Return the columns of the cases in these places."""
        found = self._rows.take(place, 0)
        columns: dict[str, Any] = {name: found[:, i] for i, name in enumerate(self._lanes)}
        grid = found.view(np.int8)
        return columns | {name: grid[:, part] for name, part in self._grids.items()}
