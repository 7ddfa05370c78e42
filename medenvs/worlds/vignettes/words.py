"""The words of notes: quantities, criteria, templates and distractors from the data files beside this one, filled by sex."""

from __future__ import annotations

import datetime
import json
from functools import cache
from importlib import resources
from typing import Any

from medenvs.worlds.calculators.drawing import Unit

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_TOKENS = (("{He}", "He", "She"), ("{he}", "he", "she"), ("{His}", "His", "Her"), ("{his}", "his", "her"), ("{him}", "him", "her"))


@cache
def data(name: str) -> Any:
    """Return one of the data files: quantities, flags, templates, distractors."""
    return json.loads(resources.files("medenvs.worlds.vignettes").joinpath(f"{name}.json").read_text(encoding="utf-8"))


@cache
def units() -> dict[str, tuple[Unit, ...]]:
    """Return the other units of each quantity that has some."""
    found = {key: q.get("units") or () for key, q in data("quantities").items() if key != "composites"}
    return {
        key: tuple(Unit(u[0], float(u[1]), int(u[2]), float(u[3]) if len(u) > 3 else 0.0) for u in us) for key, us in found.items() if us
    }


def by_sex(text: str, female: int) -> str:
    """Return the text with its pronouns filled."""
    for token, man, woman in _TOKENS:
        text = text.replace(token, woman if female else man)
    return text


def day(date: datetime.date) -> str:
    """Return a date as clinicians write it: 3 March 1952."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"
