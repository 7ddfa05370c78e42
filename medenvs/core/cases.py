"""Where cases come from: item i depends only on i; splits are disjoint by a hash of the case."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .errors import BadValue, unknown
from .randomness import Key, mix, unmix, word
from .turn import Lane

SPLITS = ("train", "validation", "test")
_EDGES = (0, 3_435_973_836, 3_865_470_566, 1 << 32)  # 80 %, 10 %, 10 % of all 32-bit hashes


@dataclass(frozen=True)
class Case:
    """One case for people, cards and tests: what is shown, what is true, and how the truth comes about."""

    number: int
    text: str
    truth: Mapping[str, Any]
    explanation: Sequence[str] = ()
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])


class CaseSource(Protocol):
    """A source of cases with a columnar face. `size` is None for endless sources; credentialed sources stay on this machine."""

    size: int | None
    credentialed: bool

    def draw(self, stream: Key, episode: Lane, split: str) -> Lane:
        """Return the case numbers of the given episodes of a stream (the key of its seed); ints or arrays."""
        ...

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        """Return what the kernel needs to know of the cases (plain values for one case number)."""
        ...

    def split_of(self, case: int) -> str:
        """Return the split a case belongs to; raises BadValue for a number that is no case."""
        ...

    def __getitem__(self, case: int) -> Case: ...


def span(split: str) -> tuple[int, int]:
    """Return (first hash, how many hashes) of a split; raises UnknownName."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    i = SPLITS.index(split)
    return _EDGES[i], _EDGES[i + 1] - _EDGES[i]


def split_of_hash(h: int) -> str:
    """Return the split that holds the 32-bit hash h."""
    return SPLITS[sum(h >= edge for edge in _EDGES[1:3])]


class Endless:
    """2**32 procedural cases. A case's split is where its hash falls, so a case is drawn by inverting the hash.

    With `pool` = K each split has K cases only (a finite training set); the default has no such limit.
    """

    size: int | None = None
    credentialed = False

    def __init__(self, pool: int | None = None) -> None:
        if pool is not None and not 1 <= pool <= 1 << 28:
            raise BadValue(f"pool is {pool}; allowed: None for endless cases, or 1 to {1 << 28} cases a split.")
        self.pool = self.size = pool
        self._spans: dict[str, tuple[int, int, int]] = {}
        self._lists: dict[str, list[int]] = {}

    def draw(self, stream: Key, episode: Lane, split: str) -> Lane:
        """Return the case numbers of the given episodes of a stream."""
        low, many, stride = self._spans[split] if split in self._spans else self._span(split)
        if self.pool is not None and episode.__class__ is int:
            if split not in self._lists:
                self._lists[split] = self.members(split).tolist()
            place: int = ((word(stream, episode) >> 1) * many) >> 31
            return self._lists[split][place]
        return unmix(low + (((word(stream, episode) >> 1) * many) >> 31) * stride)

    def _span(self, split: str) -> tuple[int, int, int]:
        """Return (first hash, how many cases, hashes between two of them) of a split."""
        low, width = span(split)
        found = self._spans[split] = (low, self.pool or width, width // self.pool if self.pool else 1)
        return found

    def members(self, split: str) -> np.ndarray:
        """Return the cases of a split's pool; raises BadValue for an endless source."""
        if self.pool is None:
            raise BadValue("an endless source has no list of members. Give it a pool.")
        low, many, stride = self._span(split)
        return unmix(low + np.arange(many) * stride)

    def place(self, cases: np.ndarray, split: str) -> np.ndarray:
        """Return where in `members` cases of the pool stand (any place for other cases)."""
        low, many, stride = self._span(split)
        return np.clip((mix(cases) - low) // stride, 0, many - 1)

    def split_of(self, case: int) -> str:
        """Return the split of a case number."""
        if not 0 <= case < 1 << 32:
            raise BadValue(f"case {case} does not exist; allowed: 0 to {(1 << 32) - 1}.")
        return split_of_hash(mix(case))


class Finite:
    """Cases that were read from somewhere, numbered in order; `keys` (patient or note ids) decide the split, so rows
    with the same key never stand in two splits."""

    credentialed = False

    def __init__(self, keys: Sequence[str]) -> None:
        self.size: int | None = len(keys)
        hashes = [int.from_bytes(hashlib.blake2b(k.encode("utf-8", "replace"), digest_size=4).digest(), "big") for k in keys]
        self._splits = [split_of_hash(h) for h in hashes]
        self._members = {s: np.flatnonzero([t == s for t in self._splits]) for s in SPLITS}

    def draw(self, stream: Key, episode: Lane, split: str) -> Lane:
        """Return the case numbers of the given episodes of a stream; raises BadValue if the split is empty."""
        span(split)
        members = self._members[split]
        if not len(members):
            raise BadValue(f"split {split!r} of this source is empty ({self.size} cases in all). Use another split, or more data.")
        index = (word(stream, episode) * len(members)) >> 32
        return int(members[index]) if isinstance(index, int) else members[index]

    def split_of(self, case: int) -> str:
        """Return the split of a case number."""
        if not 0 <= case < len(self._splits):
            raise BadValue(f"case {case} does not exist; allowed: 0 to {len(self._splits) - 1}.")
        return self._splits[case]
