"""Nothing computed from the gold reaches observation or info before the end: a probe fitted on 5,000 cases finds nothing.

Legitimate facts are taken out first: the truth is ranked inside its kind of problem, and digits of notes are masked.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from medenvs.core.system import System
from medenvs.systems.catalog import build
from medenvs.views.options import Settings
from medenvs.views.vector import MedVectorEnv
from medenvs.worlds.calculators.model import Number
from medenvs.worlds.calculators.registry import CALCULATORS
from tests.residents.consultation import consultation
from tests.residents.sepsis import sepsis

N, WORDS = 5_000, 384
NOISE = 4.0 / (N / 2) ** 0.5  # four standard errors of a correlation over the held-out half
NUMERIC = [c.id for c in CALCULATORS if c.inputs and all(isinstance(i, Number) for i in c.inputs)]


def words(text: str) -> np.ndarray:
    """Return a text without its numbers as counts of hashed words, and its length."""
    counts = np.zeros(WORDS + 1)
    parts = re.sub(r"\d[\d.,/]*", "#", text).split()
    for part in parts:
        counts[zlib.crc32(part.encode()) % WORDS] += 1
    counts[WORDS] = len(parts)
    return counts


def features(seen: Any, info: dict[str, Any]) -> np.ndarray:
    """Return everything a reset shows as numbers, one row per case."""
    if isinstance(seen, tuple):
        columns = [np.array([words(text) for text in seen])]
    else:
        columns = [np.reshape(part, (N, -1)) for part in (seen.values() if isinstance(seen, dict) else (seen,))]
    assert {name for name in info if not name.startswith("_")} == {"simulated", "privileged"}
    return np.concatenate([*columns, info["simulated"][:, None]], 1).astype(float)


def found(x: np.ndarray, y: np.ndarray) -> float:
    """Return how well a ridge regression on one half predicts the other half: the largest correlation over targets."""
    x = (x - x.mean(0))[:, x.std(0) > 0]
    x, y = x / x.std(0), (y - y.mean(0)) / y.std(0)
    fit, held = np.arange(N) % 2 == 0, np.arange(N) % 2 == 1
    weights = np.linalg.solve(x[fit].T @ x[fit] + 300 * np.eye(x.shape[1]), x[fit].T @ y[fit])
    guess = x[held] @ weights
    return max(float(np.corrcoef(guess[:, j], y[held, j])[0, 1]) for j in range(y.shape[1]))


def ranked(values: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Return each value's rank among those of its kind, 0 to 1."""
    ranks = np.zeros(len(values))
    for kind in np.unique(kinds):
        mine = kinds == kind
        ranks[mine] = (np.argsort(np.argsort(values[mine])) + 0.5) / mine.sum()
    return ranks


def disease(env: MedVectorEnv) -> np.ndarray:
    return np.eye(6)[env.play.state.disease]


def hidden(env: MedVectorEnv) -> np.ndarray:
    return np.stack([env.play.state.decay, np.log(env.play.state.leak)], 1)


def answer(env: MedVectorEnv) -> np.ndarray:
    return ranked(env.play.state.truth, env.play.state.variant)[:, None]


def calculators() -> System:
    return build("medenvs/MedCalc-v0", calculators=NUMERIC)


PROBES: list[tuple[Callable[[], System], str, Callable[[MedVectorEnv], np.ndarray]]] = [
    (consultation, "numeric", disease),
    (consultation, "text", disease),
    (sepsis, "numeric", hidden),
    (calculators, "text", answer),
]


@pytest.mark.parametrize(("system", "face", "gold"), PROBES, ids=["consultation", "consultation-text", "sepsis", "medcalc"])
def test_a_probe_finds_nothing(system: Callable[[], System], face: str, gold: Callable[[MedVectorEnv], np.ndarray]) -> None:
    env = MedVectorEnv(system(), N, Settings(obs_mode=face, reveal=True))
    x, y = features(*env.reset(seed=17)), gold(env)
    if (x.std(0) > 0).any():
        assert found(x, y) < NOISE
    planted = np.random.default_rng(0).normal(0, 2, (N, 1)) + (y / y.std(0))[:, :1]  # four parts of noise, one of gold
    assert found(np.concatenate([x, planted], 1), y) > 2 * NOISE  # so that the probe is known to see


def test_numbers_of_medcalc_are_the_facts_and_nothing_else() -> None:
    env = MedVectorEnv(build("medenvs/MedCalc-v0"), N, Settings(obs_mode="numeric"))
    seen, _ = env.reset(seed=3)
    facts = np.asarray(env.play.state.facts, np.float32)
    assert np.array_equal(seen[:, 1:], facts)
    assert np.array_equal(seen[:, 0], env.play.state.variant)


def test_the_order_of_rows_says_nothing() -> None:
    env = MedVectorEnv(consultation(), N, Settings(obs_mode="numeric"))
    env.reset(seed=0)
    place = np.stack([np.arange(N) % k for k in (2, 3, 4, 5, 8, 10)], 1).astype(float)
    assert found(place, disease(env)) < NOISE
