"""The rules of one environment, for one episode or N at a time: no text, no Gymnasium, no torch import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Protocol, TypeVar

from .fields import KernelSpec
from .lanes import Lanes
from .randomness import Key
from .turn import Lane, Turn

S = TypeVar("S")
Move = Any


class Kernel(Protocol[S]):
    """Rules over lanes. State is a dataclass of lanes (arrays with one row per episode, or plain values).

    Optional, looked up once: ``pack(actions) -> Move`` for moves that are not one number; ``optimum(state) -> Lane`` where it
    is computed exactly; ``truth(state, row) -> dict`` of what only tests and gold agents may see.
    """

    spec: KernelSpec
    nothing: Move  # the move that means "no valid action"

    def on(self, lanes: Lanes) -> Kernel[S]:
        """Return the same rules over other numbers."""
        ...

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> S:
        """Begin episodes of the given cases (their columns)."""
        ...

    def step(self, state: S, moves: Mapping[str, Move], active: Lane) -> tuple[S, Turn]:
        """Play one move of the named roles; rows that are not `active` keep their state, and what the Turn says of them is not read."""
        ...

    def mover(self, state: S) -> Lane:
        """Return whose turn it is, as an index into ``spec.roles``."""
        ...

    def observe(self, state: S, role: str, rows: Any = None) -> dict[str, Lane]:
        """Return fresh numeric observations of a role."""
        ...


def scatter(state: Any, rows: Any, fresh: Any) -> None:
    """Write the rows of `fresh` into `state` (dataclasses of arrays, or of tuples of arrays) at `rows`."""
    for name in _names(state.__class__):
        old, new = getattr(state, name), getattr(fresh, name)
        if isinstance(old, tuple):
            parts: Any = zip(old, new, strict=True)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            for a, b in parts:
                a[rows] = b
        elif old is not None:
            old[rows] = new


@cache
def _names(state: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(state))
