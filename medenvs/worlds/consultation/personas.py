"""How patients answer: published channels P(answer | fact). What is examined or measured reports itself truthfully."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .model import Finding

UNASKED, UNKNOWN, NO, YES = range(4)  # what a grid of answers holds
TOPICS = ("symptom", "history", "sensitive", "measured")


@dataclass(frozen=True)
class Channel:
    """One way of answering on one topic: how often a present or absent fact is not known, and is told wrongly."""

    unknown_if_present: float = 0.0
    unknown_if_absent: float = 0.0
    denied: float = 0.0  # P(no | present)
    claimed: float = 0.0  # P(yes | absent)

    def given(self, present: bool) -> tuple[float, float, float]:
        """Return P(unknown), P(no), P(yes)."""
        if present:
            return self.unknown_if_present, self.denied, 1 - self.unknown_if_present - self.denied
        return self.unknown_if_absent, 1 - self.unknown_if_absent - self.claimed, self.claimed


CLEAR = Channel()
PERSONAS: Mapping[str, tuple[Channel, ...]] = {  # in the order of TOPICS
    "truthful": (CLEAR, CLEAR, CLEAR, CLEAR),
    "forgetful": (Channel(0.10, 0.06, 0.06, 0.01), Channel(0.18, 0.10, 0.12, 0.01), Channel(0.10, 0.06, 0.06, 0.01), CLEAR),
    "reticent": (Channel(0.05, 0.02, 0.05, 0.0), Channel(0.05, 0.02, 0.05, 0.0), Channel(0.25, 0.15, 0.35, 0.0), CLEAR),
    "low_literacy": (Channel(0.10, 0.12, 0.04, 0.04), Channel(0.20, 0.20, 0.08, 0.05), Channel(0.12, 0.12, 0.05, 0.04), CLEAR),
    "anxious": (Channel(0.02, 0.03, 0.01, 0.15), Channel(0.04, 0.05, 0.02, 0.06), Channel(0.05, 0.04, 0.05, 0.08), CLEAR),
}
NAMES = tuple(PERSONAS)


def topic(finding: Finding) -> int:
    """Return which channel of a persona a question about the finding goes through, as an index into TOPICS."""
    if finding.measured:
        return TOPICS.index("measured")
    return TOPICS.index("sensitive" if finding.sensitive else finding.kind)


def channels() -> np.ndarray:
    """Return P(answer | persona, topic, fact) as an array (persona, topic, absent or present, answer); unasked has P 1."""
    rows = [[[(1.0, *channel.given(present)) for present in (False, True)] for channel in persona] for persona in PERSONAS.values()]
    return np.array(rows)
