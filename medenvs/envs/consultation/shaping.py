"""Potential-based shaping: the log posterior of the true disease, gamma 1, so that no optimum moves (Ng, Harada and Russell 1999).

Where an episode ends the potential is 0: what shaping pays adds up to minus the first potential, whatever is done in between.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from medenvs.worlds.consultation.actions import BASICS, Actions
from medenvs.worlds.consultation.codes import answers
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.posterior import Posterior

from .state import DECIDING, State

_LEAST = 1e-12  # the potential is never below its log


@cache
def _posterior(size: str) -> Posterior:
    return Posterior(knowledge(size))


def potential(s: State, a: Actions) -> Any:
    """Return log P(true disease | what the doctor knows) of every row: an array, a float for a plain state."""
    seen, basics = np.atleast_2d(np.asarray(s.seen)), a.chart - len(BASICS)
    who = {name: np.atleast_1d(np.asarray(getattr(s, name))) for name in DECIDING}
    who |= {name: seen[:, basics + BASICS.index(name)].astype(np.int64) for name in ("age", "sex", "pregnancy")}
    p = _posterior(a.kb.size).of(who, answers(seen[:, :basics]))[np.arange(len(seen)), who["disease"]]
    log = np.log(np.maximum(p, _LEAST))
    return float(log[0]) if isinstance(s.turn, int) else log
