"""Logged data sets of the sepsis world: clinicians of known behaviour treat patients, and what they did is kept with its exact propensity.

Everything is simulated. A set follows from its name, size, seed and world alone, whatever the batch; each patient can be played
again: `gym.make(env, **arguments)`, `reset(seed=seed, options={"case": case})`, then the logged doses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.cases.sepsis import SepsisCases
from medenvs.core.cases import span
from medenvs.core.episodes import Episodes
from medenvs.core.errors import BadValue, unknown
from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import below, key
from medenvs.core.system import System
from medenvs.envs.treatment.doses import FLUID, PRESSOR
from medenvs.envs.treatment.kernel import COSTS, TreatmentKernel
from medenvs.worlds.sepsis.clinician import drawn, looks_ill, manner, propensities
from medenvs.worlds.sepsis.columns import COLUMNS

from .sepsis import Options, composed
from .sepsis_references import references

Chart = Mapping[str, np.ndarray]
Policy = Callable[[Chart, "np.ndarray | None", np.ndarray], np.ndarray]
Progress = Callable[[str, int, int], None]

QUALITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
BEHAVIOURS: Mapping[str, float | tuple[float, ...] | None] = {"random": None, "low": 0.25, "medium": 0.5, "high": 1.0, "mixed": QUALITIES}
NAMES = {f"medenvs/sepsis/{behaviour}-v0": behaviour for behaviour in BEHAVIOURS}
SIZES = {"small": 500, "medium": 5_000, "large": 50_000}
BATCH, MOST = 8_192, 10_000_000
_DRAWS, _DOSES, _HOURS = 60, 25, 80
_WHO = 1_000  # the slot that holds a patient's clinician in "mixed"; decisions have the slots before it
_COLUMNS = tuple(c.name for c in COLUMNS)
_BOX = np.array([(f, u) for f in FLUID for u in PRESSOR], np.float32)


@dataclass(frozen=True)
class World:
    """Where patients are treated. split: whose cases; effect, interval: as in the card of medenvs/Sepsis-v0; confounding: how much
    clinicians see beside the chart, 0 to 1; box: the same doses written as two numbers, played in medenvs/SepsisBox-v0.

    Raises UnknownName or BadValue.
    """

    split: str = "train"
    effect: str = "real"
    interval: int = 4
    confounding: float = 0.0
    box: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.confounding <= 1:
            raise BadValue(f"confounding is {self.confounding!r}; allowed: 0 (the chart only) to 1.")
        span(self.split)
        TreatmentKernel(0, self.box, self.interval, self.effect)

    @property
    def system(self) -> System:
        """Return the environment's composition."""
        name = "medenvs/SepsisBox-v0" if self.box else "medenvs/Sepsis-v0"
        return composed(name, Options(self.interval, self.effect), self.box)


def logged(name: str, size: str | int = "small", seed: int = 0, progress: Progress | None = None, **world: Any) -> Logged:
    """Return a data set by name ("medenvs/sepsis/medium-v0", or "medium") and size (small, medium, large, or a number of patients).

    random: every dose equally likely; low, medium, high: clinicians of quality 0.25, 0.5 and 1; mixed: each patient has one of
    QUALITIES. `world`: the fields of World. `progress(label, done, total)` counts decisions. Raises UnknownName or BadValue.
    """
    behaviour = behaviour_of(name, size)
    quality = BEHAVIOURS[behaviour]
    policy = uniformly if quality is None else mixed(seed) if isinstance(quality, tuple) else clinician(quality)
    patients = SIZES[size] if isinstance(size, str) else size
    where, table = World(**_fields(world)), references(world.get("effect", "real"), world.get("interval", 4))
    about = {
        "size": size,
        "title": title(behaviour, size, seed, where),
        "behaviour": {
            "name": behaviour,
            "quality": list(quality) if isinstance(quality, tuple) else quality,
            "confounding": where.confounding,
        },
        "reference_returns": {who: row["return"] for who, row in table.items()},
        "reference_costs": {who: row["costs"] for who, row in table.items()},
    }
    return treat(policy, patients, seed, where, name=f"medenvs/sepsis/{behaviour}-v0", about=about, progress=progress)


def behaviour_of(name: str, size: str | int = "small") -> str:
    """Return the behaviour of a data set's name; raises UnknownName for another name or size."""
    behaviour = NAMES.get(name, name)
    if behaviour not in BEHAVIOURS:
        raise unknown("data set", name, [*NAMES, *BEHAVIOURS])
    if isinstance(size, str) and size not in SIZES:
        raise unknown("size", size, SIZES)
    return behaviour


def title(name: str, size: str | int, seed: int, where: World) -> str:
    """Return what tells a set from others, for files: "medium-small", "low-large-null-hourly-box-confounded50-test-seed3"."""
    parts = [behaviour_of(name, size), str(size), "null" * (where.effect == "null"), "hourly" * (where.interval == 1), "box" * where.box]
    parts += [f"confounded{100 * where.confounding:g}".replace(".", "_") * bool(where.confounding)]
    parts += [where.split * (where.split != "train"), f"seed{seed}" * bool(seed)]
    return "-".join(part for part in parts if part)


def uniformly(chart: Chart, ill: np.ndarray | None, cases: np.ndarray) -> np.ndarray:
    """Give every dose with the same probability."""
    return np.full((len(cases), _DOSES), 1 / _DOSES)


def clinician(quality: float) -> Policy:
    """Return the clinician of a quality from 0 to 1; raises BadValue."""
    who = manner(quality)
    return lambda chart, ill, cases: propensities(chart, who, ill)


def mixed(seed: int) -> Policy:
    """Return a ward where each patient has a clinician of one of QUALITIES."""

    def policy(chart: Chart, ill: np.ndarray | None, cases: np.ndarray) -> np.ndarray:
        chances, who = np.empty((len(cases), _DOSES)), qualities(cases, seed)
        for quality in np.unique(who):
            rows = np.flatnonzero(who == quality)
            mine = {name: column[rows] for name, column in chart.items()}
            chances[rows] = propensities(mine, manner(float(quality)), None if ill is None else ill[rows])
        return chances

    return policy


def qualities(cases: np.ndarray, seed: int) -> np.ndarray:
    """Return the quality of each patient's clinician in the "mixed" set of a seed."""
    return np.array(QUALITIES)[below(key(_DRAWS, cases, seed), _WHO, len(QUALITIES))]


def record(
    policy: Policy,
    patients: int,
    seed: int = 0,
    split: str = "train",
    effect: str = "real",
    interval: int = 4,
    confounding: float = 0.0,
    *,
    box: bool = False,
) -> Logged:
    """Return what happens to that many patients under a policy; see `World` and `treat`."""
    return treat(policy, patients, seed, World(split, effect, interval, confounding, box))


def treat(
    policy: Policy,
    patients: int,
    seed: int,
    where: World,
    *,
    name: str = "recorded",
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    batch: int = BATCH,
) -> Logged:
    """Return what happens to distinct patients under `policy(chart, ill, cases)`, which returns (rows, 25) probabilities; a dose is
    drawn from them.

    chart: float64 columns by name, as observed; ill: what a confounded clinician sees beside it, or None; cases: the patients'
    numbers. `about` joins what the set says of itself. Raises BadValue for a number of patients outside 1 to 10 million, or for
    probabilities that are none.
    """
    if not 1 <= patients <= MOST or seed < 0 or batch < 1:
        raise BadValue(f"patients is {patients}, seed {seed}, batch {batch}; allowed: 1 to {MOST} patients, a seed from 0, a batch from 1.")
    system, cases, steps = where.system, chosen(patients, seed, where.split), _HOURS // where.interval
    parts: list[dict[str, np.ndarray]] = []
    for first in range(0, patients, batch):
        some = cases[first : first + batch]
        tick = partial(_tell, progress, name, first, len(some), (patients, steps))
        parts.append(_treated(Episodes(system, len(some), words=False, logs=False), policy, some, seed, where, tick))
    arrays = {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}
    starts = np.r_[0, np.cumsum(arrays.pop("lengths"))]
    told = _about(where, seed) | dict(about or {})
    truncated = np.zeros(len(arrays["rewards"]), bool)
    return Logged(name, **arrays, cost_names=COSTS, truncated=truncated, starts=starts, cases=cases, columns=_COLUMNS, about=told)


def chosen(patients: int, seed: int, split: str) -> np.ndarray:
    """Return that many distinct cases of a split, in the order in which the seed's stream meets them; raises UnknownName."""
    source, many = SepsisCases(), patients
    while True:
        cases = np.asarray(source.draw(key(seed), np.arange(many), split))
        first = np.sort(np.unique(cases, return_index=True)[1])
        if len(first) >= patients:
            return cases[first[:patients]]
        many += 2 * (patients - len(first))


def _treated(
    play: Episodes, policy: Policy, cases: np.ndarray, seed: int, where: World, tick: Callable[[int], None]
) -> dict[str, np.ndarray]:
    """Return the rows of a batch, patient after patient, and how many each has."""
    n, steps, role = len(cases), _HOURS // where.interval, play.roles[0]
    streams, draws = np.full(n, seed), key(_DRAWS, cases, seed)
    play.start(streams, key(streams), np.zeros(n, np.int64), where.split, cases)
    seen, doses = np.empty((n, steps, len(COLUMNS)), np.float32), np.zeros((n, steps), np.int64)
    rewards, odds, ended = np.zeros((n, steps)), np.zeros((n, steps)), np.zeros((n, steps), bool)
    costs, last, lived = np.zeros((n, steps, len(COSTS))), np.empty((n, len(COLUMNS)), np.float32), np.zeros((n, steps), bool)
    alive = np.ones(n, bool)
    for t in range(steps):
        rows = np.flatnonzero(alive)
        if not len(rows):
            break  # nobody is left
        seen[rows, t] = chart = play.see(role, rows)["observation"]
        chances = _checked(policy(_chart(chart), _ill(play, rows, where), cases[rows]), len(rows))
        doses[rows, t] = dose = drawn(chances, (draws[0][rows], draws[1][rows]), t)
        odds[rows, t] = chances[np.arange(len(rows)), dose]
        out = play.act(role, _BOX[doses[:, t]] if where.box else doses[:, t], alive)
        lived[:, t], ended[:, t], rewards[:, t] = alive, out.terminated & alive, np.where(alive, out.rewards[role], 0.0)
        for i, cost in enumerate(COSTS):
            costs[:, t, i] = out.costs[cost]
        over = np.flatnonzero(ended[:, t])
        last[over] = play.see(role, over)["observation"]
        alive &= ~ended[:, t]
        tick(t + 1)
    actions = _BOX[doses[lived]] if where.box else doses[lived]
    flat = {"observations": seen[lived], "actions": actions, "rewards": rewards[lived], "costs": costs[lived]}
    return flat | {"terminated": ended[lived], "propensities": odds[lived], "last": last, "lengths": lived.sum(1)}


def _tell(progress: Progress | None, name: str, first: int, n: int, whole: tuple[int, int], step: int) -> None:
    """Count the decisions of patients who have died with those that are done."""
    patients, steps = whole
    if progress is not None:
        progress(name, first * steps + n * step, patients * steps)


def _chart(seen: np.ndarray) -> Chart:
    return dict(zip(_COLUMNS, np.ascontiguousarray(seen.T, np.float64), strict=True))


def _ill(play: Episodes, rows: np.ndarray, where: World) -> np.ndarray | None:
    """Return what a confounded clinician sees beside the chart."""
    if not where.confounding:
        return None
    return np.asarray(looks_ill(numpy_lanes(), play.state, where.confounding))[rows]


def _checked(chances: np.ndarray, n: int) -> np.ndarray:
    wrong = chances.shape != (n, _DOSES) or not ((chances >= 0).all() and np.abs(chances.sum(-1) - 1).max() < 1e-6)
    if wrong:
        raise BadValue(f"the policy returned {chances.shape}; allowed: ({n}, {_DOSES}) probabilities, rows that sum to 1.")
    return chances


def _fields(world: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in world:
        if name not in World.__dataclass_fields__:
            raise unknown("option", name, World.__dataclass_fields__)
    return world


def _about(where: World, seed: int) -> dict[str, Any]:
    return {
        "env": where.system.name,
        "arguments": {"interval": where.interval, "effect": where.effect},
        "interval": where.interval,
        "ranges": {c.name: [c.low, c.high] for c in COLUMNS},
        "split": where.split,
        "seed": seed,
        "behaviour": {"name": "custom", "quality": None, "confounding": where.confounding},
        "credentialed": False,
        "simulated": True,
    }
