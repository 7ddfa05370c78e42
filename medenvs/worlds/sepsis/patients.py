"""Who is admitted: every number of a patient follows from the case, whatever else happens. Heterogeneity defeats fixed schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from medenvs.core.lanes import Lanes, numpy_lanes
from medenvs.core.randomness import key, quantiles, word
from medenvs.core.turn import Lane

from .body import CONTRACTILE, FRAILTY, INFLAMMATION, LUNG, OTHERS, RENAL, VASOPLEGIC, Body, betas, polynomial

_WORLD = 0x5E9515  # keeps these draws apart from every other use of a case number
NEVER, _WORDS = 1_000, 17


class _Draws(NamedTuple):
    """A patient's draws, each by its fact: whole (16 bits), uniforms, normals, betas of a shape."""

    half: Sequence[Lane]
    u: Callable[[int], Lane]
    z: Callable[[int], Lane]
    beta: Callable[[int, int], Lane]


@cache
def _spreads(dtype: str) -> tuple[np.ndarray, ...]:
    """Return, for each of 65,536 equally likely normals: what an hour of antibiotics leaves (right ones, then wrong ones), leak,
    sensitivity and bilirubin. A look-up is a tenth of an exponential."""
    m = numpy_lanes(dtype)
    z = m.table(quantiles())
    decay = m.clip(0.028 * m.exp(0.5 * z), 0.004, 0.09)
    wrong = 1 - 0.9 * m.number(np.ones(len(z)))
    return np.concatenate([m.exp(-decay), m.exp(-(decay * wrong))]), 0.0405 * m.exp(1.2 * z), m.exp(0.35 * z), m.exp(0.7 * z - 0.1)


class Patients:
    """Draws patients over one kind of numbers; a fact has its own half of a word."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.normals, self.betas = lanes.table(quantiles()), tuple(lanes.table(b) for b in betas())
        spreads = _spreads("float32" if "float32" in lanes.name else "float64")
        self.fades, self.leaks, self.senses, self.biles = (lanes.table(t) for t in spreads)
        self.slots = lanes.table(np.arange(_WORDS)[:, None])

    def admit(self, case: Lane) -> Body:
        """Return patients of the given case numbers as they arrive, without what Physiology reads from them."""
        draws, hit = self._draws(case)
        who = {**self._who(draws), "hit": hit}
        return Body(**who, **self._how(draws, who))

    def _draws(self, case: Lane) -> tuple[_Draws, Lane]:
        """Return the draws, and the hour of the second infection."""
        m, k = self.lanes, key(case, _WORLD)
        words = [word(k, slot) for slot in range(_WORDS)] if m.name == "plain" else word(k, self.slots)  # one call for arrays
        halves = [half for w in words for half in (w >> 16, w & 0xFFFF)]

        def u(fact: int) -> Lane:
            return m.number(halves[fact]) * (1 / 65_536)

        def z(fact: int) -> Lane:
            return self.normals[halves[fact]]

        def beta(fact: int, shape: int) -> Lane:
            return self.betas[shape][halves[fact] >> 6]

        return _Draws(halves, u, z, beta), m.where(u(16) < 0.2, 16 + 4 * ((halves[17] * 11) >> 16), NEVER)

    def _who(self, draws: _Draws) -> dict[str, Lane]:
        """Return what stays as it is."""
        m, (half, u, z, beta) = self.lanes, draws
        age, weight = m.clip(66 + 15 * z(0), 18.0, 95.0), m.clip(80 + 18 * z(1), 40.0, 160.0)
        frail, male, hr0 = beta(2, FRAILTY), m.number(u(13) < 0.56), m.clip(80 + 9 * z(24), 55.0, 110.0)
        inflamed, weak = m.clip(beta(3, INFLAMMATION), 0.15, 1.0), m.number(u(4) < 0.25)
        heart = m.clip(1 - 0.2 * frail - 0.15 * inflamed * u(5) - weak * (0.15 + 0.15 * u(6)), 0.45, 1.0)
        antibiotic = half[14] + 65_536 * m.whole(u(15) < 0.15)  # the wrong one in 15 %
        plegia = m.where(u(18) < 0.35, beta(19, VASOPLEGIC), 0.6 * beta(20, OTHERS))
        return {
            "age": age,
            "male": male,
            "weight": weight,
            "frail": frail,
            "fade": self.fades[antibiotic],
            "plegia": plegia,
            "slack": 0.85 * plegia,
            "leak": self.leaks[half[21]],
            "sensitive": self.senses[half[22]],
            "heart": heart,
            "drive": polynomial(heart, CONTRACTILE),
            "map0": m.clip(88 + 9 * z(23) + 8 * m.number(age > 70), 65.0, 115.0),
            "hr0": hr0,
            "cr0": 0.8 + 0.2 * male,
            "tolerance": m.clip(1.4 + 1.4 * z(25), 0.2, 4.0),
            "room": m.ratio(age * 0 + 1, 0.0315 * weight),
            "spread": m.ratio(age * 0 + 80, weight),
            "stiff": 0.4725 - 0.4725 * heart,
            "slow": m.ratio(age * 0 + 1, hr0),
        }

    def _how(self, draws: _Draws, who: Mapping[str, Lane]) -> dict[str, Lane]:
        """Return how they arrive."""
        m, (half, u, z, beta), none = self.lanes, draws, who["age"] * 0
        weight, frail, weak, inflamed = who["weight"], who["frail"], m.number(u(4) < 0.25), m.clip(beta(3, INFLAMMATION), 0.15, 1.0)
        w, short = weight * 0.0125, m.clip(0.25 + 0.35 * z(7) + 0.36 * inflamed, -0.1, 1.5)
        oedema = w * m.clip(0.3 + 1.5 * z(8) - short + 0.8 * weak, -3.0, 3.5)
        kidney = m.where(u(9) < 0.25, 0.10 + 0.25 * u(10), m.clip(1 - 0.35 * frail * u(11) - 0.45 * inflamed * u(12), 0.12, 1.0))
        rest = {n: none + 0.0 for n in ("flow", "passed", "urine", "pf", "fio2", "cvp", "vented", "filling", "delivery", "wet")}  # noqa: C420  a lane each
        return {
            "inflamed": inflamed,
            "deficit": -w * short,
            "oedema": oedema,
            "kidney": kidney,
            "lung": m.clip(beta(26, LUNG) + 0.4 * inflamed * u(27), 0.0, 0.8),
            "organs": m.clip(0.1 * frail + 0.2 * inflamed * u(28), 0.0, 1.0),
            "lactate": m.clip(1 + 3.5 * inflamed * u(29) + 0.8 * m.maximum(w * short, 0.0), 0.7, 9.0),
            "cns": m.clip(0.45 * inflamed * u(30) + 0.1 * frail, 0.0, 1.0),
            "map": none + 75.0,
            "hr": who["hr0"] * 1.2,
            "given": weight * m.clip(32 + 14 * m.ratio(oedema, w) + 10 * z(33), 0.0, 90.0),
            "spo2": none + 95.0,
            "creatinine": m.ratio(who["cr0"], kidney * polynomial(kidney, RENAL)),
            "platelets": m.clip((215 + 80 * z(31)) * (1 - 0.5 * inflamed), 15.0, 500.0),
            "bilirubin": self.biles[half[32]] * (1 + 0.9 * inflamed),
            **rest,
        }
