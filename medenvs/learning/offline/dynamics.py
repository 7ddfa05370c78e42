"""What happens next, learned from logs: an ensemble of small networks, each fitted to patients drawn with replacement.

Columns that never change stay as they are, and those that always change alike do so exactly. Forecasts are normal; what is drawn stays
within the range of the training data unless `clip` is off. Never the judge of what was learned in it: that is the simulator, or OPE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, BadValue
from medenvs.learning.array_policy import ready

from .sampler import learnable
from .vectors import DOSES

_LEAST, _MOST = -5.0, 1.0  # log variances, in units of the mean change's variance


@dataclass(frozen=True)
class Forecasting:
    """How the model is fitted; `updates` of `batch` decisions for each of `members` networks. Raises BadValue."""

    members: int = 5
    width: int = 128
    updates: int = 4_000
    batch: int = 256
    rate: float = 1e-3
    doses: int = 25
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.members, self.width, self.updates, self.batch) < 1 or self.rate <= 0 or self.doses < 2:
            raise BadValue("members, width, updates and batch are 1 or more, rate is above 0, doses at least 2.")


class Forecast(NamedTuple):
    """What members expect, (members, rows, ...): the change of each column in its own units with its log variance, the reward, the costs,
    and the log odds that the episode ends."""

    change: Any
    unsure: Any
    reward: Any
    costs: Any
    ends: Any


class Dynamics:
    """A fitted model; `told` after each hundredth update of `fit`."""

    def __init__(self, logged: Logged, plan: Forecasting | None = None) -> None:
        self.plan = plan = plan or Forecasting()
        learnable(logged, plan.doses)
        if logged.about.get("split", "train") != "train":
            raise BadData(f"{logged.name} holds {logged.about['split']} patients. A model is fitted on train patients only.")
        self.torch = torch = ready()
        self.columns, self.cost_names = logged.columns, logged.cost_names
        seen, after = logged.observations, logged.next_observations
        change = after.astype(np.float64) - seen
        outcome = np.concatenate([change, logged.rewards[:, None], logged.costs], 1)
        self._wide, self.longest = len(logged.columns), int(logged.lengths.max())
        self.low, self.high, self.usual, self.scale = (
            torch.from_numpy(x.astype(np.float32))
            for x in (
                np.minimum(seen.min(0), after.min(0)),
                np.maximum(seen.max(0), after.max(0)),
                np.stack([seen.mean(0), seen.std(0) + 1e-6]),
                np.stack([outcome.mean(0), outcome.std(0)]),
            )
        )
        doses = 2 * DOSES / DOSES.max(0) - 1 if plan.doses == len(DOSES) else np.eye(plan.doses)
        self._doses = torch.from_numpy(doses.astype(np.float32))
        generator = torch.Generator().manual_seed(plan.seed)
        sizes = (self._wide + doses.shape[1] + 1, plan.width, plan.width, 2 * self._wide + 2 + len(logged.cost_names))
        self.weights: Any = [
            torch.randn(plan.members, a, b, generator=generator) * (0.1 if b == sizes[-1] else 1.0) / a**0.5 for a, b in pairwise(sizes)
        ]
        self.shifts: Any = [torch.zeros(plan.members, 1, b) for b in sizes[1:]]
        self._fit(logged, outcome, generator)

    def _fit(self, logged: Logged, outcome: np.ndarray, generator: Any) -> None:
        torch, plan = self.torch, self.plan
        unit = torch.where(self.scale[1] > 0, self.scale[1], 1.0)
        targets = (torch.from_numpy(outcome.astype(np.float32)) - self.scale[0]) / unit
        seen, doses, age = (torch.from_numpy(x) for x in (logged.observations, logged.actions, logged.step))
        over = torch.from_numpy(logged.terminated).float()
        rows = [self._drawn(logged, generator) for _ in range(plan.members)]
        learned = [*self.weights, *self.shifts]
        for x in learned:
            x.requires_grad_(True)
        optimizer = torch.optim.Adam(learned, lr=plan.rate)
        for step in range(plan.updates):
            for group in optimizer.param_groups:
                group["lr"] = plan.rate * max(0.05, 1 - step / plan.updates)
            pick = torch.stack([r[torch.randint(len(r), (plan.batch,), generator=generator)] for r in rows])
            loss = self._loss(self.expect(seen[pick], doses[pick], age[pick]), targets[pick], over[pick])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        for x in learned:
            x.requires_grad_(False)
        if not all(bool(x.isfinite().all()) for x in learned):
            raise BadValue(f"the model diverged. Remedy: a lower rate than {plan.rate:g}.")

    def _drawn(self, logged: Logged, generator: Any) -> Any:
        """Return the rows of as many patients as there are, drawn with replacement."""
        patients = self.torch.randint(logged.patients, (logged.patients,), generator=generator).numpy()
        bounds = zip(logged.starts[patients].tolist(), logged.starts[patients + 1].tolist(), strict=True)
        return self.torch.from_numpy(np.concatenate([np.arange(first, end) for first, end in bounds]))

    def _loss(self, told: Forecast, targets: Any, over: Any) -> Any:
        d = self._wide
        missed = (targets[..., :d] - told.change) ** 2 * (-told.unsure).exp() + told.unsure
        paid = (self.torch.cat([told.reward[..., None], told.costs], -1) - targets[..., d:]) ** 2
        ended = self.torch.nn.functional.binary_cross_entropy_with_logits(told.ends, over)
        return missed.mean() + paid.mean() + ended

    def expect(self, seen: Any, doses: Any, age: Any) -> Forecast:
        """Return what members expect of raw observations (rows, columns), or of their own ones (members, rows, columns), doses, and how
        many decisions came before: at the last one of the longest episode much ends at once, which no smooth function of charts is."""
        torch, d = self.torch, self._wide
        scaled = ((seen - self.usual[0]) / self.usual[1]).clip(-8, 8)
        x = torch.cat([scaled, self._doses[doses], (age >= self.longest - 1)[..., None].float()], -1)
        x = x if x.ndim == 3 else x.expand(self.plan.members, *x.shape)
        for i, (weight, shift) in enumerate(zip(self.weights, self.shifts, strict=True)):
            x = torch.baddbmm(shift, x, weight)
            x = x if i == len(self.weights) - 1 else torch.nn.functional.silu(x)
        unsure = _LEAST + (_MOST - _LEAST) * torch.sigmoid(x[..., d : 2 * d])
        return Forecast(x[..., :d], unsure, x[..., 2 * d], x[..., 2 * d + 1 : -1], x[..., -1])

    def step(self, seen: Any, doses: Any, age: Any, generator: Any = None, clip: bool = True) -> tuple[Any, Any, Any, Any]:
        """Return (observations, expected rewards, expected costs, chances of an end): drawn from a member drawn for each row, or,
        without a generator, the mean of all members."""
        torch, d, rows = self.torch, self._wide, len(seen)
        told = self.expect(seen, doses, age)
        if generator is None:
            change, reward, costs, ends = (x.mean(0) for x in (told.change, told.reward, told.costs, told.ends.sigmoid()))
        else:
            who = torch.randint(self.plan.members, (rows,), generator=generator)
            change, unsure, reward, costs, ends = (x[who, torch.arange(rows)] for x in told)
            change = change + (0.5 * unsure).exp() * torch.randn(change.shape, generator=generator)
            ends = ends.sigmoid()
        middle, spread = self.scale
        after = seen + middle[:d] + spread[:d] * change
        if clip:
            after = after.clip(self.low, self.high)
        return after, middle[d] + spread[d] * reward, (middle[d + 1 :] + spread[d + 1 :] * costs).clip(min=0), ends


def errors(model: Dynamics, logged: Logged, ahead: Sequence[int] = (1, 5, 20), tell: Callable[[int], None] | None = None) -> dict[int, Any]:
    """Return, for each number of steps, how far forecasts under the logged doses are from what came: root mean square over columns that
    vary, in their standard deviations, beside that of forecasting no change ("still"), each column's own, and on how many rows.

    `logged` should hold patients that the model has not seen; raises BadValue for other columns, or where nobody has that many steps.
    """
    if logged.columns != model.columns:
        raise BadValue(f"{logged.name} has other columns than the model ({', '.join(model.columns)}).")
    torch, found = model.torch, dict[int, Any]()
    spread = logged.observations.std(0)
    varied = np.flatnonzero(spread > 0)
    whole = np.insert(logged.observations, logged.starts[1:], logged.last, 0)  # with what came after each patient's last decision
    row, left = np.arange(logged.rows), np.repeat(logged.starts[1:], logged.lengths) - np.arange(logged.rows)
    for k in ahead:
        start = row[left >= k]
        if not len(start):
            raise BadValue(f"nobody in {logged.name} has {k} decisions; allowed: up to {int(logged.lengths.max())}.")
        seen = torch.from_numpy(logged.observations[start])
        for t in range(k):
            seen = model.step(seen, torch.from_numpy(logged.actions[start + t]), torch.from_numpy(logged.step[start + t]))[0]
        truth = whole[start + logged.patient[start] + k]
        off, still = (((x - truth)[:, varied] / spread[varied]) ** 2 for x in (seen.numpy(), logged.observations[start]))
        names = [model.columns[i] for i in varied]
        found[k] = {
            "error": float(off.mean() ** 0.5),
            "still": float(still.mean() ** 0.5),
            "rows": len(start),
            "columns": dict(zip(names, (off.mean(0) ** 0.5).tolist(), strict=True)),
        }
        if tell is not None:
            tell(k)
    return found
