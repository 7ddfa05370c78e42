"""A budget of turns as an option gives it: a number, or the ends of a range from which each case draws its own."""

from __future__ import annotations

from typing import Any, cast

from medenvs.core.errors import BadValue

Budget = int | tuple[int, int]


def ends(budget: Any, least: int, most: int) -> tuple[int, int]:
    """Return (lowest, highest), both included; raises BadValue unless both are whole numbers from `least` to `most`."""
    low, high = cast("tuple[Any, Any]", budget) if isinstance(budget, (tuple, list)) and len(cast("Any", budget)) == 2 else (budget, budget)
    if not (type(low) is int and type(high) is int and least <= low <= high <= most):
        raise BadValue(f"budget is {budget!r}; allowed: {least} to {most} turns, or (lowest, highest) within.")
    return low, high
