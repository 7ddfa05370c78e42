"""How an observation holds what is known of a finding, and the answers that these codes stand for."""

from __future__ import annotations

import numpy as np

from . import personas

NOT_ASKED, YES, NO, NOT_KNOWN, SECOND, FIRST = 0, 2, -2, -1, 3, 4  # SECOND, FIRST: complaints, which were volunteered
CODES = (NOT_ASKED, NOT_KNOWN, NO, YES)  # by the patient's answer, see personas

_ANSWERS = np.full(256, personas.UNASKED)  # of any int8; negative ones count from the end
_ANSWERS[[NOT_KNOWN, NO, YES, SECOND, FIRST]] = (personas.UNKNOWN, personas.NO, *[personas.YES] * 3)


def answers(codes: np.ndarray) -> np.ndarray:
    """Return the answers (personas.UNASKED … YES) that an array of codes, whole numbers of -128 to 127, stands for."""
    return _ANSWERS[codes]
