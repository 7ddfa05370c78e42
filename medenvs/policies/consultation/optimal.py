"""The exact optimum of a tiny world: dynamic programming over everything that can still be answered.

A state is what each inquiry has shown: a digit per inquiry, 0 before it is made. Values are kept times the probability of the
state, so that no posterior is ever normalised: U(s) = max(diagnose, U of the outcomes added up - price * P(s)). The recommendation
does not enter: on the tiny world everything that speaks against a drug is on the chart. The ceiling of prices never binds there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.errors import BadValue
from medenvs.worlds.consultation.personas import UNASKED, UNKNOWN

from .doctors import Doctor, Mind, mind
from .reading import Array, Seen

MOST_STATES = 2_000_000
STOP = -1
_KEPT = 8_192  # plans
State = tuple[int, ...]


class Plan(NamedTuple):
    """What to expect, and what to do in every state that is met while doing it (an index into the inquiries, or STOP)."""

    value: float
    moves: Mapping[State, int]


def solve(prior: Array, outcomes: Sequence[Array], prices: Sequence[float] | Array, pays: Array, turns: int) -> Plan:
    """Return the best plan. `outcomes` holds P(outcome | disease) of each open inquiry as (outcomes, diseases), `turns` the messages left.

    `pays` is (true, named disease). Raises BadValue when there are too many states.
    """
    shape = tuple(1 + len(o) for o in outcomes)
    if math.prod(shape) > MOST_STATES:
        raise BadValue(f"{math.prod(shape):.1e} states are too many to solve; at most {MOST_STATES:.0e}. Use size='tiny'.")
    if not shape:
        return Plan(float((prior @ pays).max() / prior.sum()), {(): STOP})
    joint = np.asarray(prior, float)
    for o in outcomes:
        factor = np.concatenate([np.ones((len(prior), 1)), o.T], 1)
        joint = joint[..., None] * factor.reshape(len(prior), *(1,) * (joint.ndim - 1), -1)
    mass, stop = joint.sum(0), (pays.T @ joint.reshape(len(prior), -1)).max(0).reshape(shape)
    worth, weight = stop.flatten(), mass.ravel()
    for made, inquiry, at in _order(shape):
        if made <= turns - 2:
            later = _after(worth, shape, inquiry, at) - prices[inquiry] * weight[at]
            worth[at] = np.maximum(worth[at], later)
    return Plan(float(worth[0] / weight[0]), dict(_followed(worth.reshape(shape), stop, mass, prices)))


@lru_cache(32)
def _order(shape: State) -> list[tuple[int, int, Array]]:
    """Return (inquiries made, inquiry, the flat states in which it is open), later states first: what they lead to must be known."""
    digits = np.indices(shape, np.int8).reshape(len(shape), -1)
    made = (digits > 0).sum(0)
    levels = range(len(shape) - 1, -1, -1)
    return [(n, i, np.flatnonzero((made == n) & (digits[i] == 0)).astype(np.int32)) for n in levels for i in range(len(shape))]


def _after(worth: Array, shape: State, inquiry: int, at: Array) -> Array:
    """Return what the outcomes of an inquiry are worth together, in the flat states `at`, where it is open."""
    stride = math.prod(shape[inquiry + 1 :])
    total = worth[at + stride]
    for digit in range(2, shape[inquiry]):
        total = total + worth[at + digit * stride]
    return total


def _followed(worth: Array, stop: Array, mass: Array, prices: Sequence[float] | Array) -> Iterator[tuple[State, int]]:
    """Yield the states that are met from the root on, and their moves; of equals stopping, then the first."""
    waiting: list[State] = [(0,) * worth.ndim]
    while waiting:
        state = waiting.pop()
        move = STOP
        if worth[state] > stop[state]:
            gains = {i: _outcomes(worth, state, i).sum() - prices[i] * mass[state] for i, digit in enumerate(state) if digit == 0}
            move = max(gains, key=lambda i: gains[i])
            waiting += [s for digit in range(1, worth.shape[move]) if mass[s := (*state[:move], digit, *state[move + 1 :])] > 0]
        yield state, move


def _outcomes(worth: Array, state: State, i: int) -> Array:
    return worth[*state[:i], 1:, *state[i + 1 :]]


class Optimal(Doctor):
    """Plays the exact optimum on the tiny world, from any observation; raises BadValue on larger worlds."""

    def inquiries(self, known: Mind, seen: Seen, p: Array) -> Array:
        """Return what the optimal plan does next."""
        openings = known.posterior.of(seen.who, np.full_like(seen.answers, UNASKED))
        return np.array([self._next(known, seen.rows(np.array([i])), openings[i], p[i]) for i in range(len(p))])

    def _next(self, known: Mind, me: Seen, opening: Array, now: Array) -> int:
        """Follow the plan made at the opening; where it never leads here, make one from here."""
        all_of_them, digits = situation(known, me)
        left, made = int(me.left[0]), sum(d > 0 for d in digits)
        plan = _plan(known.kb.size, _who(me), all_of_them, opening.round(13).tobytes(), min(left + made, len(digits) + 1))
        if digits in plan.moves:
            move = plan.moves[digits]
            return STOP if move == STOP else all_of_them[move]
        here = tuple(i for i, d in zip(all_of_them, digits, strict=True) if d == 0)
        move = _plan(known.kb.size, _who(me), here, now.round(13).tobytes(), min(left, len(here) + 1)).moves[(0,) * len(here)]
        return STOP if move == STOP else here[move]

    def value(self, observation: Mapping[str, Any]) -> float:
        """Return what the optimum earns from this observation on, prices paid so far left aside; raises BadValue on larger worlds."""
        known = mind("tiny")
        me = known.reading([observation])
        inquiries, digits = situation(known, me)
        here = tuple(i for i, d in zip(inquiries, digits, strict=True) if d == 0)
        now = known.posterior.of(me.who, me.answers)[0]
        return _plan("tiny", _who(me), here, now.round(13).tobytes(), min(int(me.left[0]), len(here) + 1)).value


def _who(me: Seen) -> tuple[int, int]:
    return int(me.who["persona"][0]), int(me.who["sex"][0])


def situation(known: Mind, me: Seen) -> tuple[tuple[int, ...], State]:
    """Return the inquiries that could teach one patient's doctor something at the opening, and what each has shown (0: not made)."""
    a, answers = known.actions, me.answers[0]
    settled = {int(me.who["first"][0]), int(me.who["second"][0])}
    able = tuple(i for i, r in enumerate(a.shown) if r and not settled.issuperset(r))
    return able, tuple(_digit(answers[list(a.shown[i])], i < a.asks) for i in able)


def _digit(answers: Array, by_patient: bool) -> int:
    """Return which outcome of an inquiry the answers are, counted from 1 as in Gain.likelihood; 0 before it is made."""
    if (answers == UNASKED).any():
        return 0
    if by_patient:
        return int(answers[0]) - UNKNOWN + 1
    return 1 + int("".join(str(int(a - UNKNOWN - 1)) for a in answers), 2)


@lru_cache(_KEPT)
def _plan(size: str, who: tuple[int, int], inquiries: tuple[int, ...], prior: bytes, turns: int) -> Plan:
    known = mind(size)
    likelihood, starts = known.gain.likelihood[who], known.gain.starts
    outcomes = [likelihood[starts[i] : starts[i + 1]] for i in inquiries]
    return solve(np.frombuffer(prior), outcomes, known.prices[list(inquiries)], known.gain.pays, turns)
