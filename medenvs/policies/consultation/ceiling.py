"""The upper bound: who would be diagnosed rightly if every finding had been asked, examined and measured, at no price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import Key
from medenvs.worlds.consultation.patients import patients_of

from .doctors import mind
from .reading import Array


def everything(size: str, keys: Key, who: Mapping[str, Array]) -> Array:
    """Return the posterior with all findings answered as (rows, diseases).

    `keys` and `who` are the patients' (their columns, as arrays); answers go through their personas' channels.
    """
    patients, zero = patients_of(size, numpy_lanes()), np.zeros(len(who["age"]), int)
    answers = np.stack([patients.answer(keys, who, zero + f) for f in range(patients.width)], 1)
    return mind(size).posterior.of(who, answers)


def ceiling(size: str, keys: Key, who: Mapping[str, Any]) -> Array:
    """Return, for each patient, whether the likeliest disease is the right one when all is answered."""
    return everything(size, keys, who).argmax(1) == who["disease"]
