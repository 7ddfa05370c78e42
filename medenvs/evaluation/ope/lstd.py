"""Fitted Q evaluation at its fixed point: one linear solve in place of endless regressions (LSTD-Q, Lagoudakis and Parr 2003).

Q is linear in the features, and in some of them apart for every choice of each drug. Repeated regression comes to the same, but only
after many times as many rounds as an episode has steps, since a reward at the end reaches the beginning by averages.
"""

from __future__ import annotations

import numpy as np

from medenvs.core.errors import BadValue

from .crossfit import Critic, Fit
from .trajectories import Log


def fixed_point(heads: tuple[int, ...], crossed: tuple[int, ...], *, ridge: float = 1.0, bounds: tuple[float, float] | None = None) -> Fit:
    """Return a fit for `crossfit.judge` from features (N, T, F), standardised on the training patients.

    heads: as in `logit`; crossed: the columns whose slope differs for every choice; bounds: the least and the greatest return that is
    possible, to which predictions are cut. Raises BadValue.
    """
    if not ridge > 0.0 or (bounds is not None and not bounds[0] < bounds[1]):
        raise BadValue(f"ridge is {ridge}, bounds {bounds}; allowed: a ridge above 0, a lower and an upper bound.")

    def fit(train: Log) -> Critic:
        if train.states.ndim != 3 or int(np.prod(heads)) != train.policy.shape[2]:
            raise BadValue(f"heads {heads} for {train.policy.shape[2]} actions and states {train.states.shape}; expected (N, T, F).")
        lived = train.states[train.flow.mask]
        middle, spread = lived.mean(0), lived.std(0)
        scale = np.where(spread > 0.0, spread, 1.0)

        def design(data: Log, shares: list[np.ndarray]) -> np.ndarray:
            """Return the features of lived decisions with (rows, choices) shares of each head: indicators of what was done, or chances."""
            x = (data.states[data.flow.mask] - middle) / scale
            one = np.ones((len(x), 1))
            few = np.concatenate([one, x[:, list(crossed)]], 1)
            return np.concatenate([one, x, *((s[:, :, None] * few[:, None, :]).reshape(len(x), -1) for s in shares)], 1)

        weights = _solved(train, design(train, _done(train, heads)), design(train, _meant(train, heads)), ridge)

        def critic(data: Log) -> tuple[np.ndarray, np.ndarray]:
            found = np.zeros((2, *data.flow.size))
            for i, shares in enumerate((_done(data, heads), _meant(data, heads))):
                found[i][data.flow.mask] = design(data, shares) @ weights
            return (found[0], found[1]) if bounds is None else tuple(np.where(data.flow.mask, np.clip(found, *bounds), 0.0))

        return critic

    return fit


def _done(data: Log, heads: tuple[int, ...]) -> list[np.ndarray]:
    choices = np.unravel_index(data.actions[data.flow.mask], heads)
    return [np.eye(many)[choice] for choice, many in zip(choices, heads, strict=True)]


def _meant(data: Log, heads: tuple[int, ...]) -> list[np.ndarray]:
    """Return how often the policy makes each choice; Q adds up over heads, so these decide its mean."""
    joint = data.policy[data.flow.mask].reshape(-1, *heads)
    return [joint.sum(tuple(i for i in range(1, len(heads) + 1) if i != head + 1)) for head in range(len(heads))]


def _solved(train: Log, done: np.ndarray, meant: np.ndarray, ridge: float) -> np.ndarray:
    """Return the weights w at which done @ w is the regression of reward + discount * (what follows) @ w."""
    mask, patients = train.flow.mask, np.arange(len(train.flow.mask))[:, None]
    follows = np.zeros_like(meant)
    who = np.broadcast_to(patients, mask.shape)[mask]
    same = who[1:] == who[:-1]
    follows[:-1][same] = meant[1:][same]
    left = done.T @ (done - train.flow.discount * follows) + ridge * np.eye(done.shape[1])
    return np.linalg.solve(left, done.T @ train.flow.rewards[mask])
