"""Logged episodes as arrays: patients x steps, checked once, so that everything behind can trust them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from medenvs.core.errors import BadData, BadValue
from medenvs.worlds.tabular.finite import Played


@dataclass(frozen=True)
class Trajectories:
    """Complete episodes of N patients, at most T steps each; `trajectories` makes and checks them.

    rewards; behaviour: the probability (or density) with which the clinician did what was logged; target: that of the policy in
    question; mask: True where a step was lived, from the first on without gaps; patients: N distinct whole numbers; q, v: a critic's
    Q(s, a) and V(s) under the target policy, or None. All (N, T) but `patients`. Beyond an episode's end: reward, q and v 0, ratio 1.
    """

    rewards: np.ndarray
    behaviour: np.ndarray
    target: np.ndarray
    mask: np.ndarray
    patients: np.ndarray
    discount: float = 1.0
    q: np.ndarray | None = None
    v: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Return (patients, steps)."""
        return self.rewards.shape[0], self.rewards.shape[1]

    @property
    def discounts(self) -> np.ndarray:
        """Return discount ** t for each step."""
        return np.cumprod(np.r_[1.0, np.full(self.size[1] - 1, self.discount)])

    @property
    def returns(self) -> np.ndarray:
        """Return the discounted return of each patient."""
        return self.rewards @ self.discounts

    def take(self, rows: np.ndarray) -> Trajectories:
        """Return the episodes of some rows (indices or a boolean mask)."""
        more = {n: None if (x := getattr(self, n)) is None else x[rows] for n in ("q", "v")}
        arrays = {n: getattr(self, n)[rows] for n in ("rewards", "behaviour", "target", "mask", "patients")}
        return replace(self, **arrays, **more)

    def ordered(self) -> Trajectories:
        """Return the same episodes by rising patient number: whatever follows does not depend on the order of rows."""
        return self.take(np.argsort(self.patients))

    def judged(self, q: np.ndarray, v: np.ndarray) -> Trajectories:
        """Return the same episodes with a critic's predictions; raises BadValue or BadData."""
        return replace(self, q=_column(q, "q", self.mask, self.patients), v=_column(v, "v", self.mask, self.patients))

    def logged(self) -> Trajectories:
        """Return the same episodes with the behaviour itself as the policy in question."""
        return replace(self, target=self.behaviour, q=None, v=None)


def trajectories(
    rewards: Any, behaviour: Any, target: Any, mask: Any = None, patients: Any = None, *, discount: float = 1.0
) -> Trajectories:
    """Return checked episodes; without `mask` every step was lived, without `patients` rows are numbered from 0.

    Raises BadValue for wrong shapes, an episode with a gap or without steps, or a discount outside [0, 1]; BadData, with patient and
    step, for a value that is not finite, a behaviour propensity that is not above 0 or a target propensity below 0.
    """
    rewards = np.asarray(rewards, float)
    if rewards.ndim != 2 or 0 in rewards.shape:
        raise BadValue(f"rewards has shape {rewards.shape}; expected (patients, steps), at least one of each.")
    lived = np.ones(rewards.shape, bool) if mask is None else np.asarray(mask, bool)
    ids = np.arange(len(rewards)) if patients is None else np.asarray(patients)
    if lived.shape != rewards.shape or ids.shape != rewards.shape[:1]:
        raise BadValue(f"mask has shape {lived.shape}, patients {ids.shape}; expected {rewards.shape} and {rewards.shape[:1]}.")
    if not np.issubdtype(ids.dtype, np.integer) or len(np.unique(ids)) < len(ids):
        raise BadValue("patients are not distinct whole numbers. One row holds one patient: join the stays of a patient, or number them.")
    if (gaps := ~lived[:, 0] | (lived[:, 1:] & ~lived[:, :-1]).any(1)).any():
        raise BadValue(f"patient {ids[gaps][0]}: the mask has a gap or no first step. Expected lived steps from the first on, then none.")
    if not 0.0 <= discount <= 1.0:
        raise BadValue(f"discount is {discount}; allowed: 0 to 1.")
    done, wanted = (_column(x, n, lived, ids, 1.0) for x, n in ((behaviour, "behaviour"), (target, "target")))
    _refuse(done <= 0.0, done, "behaviour propensity", "above 0: what was done was possible", ids)
    _refuse(wanted < 0.0, wanted, "target propensity", "0 or more", ids)
    return Trajectories(_column(rewards, "reward", lived, ids), done, wanted, lived, ids.astype(np.int64), float(discount))


def _column(values: Any, name: str, mask: np.ndarray, patients: np.ndarray, beyond: float = 0.0) -> np.ndarray:
    x = np.asarray(values, float)
    if x.shape != mask.shape:
        raise BadValue(f"{name} has shape {x.shape}; expected {mask.shape}, patients x steps.")
    x = np.where(mask, x, beyond)
    _refuse(~np.isfinite(x), x, name, "a finite number", patients)
    return x


def _refuse(wrong: np.ndarray, values: np.ndarray, name: str, expected: str, patients: np.ndarray) -> None:
    if wrong.any():
        row, step = np.argwhere(wrong)[0]
        raise BadData(f"patient {patients[row]}, step {step}: {name} is {values[row, step]}; expected {expected}.")


@dataclass(frozen=True)
class Log:
    """Episodes with what a critic needs: states (N, T) whole numbers or (N, T, F) features, actions (N, T) in [0, A), and
    policy (N, T, A), the target policy's probabilities in each state; `log` makes and checks it."""

    flow: Trajectories
    states: np.ndarray
    actions: np.ndarray
    policy: np.ndarray

    def take(self, rows: np.ndarray) -> Log:
        """Return the episodes of some rows."""
        return Log(self.flow.take(rows), self.states[rows], self.actions[rows], self.policy[rows])

    def toward(self, policy: np.ndarray) -> Log:
        """Return the same episodes for another target policy (N, T, A)."""
        at = self.flow
        return log(at.rewards, at.behaviour, self.states, self.actions, policy, at.mask, at.patients, discount=at.discount)


def log(
    rewards: Any, behaviour: Any, states: Any, actions: Any, policy: Any, mask: Any = None, patients: Any = None, *, discount: float = 1.0
) -> Log:
    """Return a checked log of discrete doses; the target propensities are those that `policy` gives the logged actions."""
    actions, states, policy = np.asarray(actions), np.asarray(states), np.asarray(policy, float)
    shape = np.shape(rewards)
    if policy.ndim != 3 or policy.shape[:2] != shape or actions.shape != shape or states.shape[:2] != shape:
        raise BadValue(
            f"states {states.shape}, actions {actions.shape} and policy {policy.shape} do not begin with the shape {shape} of rewards."
        )
    lived = np.ones(shape, bool) if mask is None else np.asarray(mask, bool)
    legal = (actions >= 0) & (actions < policy.shape[2]) | ~lived
    if not np.issubdtype(actions.dtype, np.integer) or not legal.all():
        raise BadValue(f"actions hold {actions[~legal][:3].tolist() or actions.dtype}; allowed: whole numbers in [0, {policy.shape[2]}).")
    if (wrong := lived & ~(np.isclose(policy.sum(2), 1.0, atol=1e-6) & (policy >= 0).all(2))).any():
        row, step = np.argwhere(wrong)[0]
        raise BadData(
            f"row {row}, step {step}: the policy's probabilities are {policy[row, step].tolist()}; expected 0 or more, adding to 1."
        )
    actions = np.where(lived, actions, 0)
    target = np.take_along_axis(policy, actions[:, :, None], 2)[:, :, 0]
    return Log(trajectories(rewards, behaviour, target, lived, patients, discount=discount), states, actions, policy)


def as_log(played: Played) -> Log:
    """Return episodes of a finite world as a checked log."""
    return log(*played[:-1], discount=played.discount)
