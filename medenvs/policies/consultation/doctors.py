"""Scripted doctors, from one who never asks to the reference. They know the published knowledge base and what is observed.

A doctor decides from the present observation alone: nothing is carried from step to step. Once an item is proposed the
decision to stop has been taken: the other items and the diagnosis follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from gymnasium import Space, spaces

from medenvs.core.errors import BadValue
from medenvs.core.randomness import key, word
from medenvs.worlds.consultation.actions import Actions, actions
from medenvs.worlds.consultation.personas import NAMES, UNASKED
from medenvs.worlds.consultation.posterior import Posterior
from medenvs.worlds.consultation.prices import UNIT, topic_prices

from .advice import Advice
from .gain import Gain
from .reading import Array, Seen, reading, size_of

_ASKING = 0x41534B53  # keeps these draws apart from every other use of the same seed


class Mind:
    """What all doctors of one world know; made once for each size."""

    def __init__(self, size: str) -> None:
        self.actions, self.reading = actions(size), reading(size)
        self.kb = self.actions.kb
        self.posterior, self.advice, self.gain = Posterior(self.kb), Advice(self.actions), Gain(self.actions)
        self.prices = topic_prices(self.actions) * UNIT  # of the inquiries, in reward

    def closing(self, seen: Seen, p: Array) -> Array:
        """Return the moves that end the consultation: the next item to propose, else the diagnosis expected to earn most."""
        disease = (p @ self.gain.pays).argmax(1)
        lacking = self.advice.items(seen, disease) & ~seen.proposed & seen.allowed[:, self.actions.propose : self.actions.diagnose]
        return np.where(lacking.any(1), self.actions.propose + lacking.argmax(1), self.actions.diagnose + disease)


@cache
def mind(size: str) -> Mind:
    """Return what doctors know of a world; raises UnknownName."""
    return Mind(size)


class Doctor:
    """A doctor of the numeric observation of a consultation. `inquiries` says what to ask, -1 to stop."""

    tracks = ("array",)

    def __init__(self) -> None:
        self._seed = 0

    def bind(self, observation_space: Space[Any], action_space: Space[Any]) -> None:
        """Check that the observations are those of a consultation; raises BadValue."""
        if not isinstance(observation_space, spaces.Dict) or "observation" not in observation_space.spaces:
            raise BadValue(f"a doctor reads the numeric observation of a consultation, not {observation_space}. Use obs_mode='numeric'.")
        size_of(int(np.prod(observation_space["observation"].shape or ())))

    def reset(self, seed: int) -> None:
        """Begin an episode whose draws depend on `seed` alone."""
        self._seed = seed

    def act(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> int:
        """Return the move for one observation."""
        return self.act_batch([observation], [info])[0]

    def act_batch(self, observations: Sequence[Mapping[str, Any]], infos: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return one move for each observation of the same world."""
        known = mind(size_of(len(observations[0]["observation"])))
        seen = known.reading(observations)
        p = known.posterior.of(seen.who, seen.answers)
        moves = known.closing(seen, p)
        asking = np.flatnonzero(~seen.proposed.any(1) & (seen.left > 1))
        if len(asking):
            some = seen.rows(asking)
            inquiry = self.inquiries(known, some, p[asking])
            moves[asking] = np.where(inquiry >= 0, inquiry, moves[asking])
        return moves.tolist()

    def inquiries(self, known: Mind, seen: Seen, p: Array) -> Array:
        """Return what to ask, examine or order in each row, -1 where it is time to diagnose."""
        raise NotImplementedError


class Immediate(Doctor):
    """Diagnoses what the opening makes likeliest to pay, and asks nothing."""

    def inquiries(self, known: Mind, seen: Seen, p: Array) -> Array:
        """Return -1."""
        return np.full(len(p), -1)


class Protocol(Doctor):
    """Asks everybody the same questions: the `questions` that tell most at the front door, without what was volunteered."""

    def __init__(self, questions: int = 8) -> None:
        super().__init__()
        self.questions = questions

    def inquiries(self, known: Mind, seen: Seen, p: Array) -> Array:
        """Return the first question of the list that is still open."""
        listed = protocol(known.kb.size)
        waiting = known.reading.open_moves(seen)[:, listed]
        waiting[:, self.questions :] = False
        return np.where(waiting.any(1), listed[waiting.argmax(1)], -1)


@cache
def protocol(size: str) -> Array:
    """Return all questions and examinations, by what they tell about the truthful patients of either sex before anything is known."""
    known = mind(size)
    weights = np.array([d.weight for d in known.kb.diseases.values()])
    both = np.array([weights / weights.sum()] * 2)
    nats = known.gain.information(both, np.full(2, NAMES.index("truthful")), np.arange(2)).sum(0)
    return np.argsort(-nats[: known.actions.orders], kind="stable")


class RandomQuestions(Doctor):
    """Asks or examines at random `questions` times, then weighs the answers exactly."""

    def __init__(self, questions: int = 8) -> None:
        super().__init__()
        self.questions = questions

    def inquiries(self, known: Mind, seen: Seen, p: Array) -> Array:
        """Return an open question; the draw depends on the seed and on what is seen."""
        made = inquiries_made(known.actions, seen)
        waiting = known.reading.open_moves(seen)[:, : known.actions.orders]
        digest = seen.answers @ (np.arange(1, seen.answers.shape[1] + 1) ** 2)
        a, b = key(self._seed, _ASKING, digest, *seen.who.values())
        luck = word((a[:, None], b[:, None]), np.arange(waiting.shape[1]))
        chosen = np.where(waiting, luck, -1).argmax(1)
        return np.where(waiting.any(1) & (made < self.questions), chosen, -1)


def inquiries_made(world: Actions, seen: Seen) -> Array:
    """Return how many inquiries with a finding have been made in each row, as the answers show."""
    known = seen.answers != UNASKED
    line = np.arange(len(known))
    known[line, seen.who["first"]] = False
    two = seen.who["second"] >= 0
    known[line[two], seen.who["second"][two]] = False
    return np.sum([known[:, findings[0]] for findings in world.shown if findings], axis=0)
