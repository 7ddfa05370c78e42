"""`medenvs check`: what a good environment does, held against anybody's."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

from .general_checks import GENERAL
from .house_checks import HOUSE
from .subject import Broken, Check, Inapplicable, Target, target

__all__ = ["Finding", "Target", "apply", "check", "checks", "target"]


class Finding(NamedTuple):
    """How one check went; `detail` says what was wrong, or why it does not apply."""

    check: str
    passed: bool
    detail: str


def checks(where: Target) -> Sequence[Check]:
    """Return the checks for a target: the general ones, and ours for what stands in the catalogue."""
    return GENERAL if where.entry is None else (*GENERAL, *HOUSE)


def check(where: Target) -> list[Finding]:
    """Run every check; none keeps another from running."""
    return [apply(one, where) for one in checks(where)]


def apply(one: Check, where: Target) -> Finding:
    """Run one check; anything it raises is a finding."""
    name = one.__name__.removeprefix("_").replace("_", " ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one(where)
    except Inapplicable as reason:
        return Finding(name, True, f"does not apply: {reason}")
    except Exception as error:  # noqa: BLE001  an environment may raise anything
        detail = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
        return Finding(name, False, detail)
    return Finding(name, True, "")
