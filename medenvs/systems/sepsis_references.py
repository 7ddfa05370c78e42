"""What policies of known kind earn in the sepsis world, and the scale for scores that follows from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from medenvs.core.errors import unknown

_Number = TypeVar("_Number", float, np.ndarray)


def references(effect: str = "real", interval: int = 4) -> Mapping[str, Any]:
    """Return what policies earn and the hours of harm they leave, each with n and a 95 % interval: none, random, q=0 to q=1, rule.

    Measured by benchmarks/sepsis_references.py on the test split without confounding. Raises UnknownName.
    """
    worlds = _table()["worlds"]
    if (name := f"{effect}, {interval} h") not in worlds:
        raise unknown("world", name, worlds)
    return worlds[name]


def normalised(value: _Number, effect: str = "real", interval: int = 4) -> _Number:
    """Return mean returns on the scale where random doses earn 0 and the reference rule 100 (no optimum is known; 100 is no bound).

    On effect "null", where doses change nothing, the scale has no length: raises UnknownName there.
    """
    if effect != "real":
        raise unknown("effect with a scale of scores", effect, ("real",))
    table = references(effect, interval)
    low, high = table["random"]["return"], table["rule"]["return"]
    return 100.0 * (value - low) / (high - low)


@cache
def _table() -> Mapping[str, Any]:
    return json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
