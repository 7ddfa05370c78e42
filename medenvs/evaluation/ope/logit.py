"""The clinician's propensities, fitted: what an analyst makes of a chart when nobody kept the probabilities.

Doses are read as one choice for each drug, each a multinomial logit of the chart; besides, a clinician now and then doses whatever the
chart says (a lapse), how often and how is fitted too. Fitted propensities know nothing that the chart does not hold: hidden
confounding cannot be seen in the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from medenvs.core.errors import BadValue

from .crossfit import Behaviour
from .trajectories import Log


class _Model(NamedTuple):
    weights: list[np.ndarray]  # one (F, choices) for each head
    lapse: float
    habits: np.ndarray  # (A,) what is done in a lapse


def logit(heads: tuple[int, ...], *, rounds: int = 120, ridge: float = 1.0) -> Callable[[Log], Behaviour]:
    """Return a fit for `crossfit.estimated` from features (N, T, F); `heads` multiply to the number of actions, the last runs fastest.

    Each round improves the lapses by expectation, the logits by one accelerated step against Böhning's (1992) bound of their curvature.
    Raises BadValue.
    """
    if not heads or min(heads) < 2 or rounds < 1 or not ridge > 0.0:
        raise BadValue(f"heads are {heads}, rounds {rounds}, ridge {ridge}; allowed: 2 choices or more each, 1 round, a ridge above 0.")

    def fit(train: Log) -> Behaviour:
        if train.states.ndim != 3 or int(np.prod(heads)) != train.policy.shape[2]:
            raise BadValue(f"heads {heads} for {train.policy.shape[2]} actions and states {train.states.shape}; expected (N, T, F).")
        lived, done = train.states[train.flow.mask], train.actions[train.flow.mask]
        middle, spread = lived.mean(0), lived.std(0)
        scale = np.where(spread > 0.0, spread, 1.0)

        def design(x: np.ndarray) -> np.ndarray:
            return np.concatenate([np.ones((len(x), 1)), (x - middle) / scale], 1)

        model = _fitted(design(lived), done, heads, rounds, ridge)

        def behaviour(data: Log) -> np.ndarray:
            odds = np.ones(data.flow.size)
            mine = data.actions[data.flow.mask]
            odds[data.flow.mask] = _mixed(model, _chances(design(data.states[data.flow.mask]), mine, heads, model)[0])[0]
            return odds

        return behaviour

    return fit


def _fitted(x: np.ndarray, done: np.ndarray, heads: tuple[int, ...], rounds: int, ridge: float) -> _Model:
    choices = np.unravel_index(done, heads)
    wanted = [np.eye(many)[choice] for choice, many in zip(choices, heads, strict=True)]
    steps = np.linalg.inv(x.T @ x + ridge * np.eye(x.shape[1])) * 2.0
    often = (np.bincount(done, minlength=int(np.prod(heads))) + 1.0) / (len(done) + np.prod(heads))
    model = _Model([np.zeros((x.shape[1], many)) for many in heads], 0.1, often)
    ahead, pace, best = model.weights, 1.0, -np.inf
    for _ in range(rounds):
        likely, shares = _chances(x, done, heads, model._replace(weights=ahead))
        odds, lapsed = _mixed(model, likely)
        if (now := float(np.log(odds).sum())) < best:  # too fast: begin again from here (O'Donoghue and Candes 2015)
            ahead, pace, best = model.weights, 1.0, -np.inf
            continue
        best, faster = now, (1.0 + np.sqrt(1.0 + 4.0 * pace * pace)) / 2.0
        pull = [x.T @ ((1.0 - lapsed)[:, None] * (y - p)) - ridge * w for y, p, w in zip(wanted, shares, ahead, strict=True)]
        new = [w + steps @ g for w, g in zip(ahead, pull, strict=True)]
        ahead = [n + (pace - 1.0) / faster * (n - w) for n, w in zip(new, model.weights, strict=True)]
        habits = np.bincount(done, lapsed, len(often)) + often
        model, pace = _Model(new, float(np.clip(lapsed.mean(), 1e-4, 0.5)), habits / habits.sum()), faster
    return model


def _chances(x: np.ndarray, done: np.ndarray, heads: tuple[int, ...], model: _Model) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return how likely what was done is without a lapse, all heads together, and all chances of each head."""
    shares = list[np.ndarray]()
    likely = np.ones(len(x))
    for weights, choice in zip(model.weights, np.unravel_index(done, heads), strict=True):
        logits = x @ weights
        grown = np.exp(logits - logits.max(1, keepdims=True))
        shares.append(grown / grown.sum(1, keepdims=True))
        likely = likely * np.take_along_axis(shares[-1], choice[:, None], 1)[:, 0]
    return np.stack([likely, model.habits[done]]), shares


def _mixed(model: _Model, likely: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of what was done, and which part of it is lapse."""
    meant, lapsed = (1.0 - model.lapse) * likely[0], model.lapse * likely[1]
    return meant + lapsed, lapsed / (meant + lapsed)
