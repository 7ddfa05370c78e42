"""The second reading of every calculator, written without sight of the first and meant to be compared with it.

`BY_HAND[id](**inputs)` returns the exact truth: a Fraction (decimals, half points) or an int (scores, dates as ordinals,
gestational age as total days). Inputs come by keyword in canonical units, flags as 0/1. Formulas are worked in exact
fractions, with 40-digit decimals for roots, powers and logarithms; scores are literal band tables. Each file names the
publications its formulas are known from.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from inspect import isfunction
from types import ModuleType

import calculators_by_hand_body as body
import calculators_by_hand_clots as clots
import calculators_by_hand_labs as labs
import calculators_by_hand_liver as liver
import calculators_by_hand_scores as scores
import calculators_by_hand_severity as severity

Truth = Callable[..., Fraction | int]


def _written_in(module: ModuleType) -> dict[str, Truth]:
    """Return the public functions written in `module` by calculator id (a trailing underscore avoids a built-in name)."""
    return {
        name.rstrip("_"): function
        for name, function in vars(module).items()
        if isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


BY_HAND: dict[str, Truth] = {
    name: function for module in (labs, body, liver, clots, severity, scores) for name, function in _written_in(module).items()
}
