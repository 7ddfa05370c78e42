"""One question, one answer: right when it lies in the interval that the case accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from medenvs.core.fields import KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane, Turn


class Answer(NamedTuple):
    """What was answered: its kind (a number, a date …; -1 when nothing was understood) and its value."""

    kind: Lane
    value: Lane


@dataclass(slots=True)
class State:
    """Columns of the case, and whether it has been answered."""

    case: Lane
    kind: Lane
    truth: Lane
    low: Lane
    high: Lane
    variant: Lane  # which kind of problem
    facts: Any  # the numbers of the problem, (N, width) or a list
    shown: Any  # how the text shows them, for the source that writes it
    answered: Lane  # 0 open, 1 wrong, 2 right


class QuestionKernel:
    """Rules of a question with a numeric answer. Terms: ``correct``, ``invalid`` (nothing that counts as an answer was said)."""

    nothing = Answer(-1, 0.0)

    def __init__(self, width: int, stream: int, lanes: Lanes = PLAIN) -> None:
        self.width, self.lanes = width, lanes
        role = Role("solver", Numbers((), -1e12, 1e12, "float64"), {"observation": Numbers((1 + width,), -1e9, 1e9)})
        self.spec = KernelSpec(stream, (role,), ("correct", "invalid"), (), 1, draws=False)

    def on(self, lanes: Lanes) -> QuestionKernel:
        """Return the same rules over other numbers."""
        return QuestionKernel(self.width, self.spec.stream, lanes)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> State:
        """Begin with the columns case, kind, truth, low, high, variant, facts, shown."""
        answered = self.lanes.full(n, 0)
        return State(
            case["case"], case["kind"], case["truth"], case["low"], case["high"], case["variant"], case["facts"], case["shown"], answered
        )

    def step(self, state: State, moves: Mapping[str, Any], active: Lane) -> tuple[State, Turn]:
        """Score the answer; the episode ends."""
        m, move = self.lanes, moves["solver"]
        kind, value = move if isinstance(move, Answer) else (state.kind, move)
        inside = m.both(value >= state.low, value <= state.high)  # NaN lies nowhere
        right = m.both(kind == state.kind, inside)
        invalid = m.either(kind < 0, value != value)
        state.answered = m.where(active, 1 + right, state.answered)
        return state, Turn({"correct": m.number(right), "invalid": m.number(invalid)}, {}, kind == kind, kind != kind)

    def pack(self, actions: list[Answer]) -> Answer:
        """Return a batch of answers."""
        from numpy import array  # only batches need it

        kinds, values = zip(*actions, strict=True)
        return Answer(array(kinds), array(values))

    def mover(self, state: State) -> Lane:
        """There is one role."""
        return 0

    def observe(self, state: State, role: str, rows: Any = None) -> dict[str, Any]:
        """Return the problem's number and its facts as float32."""
        import numpy as np

        variant, facts = np.asarray(state.variant), np.asarray(state.facts)
        if rows is not None:
            variant, facts = variant[rows], facts[rows]
        seen = np.empty((*variant.shape, 1 + self.width), np.float32)
        seen[..., 0], seen[..., 1:] = variant, facts
        return {"observation": seen}

    def truth(self, state: State, row: int | None) -> dict[str, Any]:
        """Return the gold answer of a row."""
        lanes = {"case": state.case, "action": state.truth, "kind": state.kind, "low": state.low, "high": state.high}
        return {name: lane if row is None else lane[row].item() for name, lane in lanes.items()}
