"""A system: rules + words + cases + what each term weighs. Nothing here runs; Episodes does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .agent import Player
from .cases import CaseSource
from .errors import RefusedSource
from .kernel import Kernel
from .language import Language
from .reward import Term, reweighted
from .services import Judge, Painter


@dataclass(frozen=True)
class System:
    """A composition. `players` fill the roles that are not played from outside; `options` are what built it, for the record.

    `knobs`: columns of a case that `reset` may overwrite: the numbers that are allowed, or names for them. `painter`: draws what the
    outside role has observed, where render_mode is "rgb_array" (None: the text is drawn).
    """

    name: str
    kernel: Kernel[Any]
    language: Language[Any]
    cases: CaseSource
    terms: tuple[Term, ...]
    players: Mapping[str, Player] = field(default_factory=dict[str, Player])
    judges: tuple[Judge, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    simulated: bool = True
    knobs: Mapping[str, range | tuple[str, ...]] = field(default_factory=dict[str, "range | tuple[str, ...]"])
    painter: Painter | None = None

    def __post_init__(self) -> None:
        if not self.cases.credentialed:
            return
        for one in (*self.players.values(), *self.judges):
            if how := getattr(one, "discloses", ""):
                raise RefusedSource(
                    f"{self.name}: its cases are credentialed, and a {type(one).__name__} {how}. "
                    "Remedy: an endpoint on this machine (localhost) without an answer cache, or open cases."
                )

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles played from outside, in the kernel's order."""
        return tuple(r.name for r in self.kernel.spec.roles if r.name not in self.players)

    def weighing(self, weights: Mapping[str, float] | None) -> System:
        """Return the same system with some term weights replaced."""
        return replace(self, terms=reweighted(self.terms, weights)) if weights else self
