"""Every registered calculator: a named primary source and two independent implementations that agree (tests/worlds).

Those that lack one of the two stand in unverified.json, with what is missing, and are not played. Order is part of the case
numbering: append, never insert.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from medenvs.core.errors import unknown

from . import acute, body, cardiac, electrolytes, hepatic, infection, obstetric, renal, thrombosis
from .chains import CHAINS
from .model import Calculator

FAMILIES = (renal, electrolytes, cardiac, body, hepatic, obstetric, thrombosis, infection, acute)
CALCULATORS: tuple[Calculator, ...] = tuple(c for family in FAMILIES for c in family.CALCULATORS)
VARIANTS: tuple[Calculator, ...] = CALCULATORS + CHAINS  # what a case may ask: a calculator, or one whose input must be computed first

_BY_ID = {c.id: c for c in VARIANTS}


def calculator(id_: str) -> Calculator:
    """Return a calculator (or chain) by id; raises UnknownName with the nearest id."""
    if id_ not in _BY_ID:
        raise unknown("calculator", id_, [c.id for c in CALCULATORS])
    return _BY_ID[id_]


@cache
def unverified() -> dict[str, Any]:
    """Return the calculators that are not registered, and why."""
    return json.loads(resources.files("medenvs.worlds.calculators").joinpath("unverified.json").read_text(encoding="utf-8"))
