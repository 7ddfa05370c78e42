"""What was seen and done, patient after patient, as flat arrays that are checked once, so that everything behind can trust them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from medenvs.core.errors import BadData, BadValue

FLUID, PRESSOR = 0, 1  # the order of two continuous doses: mL in four hours, ug/kg/min
_MOST_PRESSOR = 10.0  # ug/kg/min; above stand other units or another column
_KINDS = {"observations": np.float32, "last": np.float32, "rewards": np.float64, "costs": np.float64, "propensities": np.float64}
_KINDS |= {"terminated": np.bool_, "truncated": np.bool_, "starts": np.int64, "cases": np.int64}


@dataclass(frozen=True, eq=False)
class Logged:
    """Logged episodes of N patients, T decisions in all; row t holds what was seen, then done, then earned and paid.

    observations: float32 (T, columns), what was seen before each decision; last: float32 (N, columns), what was seen after each
    patient's last one. actions: int64 (T,) discrete doses, or float32 (T, 2): fluid in mL in four hours, vasopressor in ug/kg/min.
    rewards: (T,). costs: float64 (T, cost_names), hours, 0 or more. terminated, truncated: bool (T,), one of them in a patient's last
    row and nowhere else. propensities: (T,), how likely the clinician was to do what is logged given what they really saw; NaN where
    unknown. starts: int64 (N + 1,); patient i has the rows starts[i]:starts[i + 1]. cases: int64 (N,), distinct. columns: the names of
    the observation's columns; where one is "hour" it must rise by about["interval"] (if given) from row to row. about: what JSON can
    hold: env, arguments, interval, ranges (column -> [low, high]), split, behaviour, seed, reference_returns, reference_costs,
    credentialed, ...

    Raises BadData naming patient, row and remedy. Messages hold no measured value, so credentialed rows never reach a log.
    """

    name: str
    observations: np.ndarray
    last: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    costs: np.ndarray
    cost_names: tuple[str, ...]
    terminated: np.ndarray
    truncated: np.ndarray
    propensities: np.ndarray
    starts: np.ndarray
    cases: np.ndarray
    columns: tuple[str, ...]
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for name, kind in (_KINDS | {"actions": np.int64 if np.ndim(self.actions) == 1 else np.float32}).items():
            object.__setattr__(self, name, _array(name, getattr(self, name), kind))
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "cost_names", tuple(self.cost_names))
        self.validate()

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        return f"Logged({self.name!r}, {self.patients} patients, {self.rows} rows, {len(self.columns)} columns)"  # never a row

    @property
    def patients(self) -> int:
        """Return how many patients there are."""
        return len(self.cases)

    @property
    def rows(self) -> int:
        """Return how many decisions there are."""
        return len(self.rewards)

    @property
    def box(self) -> bool:
        """Whether doses are two numbers."""
        return self.actions.ndim == 2

    @property
    def lengths(self) -> np.ndarray:
        """Return (N,) how many decisions each patient has."""
        return np.diff(self.starts)

    @property
    def patient(self) -> np.ndarray:
        """Return (T,) which patient each row belongs to, counted from 0."""
        return np.repeat(np.arange(self.patients), self.lengths)

    @property
    def step(self) -> np.ndarray:
        """Return (T,) each row's place within its patient, counted from 0."""
        return np.arange(self.rows) - np.repeat(self.starts[:-1], self.lengths)

    @property
    def ends(self) -> np.ndarray:
        """Return (N,) each patient's last row."""
        return self.starts[1:] - 1

    @property
    def next_observations(self) -> np.ndarray:
        """Return (T, columns): what was seen after each decision (a fresh array)."""
        after = np.empty_like(self.observations)
        after[:-1] = self.observations[1:]
        after[self.ends] = self.last
        return after

    @property
    def returns(self) -> np.ndarray:
        """Return (N,) each patient's undiscounted return."""
        return np.add.reduceat(self.rewards, self.starts[:-1])

    @property
    def episode_costs(self) -> np.ndarray:
        """Return (N, cost_names): each patient's hours of harm."""
        return np.add.reduceat(self.costs, self.starts[:-1], axis=0)

    def column(self, name: str) -> np.ndarray:
        """Return (T,) one column of the observations; raises BadValue."""
        if name not in self.columns:
            raise BadValue(f"{self.name} has no column {name!r}; allowed: {', '.join(self.columns)}.")
        return self.observations[:, self.columns.index(name)]

    def part(self, patients: Any) -> Logged:
        """Return some patients (indices, none twice, or a boolean mask of length N) in the order given; raises BadValue."""
        chosen = np.asarray(patients)
        if chosen.dtype == np.bool_ and chosen.shape == (self.patients,):
            chosen = np.flatnonzero(chosen)
        whole = chosen.ndim == 1 and np.issubdtype(chosen.dtype, np.integer) and len(chosen) > 0
        if not whole or (chosen < 0).any() or (chosen >= self.patients).any() or len(np.unique(chosen)) < len(chosen):
            raise BadValue(f"these are no patients of {self.name}; allowed: distinct indices from 0 to {self.patients - 1}, or a mask.")
        many = self.lengths[chosen]
        starts = np.r_[0, np.cumsum(many)]
        rows = np.arange(starts[-1]) + np.repeat(self.starts[:-1][chosen] - starts[:-1], many)
        taken = {n: getattr(self, n)[rows] for n in _ROWS}
        return replace(self, **taken, last=self.last[chosen], cases=self.cases[chosen], starts=starts)

    def same(self, other: Logged) -> bool:
        """Whether the other set holds the same, bit for bit (NaN equals NaN)."""
        for name in (f.name for f in fields(self)):
            a, b = getattr(self, name), getattr(other, name)
            if isinstance(a, np.ndarray):
                if a.dtype != b.dtype or a.shape != b.shape or a.tobytes() != b.tobytes():
                    return False
            elif json.dumps(a, sort_keys=True) != json.dumps(b, sort_keys=True):
                return False
        return True

    def validate(self) -> None:
        """Raise BadData unless everything is as the class promises."""
        self._shapes()
        try:
            json.dumps(dict(self.about), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise BadData(f"{self.name}: `about` does not fit into JSON ({error}). Keep strings, numbers, lists and mappings.") from None
        self._seen()
        self._done()
        self._episodes()
        self._hours()

    def _shapes(self) -> None:
        n, t = len(self.cases), len(self.rewards)
        wide, many = len(self.columns), len(self.cost_names)
        box = {"actions": (t, 2)} if self.actions.ndim == 2 else {"actions": (t,)}
        wanted = {"observations": (t, wide), "last": (n, wide), "rewards": (t,), "costs": (t, many), "starts": (n + 1,), "cases": (n,)}
        wanted |= box | dict.fromkeys(("terminated", "truncated", "propensities"), (t,))
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                found = getattr(self, name).shape
                raise BadData(f"{self.name}: {name} has shape {found}, expected {shape} ({t} rows, {n} patients, {wide} columns).")
        for what, names in (("columns", self.columns), ("cost_names", self.cost_names)):
            if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
                raise BadData(f"{self.name}: {what} are not distinct names. Rename those that stand twice.")
        if not n or self.starts[0] != 0 or self.starts[-1] != t or (np.diff(self.starts) < 1).any():
            raise BadData(f"{self.name}: starts must rise from 0 to {t}, at least one row a patient. Leave patients without rows out.")
        if len(np.unique(self.cases)) < n:
            values, times = np.unique(self.cases, return_counts=True)
            raise BadData(f"{self.name}: patient {values[times > 1][0]} stands twice in cases. Join the stays, or number them apart.")

    def _seen(self) -> None:
        low, high = np.full((2, len(self.columns)), [[-np.inf], [np.inf]], np.float32)
        for name, (least, most) in self.about.get("ranges", {}).items():
            if name in self.columns:
                low[self.columns.index(name)], high[self.columns.index(name)] = least, most
        for what, seen in (("", self.observations), ("what was seen after it: ", self.last)):
            good = np.isfinite(seen) & (seen >= low) & (seen <= high)
            for row in np.flatnonzero(~good.all(-1))[:1]:
                i = int(np.argmin(good[row]))
                here = f"{self._where(self.ends[row] if what else row)}: {what}column {self.columns[i]!r} is"
                if not np.isfinite(seen[row, i]):
                    raise BadData(f"{here} not a number. Impute it, or leave the patient out.")
                raise BadData(f"{here} outside {low[i]:g} to {high[i]:g}. Correct the order of columns or the unit.")

    def _done(self) -> None:
        self._refuse(~np.isfinite(self.rewards), "the reward is not a number", "Compute it from measured values")
        paid = np.isfinite(self.costs) & (self.costs >= 0)
        self._refuse(~paid.all(-1), "a cost is negative or not a number", "Costs are hours of harm, 0 or more")
        p = self.propensities
        self._refuse((p <= 0) | np.isinf(p), "the propensity is not above 0", "What was done was possible; write NaN where it is unknown")
        if not self.box:
            self._refuse(self.actions < 0, "the action is negative", "Number the doses from 0")
            self._refuse(p > 1, "the propensity is above 1", "It is the probability of the logged dose")
            return
        given = np.isfinite(self.actions) & (self.actions >= 0)
        self._refuse(~given.all(-1), "a dose is negative or not a number", "Write 0 for none")
        high = self.actions[:, PRESSOR] > _MOST_PRESSOR
        self._refuse(high, f"the vasopressor is above {_MOST_PRESSOR:g} ug/kg/min", "Order the doses fluid, vasopressor, in these units")

    def _episodes(self) -> None:
        over = self.terminated | self.truncated
        self._refuse(self.terminated & self.truncated, "the row is terminated and truncated", "Keep terminated: the patient's own end")
        last = np.zeros(self.rows, bool)
        last[self.ends] = True
        self._refuse(over & ~last, "the episode ends before the patient's last row", "Drop the rows behind it, or correct `starts`")
        self._refuse(last & ~over, "the patient's last row does not end the episode", "Mark it truncated if the record was cut there")

    def _hours(self) -> None:
        if "hour" not in self.columns:
            return
        hour, after = (seen[:, self.columns.index("hour")].astype(np.float64) for seen in (self.observations, self.last))
        rise = np.r_[hour[1:], 0.0] - hour
        rise[self.ends] = after - hour[self.ends]
        self._refuse(rise == 0, "the next row has the same hour", "Drop the duplicate")
        self._refuse(rise < 0, "the next row has an earlier hour", "Sort the patient's rows by time")
        if (interval := self.about.get("interval")) is not None:
            remedy = f"Fill the gap, or cut the record there: rows are {interval} h apart"
            self._refuse(np.abs(rise - interval) > 1e-3, f"the next row is not {interval} h later", remedy)

    def _where(self, row: Any) -> str:
        i = int(np.searchsorted(self.starts, row, "right")) - 1
        return f"{self.name}: patient {self.cases[i]}, row {row} (decision {row - self.starts[i] + 1} of {self.lengths[i]})"

    def _refuse(self, wrong: Any, what: str, remedy: str) -> None:
        for row in np.flatnonzero(wrong)[:1]:
            raise BadData(f"{self._where(row)}: {what}. {remedy}.")


_ROWS = ("observations", "actions", "rewards", "costs", "terminated", "truncated", "propensities")


def _array(name: str, values: Any, kind: Any) -> np.ndarray:
    """Return the values in the kind that is promised; raises BadData for another sort of kind (texts, fractions for whole numbers)."""
    try:
        found = np.asarray(values)
        if not found.size or (np.issubdtype(kind, np.floating) and found.dtype.kind in "iub"):
            found = found.astype(kind)
        return np.ascontiguousarray(found.astype(kind, casting="same_kind", copy=False))
    except (TypeError, ValueError):
        kinds = f"{np.asarray(values, object).dtype}" if not hasattr(values, "dtype") else f"{values.dtype}"
        raise BadData(f"{name} holds {kinds}; expected {np.dtype(kind)}. Convert it first.") from None
