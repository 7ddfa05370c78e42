"""The sepsis resident reproduces the published calibration of its design, so the rules were not bent to please the lanes."""

from __future__ import annotations

import numpy as np
import pytest

from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import below, key
from tests.residents.sepsis import HORIZON, SepsisKernel

N = 8_000


@pytest.mark.parametrize(
    ("dose", "mortality"),
    [(0, 0.514), (15, 0.308), (20, 0.826), (4, 0.980), (11, 0.287), (None, 0.773)],
    ids=["nothing", "400 mL", "most fluid", "most pressor", "best constant", "random"],
)
def test_mortality(dose: int | None, mortality: float) -> None:
    kernel, cases = SepsisKernel().on(numpy_lanes()), np.arange(N) * 104_729 + 11
    state = kernel.reset({"case": cases}, key(kernel.spec.stream, cases), N)
    running, dead = np.ones(N, bool), np.zeros(N, bool)
    for step in range(HORIZON):
        doses = below(key(3, cases), step, 25) if dose is None else np.full(N, dose)
        state, turn = kernel.step(state, {"clinician": doses}, running)
        dead |= running & turn.terminated & (turn.terms["survived"] == 0)
        running &= ~turn.terminated
    assert not running.any()
    noise = (mortality * (1 - mortality) / N) ** 0.5
    assert dead.mean() == pytest.approx(mortality, abs=3.5 * noise + 0.005)  # the design's own figures carry .003
