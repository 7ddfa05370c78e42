"""The septic patient of the test resident: what is carried from hour to hour, and the curves the rules look up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from medenvs.core.randomness import Key
from medenvs.core.turn import Lane

CONTRACTILE = (0.13466, -0.48925, 1.179, 0.17565)  # x to the power .6 on [.45, 1]
RATE = (-0.028737, 0.19413, -0.53386, 0.94837, 0.42073)  # x to the power .35 on [.4, 2.2]
RENAL = (-1.1604, 2.9506, -2.7568, 1.2784, 0.68523)  # x to the power .1 on [.04, 1]
_SHAPES = ((1.5, 4.0), (3.0, 2.2), (5.0, 2.5), (1.2, 6.0), (1.6, 4.0))  # of the beta distributions


@cache
def betas() -> tuple[np.ndarray, ...]:
    """Return 1,024 equally likely values of each beta distribution; made once, so the arithmetic rule leaves it free."""
    x = (np.arange(65_536) + 0.5) / 65_536
    sums = [np.cumsum(np.power(x, a - 1) * np.power(1 - x, b - 1)) for a, b in _SHAPES]
    return tuple(np.interp((np.arange(1024) + 0.5) / 1024, s / s[-1], x) for s in sums)


def power(x: Lane, coefficients: tuple[float, ...]) -> Lane:
    """Return a polynomial of x, highest coefficient first."""
    total = x * 0 + coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


@dataclass
class Body:
    """One patient a row: who they are, then how they are; litres, hours, mmHg."""

    case: Lane
    key: Key
    age: Lane
    weight: Lane
    frail: Lane
    decay: Lane
    hit: Lane  # the step of a second infection
    plegia: Lane
    leak: Lane
    sensitive: Lane
    heart: Lane
    drive: Lane  # heart to the power .6
    map0: Lane
    hr0: Lane
    cr0: Lane
    tolerance: Lane
    inflamed: Lane
    deficit: Lane  # volume beyond normal
    oedema: Lane
    kidney: Lane
    lung: Lane
    organs: Lane
    lac: Lane
    cr: Lane
    cns: Lane
    plt: Lane
    bil: Lane
    given: Lane
    step: Lane
    dead: Lane
    passed: Lane = 0.0
    pressor: Lane = 0.0
    map: Lane = 0.0
    hr: Lane = 0.0
    spo2: Lane = 0.0
    fio2: Lane = 0.0
    vented: Lane = 0.0
    pf: Lane = 0.0
    uo: Lane = 0.0
    cvp: Lane = 0.0
    wet: Lane = 0.0
    filling: Lane = 0.0
    output: Lane = 0.0
    constricting: Lane = 0.0
    delivery: Lane = 0.0
