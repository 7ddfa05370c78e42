"""N episodes on the tensors of one device: the rules compiled into one graph, and rows that end begin their next episode at once."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

from medenvs.core.errors import BadValue, missing
from medenvs.core.randomness import key
from medenvs.core.reward import Ledger
from medenvs.core.system import System
from medenvs.core.turn import Lane

from .torch_lanes import torch_lanes


class Stepped(NamedTuple):
    """What one move in every row led to, as tensors. Where `terminated`, the observation is the next episode's first."""

    observation: dict[str, Lane]
    reward: Lane
    terms: dict[str, Lane]
    costs: dict[str, Lane]
    terminated: Lane


class TorchEpisodes:
    """Episodes of a system with one role that is played in numbers.

    Row i plays stream seed + i with the cases, draws and courses of the vector view: bit-equal uncompiled on a CPU, within rounding
    elsewhere. Rules that run through lists raise BadValue, and so does a system with players or judges.
    """

    def __init__(
        self,
        system: System,
        n: int,
        *,
        seed: int = 0,
        split: str = "train",
        dtype: str = "float32",
        device: str = "cpu",
        compiled: bool = True,
    ) -> None:
        try:
            import torch
        except ImportError:
            raise missing("torch", "torch") from None
        if system.players or system.judges or len(system.kernel.spec.roles) != 1:
            raise BadValue(f"{system.name} has players, judges or several roles. Tensors play one role alone; use gym.make_vec.")
        self._torch, self._cases, self._split = torch, system.cases, split
        self.kernel = system.kernel.on(torch_lanes(dtype, device, True))
        self.role = self.kernel.spec.roles[0].name
        self._ledger = Ledger(system.terms, self.role, True)
        self._bunch = max(1, n // 8)  # rows that begin anew together
        self._streams = torch.arange(n, device=device) + seed
        self._keys, self._episodes = key(self._streams), self._streams * 0
        self._zero = torch.zeros(n, dtype=getattr(torch, dtype), device=device)
        self.state: Any = self._begun(self._streams, self._keys, self._episodes)
        self._kind, self._names = type(self.state), [field.name for field in fields(self.state)]
        self._lanes = tuple(_own(getattr(self.state, name)) for name in self._names)
        self._step: Any = torch.compile(self._stepped, fullgraph=True, dynamic=False) if compiled else self._stepped
        self._begin: Any = torch.compile(self._fresh, fullgraph=True, dynamic=False) if compiled else self._fresh

    def observe(self) -> dict[str, Lane]:
        """Return the observation of every row."""
        return self.kernel.observe(self._kind(*self._lanes), self.role)

    def step(self, moves: Any) -> Stepped:
        """Play one move in every row: whole numbers, or one row of numbers each."""
        self._lanes, out = self._step(self._lanes, moves)
        rows = self._torch.nonzero(out.terminated)[:, 0]
        for some in self._torch.split(rows, self._bunch) if len(rows) else ():
            full = self._torch.cat((some, some[:1].expand(self._bunch - len(some))))  # one size, one graph; twice the same changes nothing
            self._renew(out.observation, full)
        return out

    def _begun(self, streams: Lane, keys: Any, episodes: Lane) -> Any:
        """Return the state in which episodes begin."""
        drawn, spec = self._cases.draw(keys, episodes, self._split), self.kernel.spec
        own = key(spec.stream, drawn, streams, episodes) if spec.draws else (0, 0)
        return self.kernel.reset(self._cases.columns(drawn), own, len(drawn))

    def _stepped(self, lanes: Any, moves: Any) -> tuple[Any, Stepped]:
        state, turn = self.kernel.step(self._kind(*lanes), {self.role: moves}, True)
        reward = self._ledger.many(turn.terms, self._zero)
        seen = self.kernel.observe(state, self.role)
        return tuple(getattr(state, name) for name in self._names), Stepped(seen, reward, turn.terms, turn.costs, turn.terminated)

    def _fresh(self, streams: Lane, keys: Any, episodes: Lane) -> tuple[Any, dict[str, Lane]]:
        state = self._begun(streams, keys, episodes)
        return tuple(getattr(state, name) for name in self._names), self.kernel.observe(state, self.role)

    def _renew(self, seen: dict[str, Lane], rows: Lane) -> None:
        """Begin the next episode of some rows."""
        episodes = self._episodes[rows] + 1
        self._episodes[rows] = episodes
        lanes, shown = self._begin(self._streams[rows], tuple(part[rows] for part in self._keys), episodes)
        for old, new in zip(self._lanes, lanes, strict=True):
            _written(old, rows, new)
        for name, lane in shown.items():
            seen[name][rows] = lane


def _own(lane: Any) -> Any:
    """Return a copy (of each part): a graph may hand out one tensor twice where two lanes start alike."""
    if lane is None:
        return None
    return tuple(_own(part) for part in lane) if isinstance(lane, tuple) else lane.clone()  # pyright: ignore[reportUnknownVariableType]


def _written(lane: Any, rows: Any, fresh: Any) -> None:
    if lane is None:
        return
    for old, new in zip(lane, fresh, strict=True) if isinstance(lane, tuple) else ((lane, fresh),):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        old[rows] = new
