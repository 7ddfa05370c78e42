"""Reward terms with weights, and the ledger that turns terms into reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from .errors import unknown
from .turn import Lane

Source = Literal["kernel", "words", "judge"]


class Term(NamedTuple):
    """One named part of the reward: who is paid (`role`, "" for the first), by whom it is measured, and when it pays.

    With a `gate` the term pays only where the term of that name is positive.
    """

    name: str
    weight: float
    role: str = ""
    source: Source = "kernel"
    gate: str | None = None


def reweighted(terms: Sequence[Term], weights: Mapping[str, float]) -> tuple[Term, ...]:
    """Return the terms with some weights replaced; an unknown name raises UnknownName."""
    for name in weights:
        if name not in {t.name for t in terms}:
            raise unknown("reward term", name, [t.name for t in terms])
    return tuple(t._replace(weight=float(weights.get(t.name, t.weight))) for t in terms)


class Ledger:
    """What one role is paid: weighted terms added one by one in a fixed order (never a matrix product: BLAS rounds by batch size)."""

    def __init__(self, terms: Sequence[Term], role: str, first: bool) -> None:
        mine = [t for t in terms if t.role == role or (first and not t.role)]
        self._pays = tuple((t.name, t.weight, t.gate) for t in mine if t.weight)

    def one(self, values: Mapping[str, float]) -> float:
        """Return the reward of one episode; `values` holds 0.0 where a term is absent."""
        total = 0.0
        for name, weight, gate in self._pays:
            if gate is None or values[gate] > 0:
                total += weight * values[name]
        return total

    def many(self, values: Mapping[str, Lane], zero: Any) -> Any:
        """Return the rewards of a batch; `zero` is the array of zeros to start from."""
        total = zero
        for name, weight, gate in self._pays:
            paid = weight * values[name]
            total = total + (paid if gate is None else paid * (values[gate] > 0))
        return total
