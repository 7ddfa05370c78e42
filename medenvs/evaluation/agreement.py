"""How well a judge agrees with people: the shipped pairs with their human verdicts, and Cohen's kappa."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from medenvs.core.errors import BadData, BadValue
from medenvs.core.transcript import parse_json
from medenvs.rewards.judged import DIAGNOSIS, Pair


class Agreed(NamedTuple):
    """A pair, and the verdict that people give it."""

    pair: Pair
    verdict: str
    why: str


class AgreementSet(NamedTuple):
    """The pairs, and a hash of the file they come from."""

    pairs: tuple[Agreed, ...]
    digest: str


@cache
def agreement() -> AgreementSet:
    """Return the shipped pairs for the rubric of diagnoses; raises BadData when the file is not what it promises."""
    raw = resources.files("medenvs.evaluation").joinpath("agreement.json").read_bytes()
    found: list[Agreed] = []
    for number, row in enumerate(parse_json(raw.decode("utf-8"))["pairs"]):
        if row["verdict"] not in DIAGNOSIS.verdicts:
            raise BadData(f"agreement.json, pair {number}: verdict {row['verdict']!r}; expected one of {', '.join(DIAGNOSIS.verdicts)}.")
        found.append(Agreed(Pair(row["candidate"], row["reference"]), row["verdict"], row["why"]))
    return AgreementSet(tuple(found), hashlib.blake2b(raw, digest_size=6).hexdigest())


def kappa(ours: Sequence[str | None], theirs: Sequence[str | None]) -> float:
    """Return Cohen's kappa (1960) of two raters; a missing verdict is a category of its own, so silence costs agreement.

    1 is full agreement, 0 what chance gives; raters who both say one and the same thing throughout agree fully.
    """
    if len(ours) != len(theirs) or not ours:
        raise BadValue(f"{len(ours)} and {len(theirs)} verdicts. Give the same number, at least one, for both raters.")
    n = len(ours)
    seen = sum(a == b for a, b in zip(ours, theirs, strict=True)) / n
    left, right = Counter(ours), Counter(theirs)
    chance = sum(left[c] * right[c] for c in left) / n**2
    return 1.0 if chance == 1.0 else (seen - chance) / (1.0 - chance)
