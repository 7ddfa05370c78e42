"""How a policy is learned from logged doses: one plan, of which each algorithm is a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medenvs.core.errors import BadValue, unknown

ALGORITHMS, SUPPORTS = ("bc", "cql", "iql"), ("none", "near", "guardian")


@dataclass(frozen=True)
class Plan:
    """How it learns; `batch` decisions an update, `stretch` updates a round.

    greedy: it does what is likeliest or best, else it draws. support: doses it may choose: all ("none"), those that make up `least` of
    what was given near the state ("near", one of `cells` regions), or those that a guardian knows. caution: weight of CQL's penalty.
    expectile, eagerness: of IQL. follow: how fast targets follow. limit: mean cost of an episode, undiscounted, that is allowed
    (None: costs do not count); costs: those that count, () all; multiplier_rate: how far the multiplier
    moves a round for each mean logged cost beyond the limit.
    doses: how many there are, numbered from 0. Raises UnknownName or BadValue.
    """

    algorithm: str
    updates: int = 20_000
    stretch: int = 100
    batch: int = 256
    rate: float = 3e-4
    discount: float = 0.99
    width: int = 128
    depth: int = 2
    greedy: bool = True
    support: str = "none"
    least: float = 0.02
    cells: int = 256
    caution: float = 1.0
    expectile: float = 0.7
    eagerness: float = 2.0
    follow: float = 0.005
    limit: float | None = None
    costs: tuple[str, ...] = ()
    multiplier_rate: float = 0.05
    doses: int = 25
    seed: int = 0

    def __post_init__(self) -> None:
        for kind, name, allowed in (("algorithm", self.algorithm, ALGORITHMS), ("support", self.support, SUPPORTS)):
            if name not in allowed:
                raise unknown(kind, name, allowed)
        for name in ("updates", "stretch", "batch", "width", "depth", "cells"):
            if getattr(self, name) < 1:
                raise BadValue(f"{name} is {getattr(self, name)}; allowed: 1 or more.")
        if self.updates % self.stretch:
            raise BadValue(f"updates is {self.updates}; allowed: a multiple of stretch, {self.stretch}.")
        bounds = {"rate": (0, 1), "discount": (0, 1), "least": (0, 1), "expectile": (0.5, 1), "follow": (0, 1)}
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise BadValue(f"{name} is {getattr(self, name)}; allowed: {low} to {high}.")
        if min(self.caution, self.eagerness, self.multiplier_rate, self.limit or 0.0) < 0 or self.doses < 2:
            raise BadValue("caution, eagerness, multiplier_rate and limit are 0 or more, doses at least 2.")
        if self.algorithm == "cql" and not self.greedy:
            raise BadValue("CQL learns values, from which nothing is drawn. Keep greedy=True, or learn with iql.")


BC = Plan("bc", greedy=False)
CQL = Plan("cql", support="near")
IQL = Plan("iql", support="near")
PRESETS = {plan.algorithm: plan for plan in (BC, CQL, IQL)}


def preset(algorithm: str, **changed: object) -> Plan:
    """Return the plan of an algorithm with some fields changed; raises UnknownName."""
    if algorithm not in PRESETS:
        raise unknown("algorithm", algorithm, PRESETS)
    for name in changed:
        if name not in Plan.__dataclass_fields__:
            raise unknown("field of a plan", name, Plan.__dataclass_fields__)
    return replace(PRESETS[algorithm], **changed)  # pyright: ignore[reportArgumentType]
