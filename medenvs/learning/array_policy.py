"""Actor and critic on arrays: named moves (with a mask where there is one), or numbers within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from medenvs.core.errors import BadValue, missing
from medenvs.core.fields import Choice, Role

_NEVER = -1e9  # the score of a move that the mask forbids
_UNSURE = -0.5  # log deviation of a number at the start, in half ranges
MASK, SEEN = "action_mask", "observation"


@dataclass(frozen=True)
class Face:
    """What a policy reads and does: `inputs` numbers, `moves` named moves, or else as many numbers as `low` and `high` hold."""

    inputs: int
    moves: int
    masked: bool = False
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @classmethod
    def of(cls, role: Role) -> Face:
        """Return the face of a role that sees one vector (and a mask) and names a move or gives bounded numbers; raises BadValue."""
        names = set(role.observation)
        if SEEN not in names or names - {SEEN, MASK} or len(role.observation[SEEN].shape) != 1:
            raise BadValue(f"{role.name} observes {', '.join(sorted(names))}; a policy on arrays reads one vector, and a mask of moves.")
        inputs, action = role.observation[SEEN].shape[0], role.action
        if isinstance(action, Choice):
            return cls(inputs, len(action.labels), MASK in names)
        ends = [np.broadcast_to(b, action.shape).astype(float) for b in (action.low, action.high)]
        if len(action.shape) != 1 or not np.isfinite(ends).all():
            raise BadValue(f"{role.name} acts with numbers of shape {action.shape}; a policy on arrays gives one row within finite bounds.")
        low, high = (tuple(end.tolist()) for end in ends)
        return cls(inputs, 0, False, low, high)


def ready() -> Any:
    """Return torch; raises MissingExtra."""
    try:
        import torch
    except ImportError:
        raise missing("torch", "torch") from None
    return torch


def network(inputs: int, width: int, depth: int, outputs: int, gain: float = 1.0) -> Any:
    """Return layers of `width` with tanh between them, orthogonal at the start; `gain` is that of the last."""
    from torch import nn

    sizes = [inputs, *[width] * depth]
    layers: list[Any] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.Tanh()]
    layers.append(nn.Linear(sizes[-1], outputs))
    for i, layer in enumerate(linear := layers[::2]):
        nn.init.orthogonal_(layer.weight, gain if i == len(linear) - 1 else 2**0.5)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


class ArrayPolicy:
    """Two small networks that read one vector, scaled by what was met so far. `critics`: 1, or 2 with one for the costs."""

    def __init__(self, face: Face, width: int = 64, depth: int = 2, critics: int = 1, device: str = "cpu", seed: int = 0) -> None:
        torch = ready()
        self.torch, self.face, self.made_of = torch, face, (width, depth, critics)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            heads = {"actor": face.moves or len(face.low), "critic": critics}
            nets = {name: network(face.inputs, width, depth, out, 0.01 if name == "actor" else 1.0) for name, out in heads.items()}
        self.nets: Any = torch.nn.ModuleDict(nets)
        if not face.moves:
            self.nets.register_parameter("spread", torch.nn.Parameter(torch.full((len(face.low),), _UNSURE)))
        for name, start in (("mean", 0.0), ("square", 1.0)):
            self.nets.register_buffer(name, torch.full((face.inputs,), start))
        self.nets.register_buffer("met", torch.zeros(()))
        self.nets.to(device)
        self._low, self._high = (torch.tensor(b, device=device) for b in (face.low, face.high))

    def meet(self, seen: Any) -> None:
        """Let the scaling know what was met: rows of raw observations."""
        nets, rows = self.nets, seen.reshape(-1, self.face.inputs).float()
        share = len(rows) / (float(nets.met) + len(rows))
        nets.mean += (rows.mean(0) - nets.mean) * share
        nets.square += ((rows * rows).mean(0) - nets.square) * share
        nets.met += len(rows)

    def scaled(self, seen: Any) -> Any:
        """Return observations with mean 0 and deviation 1, cut to 8 deviations."""
        nets = self.nets
        spread = (nets.square - nets.mean * nets.mean).clip(1e-6).sqrt()
        return ((seen.float() - nets.mean) / spread).clip(-8, 8)

    def values(self, scaled: Any) -> Any:
        """Return what is expected from here on, (rows, critics)."""
        return self.nets["critic"](scaled)

    def scores(self, scaled: Any, mask: Any) -> Any:
        """Return log-probabilities of the moves, or the middles of the numbers."""
        out = self.nets["actor"](scaled)
        if not self.face.moves:
            return out
        if mask is not None:
            out = out.masked_fill(mask == 0, _NEVER)
        return out.log_softmax(-1)

    def act(self, seen: dict[str, Any], generator: Any = None) -> tuple[Any, Any]:
        """Return (raw actions, log-probabilities); without a generator the likeliest action."""
        torch = self.torch
        with torch.no_grad():
            scores = self.scores(self.scaled(seen[SEEN]), seen.get(MASK))
            if self.face.moves:
                if generator is None:
                    done = scores.argmax(-1)
                else:
                    edges = scores.exp().cumsum(-1)
                    drawn = torch.rand(len(edges), 1, generator=generator, device=edges.device) * edges[:, -1:]
                    done = (edges <= drawn).sum(-1).clip(max=self.face.moves - 1)
            else:
                noise = 0.0 if generator is None else torch.randn(scores.shape, generator=generator, device=scores.device)
                done = scores + self.nets.spread.exp() * noise
            return done, self.likely(scores, done)

    def likely(self, scores: Any, done: Any) -> Any:
        """Return the log-probabilities (densities) of raw actions."""
        if self.face.moves:
            return scores.gather(-1, done[:, None])[:, 0]
        spread = self.nets.spread
        return (-0.5 * ((done - scores) / spread.exp()) ** 2 - spread - 0.9189385332046727).sum(-1)

    def unsure(self, scores: Any) -> Any:
        """Return the entropy of each row."""
        if self.face.moves:
            return -(scores.exp() * scores.clip(min=-1e4)).sum(-1)
        return (self.nets.spread + 1.4189385332046727).sum() + scores[:, 0] * 0

    def move(self, done: Any) -> Any:
        """Return the kernel's move of raw actions: numbers are cut to their bounds, of which -1 and 1 are the ends."""
        if self.face.moves:
            return done
        return self._low + (done.clip(-1, 1) + 1) * 0.5 * (self._high - self._low)
