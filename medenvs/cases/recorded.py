"""Consultations that were recorded: texts and nothing else. One case per content; files given for splits may not share a case."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from medenvs.core.cases import SPLITS, Case, Finite, span
from medenvs.core.errors import BadData, BadValue, MedenvsError
from medenvs.core.randomness import below, key
from medenvs.core.turn import Lane

from .budget import Budget, ends
from .cursor import Cursor
from .tables import rows

LONGEST_BUDGET = 1_000
_STREAM = 0x52454344


class Exchange(NamedTuple):
    """What was asked, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True)
class Record:
    """One recorded consultation. `content` is what makes it this case (the report, where it is empty)."""

    report: str  # what the doctor reads first
    profile: str  # what the patient knows
    diagnosis: str
    recommendation: str = ""
    exchanges: tuple[Exchange, ...] = ()
    names: tuple[str, ...] = ()  # other names of the diagnosis
    category: str = ""
    content: str = ""

    @property
    def digest(self) -> str:
        """A hash of the content that ignores case, spacing and forms of letters."""
        plain = " ".join(unicodedata.normalize("NFKC", self.content or self.report).casefold().split())
        return hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()

    def merged(self, other: Record) -> Record:
        """Return one record of two with the same content: this one's texts where it has any, and the exchanges of both."""
        return replace(self, profile=self.profile or other.profile, exchanges=tuple(dict.fromkeys((*self.exchanges, *other.exchanges))))


class RecordedCases(Finite):
    """The records of files, with a turn budget that is fixed, or drawn per case from [low, high] (a group shares it).

    `data` is one file, whose cases fall into splits by a hash of their content, or {"train": file, "test": file, …}. Raises BadData
    where two of these share a case.
    """

    def __init__(self, data: str | Mapping[str, str], budget: Budget, read: Callable[[Cursor], Record]) -> None:
        self.low, self.high = ends(budget, 1, LONGEST_BUDGET)
        files = dict(data) if isinstance(data, Mapping) else {"": data}
        found: dict[str, dict[str, Record]] = {}
        for split, place in files.items():
            if isinstance(data, Mapping):
                span(split)
            if not isinstance(place, str):
                raise BadValue(f"data holds {type(place).__name__}. Allowed: a path as text, or a path for any of {', '.join(SPLITS)}.")
            found[split] = _by_content(place, read)
            for earlier in list(found)[:-1]:
                _disjoint((earlier, files[earlier]), (split, place), found)
        if not found:
            raise BadValue(f"data names no file. Allowed: a path, or a path for any of {', '.join(SPLITS)}.")
        self._records = [r for part in found.values() for r in part.values()]
        super().__init__([digest for part in found.values() for digest in part])
        if "" not in found:
            self._splits = [split for split, part in found.items() for _ in part]
            self._members = {s: np.flatnonzero([t == s for t in self._splits]) for s in SPLITS}

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        """Return the columns of one case or of an array of cases."""
        return {"case": cases, "budget": self.low + below(key(_STREAM, cases), 0, self.high - self.low + 1)}

    def report(self, case: int) -> str:
        """Return what the doctor reads first."""
        return self._records[case].report

    def profile(self, case: int) -> str:
        """Return what the patient knows."""
        return self._records[case].profile

    def exchanges(self, case: int) -> Sequence[Exchange]:
        """Return what was asked and answered when the case was recorded."""
        return self._records[case].exchanges

    def secrets(self, case: int) -> tuple[str, ...]:
        """Return what a patient may not say: diagnosis, its other names, recommendation."""
        r = self._records[case]
        return tuple(s for s in (r.diagnosis, *r.names, r.recommendation) if s)

    def golds(self, case: int) -> Mapping[str, str]:
        """Return the true texts."""
        return {"diagnosis": self._records[case].diagnosis, "recommendation": self._records[case].recommendation}

    def __getitem__(self, case: int) -> Case:
        split, r = self.split_of(case), self._records[case]
        lines = [e.answer if e.answer.startswith(e.question) else f"{e.question} {e.answer}" for e in r.exchanges]
        return Case(case, r.report, self.golds(case), lines, {"category": r.category, "split": split, **self.columns(case)})


def what_was_said(report: str, exchanges: Sequence[Exchange]) -> str:
    """Return a profile made of nothing but what the patient has said."""
    return "\n".join((report, *(e.answer for e in exchanges)))


def _by_content(place: str, read: Callable[[Cursor], Record]) -> dict[str, Record]:
    """Return the records of a file by the digest of their content, duplicates merged."""
    found: dict[str, Record] = {}
    for record in _records(place, read):
        digest = record.digest
        found[digest] = found[digest].merged(record) if digest in found else record
    if not found:
        raise BadData(f"{place}: no rows.")
    return found


def _records(place: str, read: Callable[[Cursor], Record]) -> Iterator[Record]:
    try:
        for number, row in rows(place, ()):
            yield read(Cursor.of(place, number, row))
    except MedenvsError:
        raise
    except (ValueError, OSError, RecursionError) as error:  # what a reader of a broken file raises
        raise BadData(f"{place}: cannot be read ({type(error).__name__}). Expected a csv, json, jsonl or parquet file.") from None


def _disjoint(a: tuple[str, str], b: tuple[str, str], found: Mapping[str, Mapping[str, Record]]) -> None:
    shared = found[a[0]].keys() & found[b[0]].keys()
    if shared:
        raise BadData(
            f"{a[1]} ({a[0]}) and {b[1]} ({b[0]}) share {len(shared)} of {min(len(found[a[0]]), len(found[b[0]]))} cases. "
            "Remedy: take them out of one file, or give one file alone: its cases are then split by a hash of their content."
        )
