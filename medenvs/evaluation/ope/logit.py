"""The clinician's propensities, fitted: what an analyst makes of a chart when nobody kept the probabilities.

Doses are read as one choice for each drug, each a multinomial logit of the chart; besides, a clinician now and then doses whatever the
chart says (a lapse), how often and how is fitted too. Fitted propensities know nothing that the chart does not hold: hidden
confounding cannot be seen in the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from medenvs.core.errors import BadValue

from .crossfit import Behaviour
from .trajectories import Log


class Clinician(NamedTuple):
    """A fitted clinician: `chances` gives all probabilities."""

    heads: tuple[int, ...]
    middle: np.ndarray
    scale: np.ndarray
    weights: list[np.ndarray]  # one (1 + F, choices) for each head
    lapse: float
    habits: np.ndarray  # (A,) what is done in a lapse

    def design(self, x: np.ndarray) -> np.ndarray:
        """Return standardised features (rows, 1 + F)."""
        return np.concatenate([np.ones((len(x), 1)), (x - self.middle) / self.scale], 1)

    def chances(self, x: np.ndarray) -> np.ndarray:
        """Return the probability of each action (rows, A) for features (rows, F); rows sum to 1."""
        joint = np.ones((len(x), 1))
        for shares in _shares(self.design(x), self.weights):
            joint = (joint[:, :, None] * shares[:, None, :]).reshape(len(x), -1)
        return (1.0 - self.lapse) * joint + self.lapse * self.habits


def logit(heads: tuple[int, ...], *, rounds: int = 80, ridge: float = 1.0) -> Callable[[Log], Behaviour]:
    """Return a fit for `crossfit.estimated` from features (N, T, F); see `fitted`."""

    def fit(train: Log) -> Behaviour:
        if train.states.ndim != 3 or int(np.prod(heads)) != train.policy.shape[2]:
            raise BadValue(f"heads {heads} for {train.policy.shape[2]} actions and states {train.states.shape}; expected (N, T, F).")
        model = fitted(train.states[train.flow.mask], train.actions[train.flow.mask], heads, rounds=rounds, ridge=ridge)

        def behaviour(data: Log) -> np.ndarray:
            odds, done = np.ones(data.flow.size), data.actions[data.flow.mask]
            odds[data.flow.mask] = np.take_along_axis(model.chances(data.states[data.flow.mask]), done[:, None], 1)[:, 0]
            return odds

        return behaviour

    return fit


def fitted(x: np.ndarray, done: np.ndarray, heads: tuple[int, ...], *, rounds: int = 80, ridge: float = 1.0) -> Clinician:
    """Return the clinician fitted to features (rows, F) and actions (rows,); `heads` multiply to the number of actions, the last fastest.

    Each round improves the lapses by expectation, the logits by one accelerated step against Böhning's (1992) bound of their curvature.
    Raises BadValue.
    """
    if not heads or min(heads) < 2 or rounds < 1 or not ridge > 0.0:
        raise BadValue(f"heads are {heads}, rounds {rounds}, ridge {ridge}; allowed: 2 choices or more each, 1 round, a ridge above 0.")
    spread, often = x.std(0), np.bincount(done, minlength=int(np.prod(heads))) + 1.0
    start = [np.zeros((1 + x.shape[1], many)) for many in heads]
    model = Clinician(heads, x.mean(0), np.where(spread > 0.0, spread, 1.0), start, 0.1, often / often.sum())
    return _climbed(model, model.design(x), done, rounds, ridge)


def _climbed(model: Clinician, x: np.ndarray, done: np.ndarray, rounds: int, ridge: float) -> Clinician:
    choices = np.unravel_index(done, model.heads)
    steps = np.linalg.inv(x.T @ x + ridge * np.eye(x.shape[1])) * 2.0
    ahead, pace, best = model.weights, 1.0, -np.inf
    for _ in range(rounds):
        shares = _shares(x, ahead)
        meant = np.prod([s[np.arange(len(x)), c] for s, c in zip(shares, choices, strict=True)], 0) * (1.0 - model.lapse)
        strayed = model.lapse * model.habits[done]
        if (now := float(np.log(meant + strayed).sum())) < best:  # too fast: begin again from here (O'Donoghue and Candes 2015)
            ahead, pace, best = model.weights, 1.0, -np.inf
            continue
        lapsed, best, faster = strayed / (meant + strayed), now, (1.0 + np.sqrt(1.0 + 4.0 * pace * pace)) / 2.0
        new = list[np.ndarray]()
        for w, share, choice in zip(ahead, shares, choices, strict=True):
            pull = np.eye(share.shape[1])[choice] - share
            new.append(w + steps @ (x.T @ ((1.0 - lapsed)[:, None] * pull) - ridge * w))
        ahead = [n + (pace - 1.0) / faster * (n - w) for n, w in zip(new, model.weights, strict=True)]
        habits = np.bincount(done, lapsed, len(model.habits)) + 0.04
        lapse = float(np.clip(lapsed.mean(), 1e-4, 0.5))
        model, pace = model._replace(weights=new, lapse=lapse, habits=habits / habits.sum()), faster
    return model


def _shares(x: np.ndarray, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the chances of each head's choices (rows, choices)."""
    found = list[np.ndarray]()
    for w in weights:
        logits = x @ w
        grown = np.exp(logits - logits.max(1, keepdims=True))
        found.append(grown / grown.sum(1, keepdims=True))
    return found
