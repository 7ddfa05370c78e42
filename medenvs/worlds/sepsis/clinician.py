"""Clinicians of tunable quality who read the chart only, as exact probabilities over the twenty-five doses.

A mean index per drug, rounded Gaussian noise around it, and now and then an exploring dose. What is drawn is drawn from the
probabilities that are returned, so they are the exact propensities. Quality 0 is hasty and drowns, 1 gives fluid first and weans.

Hidden confounding, where it is wanted: a clinician at the bedside also sees how ill a patient looks, which no chart holds, and gives
more fluid to those who look ill. The exact propensities are then given chart and looks; nobody who has the chart alone can compute them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from medenvs.core.errors import BadValue
from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes
from medenvs.core.randomness import Key, uniform
from medenvs.core.turn import Lane

from .body import Body

_PRESSORS = (0.0, 0.05, 0.15, 0.30, 0.60)
WORRY = 0.25  # index steps of fluid for each unit of looking ill; pressors stay as the chart says, so that doses overlap
_EXPLORED = np.repeat(0.2, 5)[:, None] * np.array([0.6, 0.1, 0.1, 0.1, 0.1])  # fluid uniform, mostly without pressor
# The normal distribution function by 1 - density * polynomial(1 / (1 + p x)): a published approximation, error below 1e-7.
_P, _PHI = 0.2316419, (1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.319381530, 0.0)


@dataclass(frozen=True)
class Manner:
    """How a clinician doses: weights of the fluid index, limits, pressor target, haste, noise (`sd`, in index steps), exploration."""

    base: float
    pressure: float  # per 8 mmHg below 68
    lactate: float
    oliguria: float
    filling: float  # per mmHg of CVP below `full`
    full: float
    lungs: float  # less fluid below a PF of `pf`
    pf: float
    limit: float  # balance in mL/kg from which fluid is held back
    target: float  # mmHg
    gain: float
    wean: float
    first: float  # mL/kg of balance before a pressor is begun
    delay: float
    sd: float
    explore: float


GOOD = Manner(2.38, 1.03, 0.751, 0.298, 0.225, 8.9, 0.369, 147, 39.9, 64.6, 13.9, 2.44, 35, 0, 0.25, 0.004)
BAD = Manner(2.2, 0.5, 0.3, 0.4, 0.0, 9.0, 0.0, 200, 160, 76, 20, 12, 5, 1.5, 1.0, 0.12)


def manner(q: float) -> Manner:
    """Return the clinician of quality q (0 to 1): a linear blend, exploration geometric; raises BadValue."""
    if not 0 <= q <= 1:
        raise BadValue(f"quality is {q!r}; allowed: 0 to 1.")
    good, bad = asdict(GOOD), asdict(BAD)
    mixed = {name: bad[name] * (1 - q) + good[name] * q for name in good}
    return Manner(**mixed | {"explore": BAD.explore ** (1 - q) * GOOD.explore**q})


def looks_ill(m: Lanes, s: Body, grade: float) -> Lane:
    """Return how ill patients look, times the grade of confounding (0 to 1); raises BadValue.

    clip((inflamed - 0.31) + 2.8 (organs - 0.175) + 2.8 (frail - 0.27) + 28 (fade - 0.973), -2, 2): hidden inflammation, organ damage,
    frailty, and an infection that does not yield; mean 0 and standard deviation 1 over the decisions of clinicians of quality 0.5.
    """
    if not 0 <= grade <= 1:
        raise BadValue(f"confounding is {grade!r}; allowed: 0 (nothing hidden is seen) to 1.")
    organs, rest = 2.8 * (s.organs - 0.175), 2.8 * (s.frail - 0.27) + 28.0 * (s.fade - 0.973)
    return grade * m.clip(s.inflamed - 0.31 + organs + rest, -2.0, 2.0)


def means(m: Lanes, c: Mapping[str, Lane], p: Manner, ill: Lane = 0.0) -> tuple[Lane, Lane]:
    """Return (fluid index, pressor index) of a chart by column name, before noise and rounding; `ill` adds fluid."""
    balance = m.ratio(c["given"] - c["passed"], c["weight"])
    need = p.base + p.pressure * m.clip((68 - c["map"]) * 0.125, 0.0, 1.5) + p.lactate * m.clip(c["lactate"] - 1.5, 0.0, 3.0)
    need = need + p.oliguria * m.number(c["urine"] < 0.5) + p.filling * (p.full - c["cvp"]) - p.lungs * m.number(c["pf"] < p.pf)
    fluid = need + WORRY * ill - 2 * m.clip((balance - p.limit) * (1 / 60), 0.0, 1.5) - p.delay * m.number(c["hour"] < 8)
    now = m.number(c["pressor"] > 0) * 0
    for dose in _PRESSORS[:-1]:
        now = now + m.number(c["pressor"] > dose + 1e-6)
    on, late = now > 0, m.either(balance >= p.first, m.either(c["map"] < p.target - 12, c["cvp"] > p.full))
    low = m.both(c["map"] < p.target, m.either(on, late))
    up = now + m.clip((p.target - c["map"]) * (1 / p.gain), 0.0, 2.0) + 0.4
    down = now - m.clip((c["map"] - p.target - p.wean) * (1 / 6), 0.0, 2.0)
    pressor = m.where(low, up, down) - p.delay * m.number(c["hour"] < 12)
    return fluid, m.where(m.either(low, on), pressor, 0.0)


def rule(chart: Mapping[str, float]) -> int:
    """Return the reference dose of one patient: quality 1 without noise, the best state-reading rule that is known."""
    fluid, pressor = (int(PLAIN.clip(x, 0.0, 4.0) + 0.5) for x in means(PLAIN, chart, GOOD))
    return 5 * fluid + pressor


def rules(chart: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the reference doses of many patients."""
    fluid, pressor = ((np.clip(x, 0, 4) + 0.5).astype(np.int64) for x in means(numpy_lanes(), chart, GOOD))
    return 5 * fluid + pressor


def propensities(chart: Mapping[str, np.ndarray], q: float | Manner, ill: np.ndarray | None = None) -> np.ndarray:
    """Return the probability of each of the 25 doses (5 * fluid + pressor), one row a patient; rows sum to 1.

    ill: (N,) what the clinician sees beside the chart, as `looks_ill` returns it; None or zeros change nothing.
    """
    p = q if isinstance(q, Manner) else manner(q)
    seen = 0.0 if ill is None else np.asarray(ill, np.float64)
    fluid, pressor = (np.asarray(x, np.float64) for x in means(numpy_lanes(), chart, p, seen))
    on = pressor > 0.3
    never = np.eye(5)[0]
    both = _cells(fluid, p.sd)[:, :, None] * np.where(on[:, None], _cells(pressor, 0.6 * p.sd), never)[:, None, :]
    return ((1 - p.explore) * both + p.explore * _EXPLORED).reshape(-1, 25)


def drawn(probabilities: np.ndarray, k: Key, slot: Any) -> np.ndarray:
    """Return one dose a row, drawn from its probabilities."""
    edges = np.cumsum(probabilities, -1)
    return np.minimum((edges <= uniform(k, slot)[:, None] * edges[:, -1:]).sum(-1), 24)


def _cells(mean: np.ndarray, sd: float) -> np.ndarray:
    """Return how a Gaussian falls on 0 to 4, rounded, the tails on the outermost."""
    below = _normal((np.arange(0.5, 4) - mean[:, None]) * (1 / sd))
    edges = np.concatenate([np.zeros((len(mean), 1)), below, np.ones((len(mean), 1))], -1)
    return np.maximum(np.diff(edges), 0.0)


def _normal(x: np.ndarray) -> np.ndarray:
    t = 1 / (1 + _P * np.abs(x))
    upper = 0.3989422804014327 * np.exp(-0.5 * x * x) * np.polyval(_PHI, t)
    return np.where(x >= 0, 1 - upper, upper)
