"""What one step did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Lane = Any  # a Python number, or an array with one entry per episode
NONE_ABSENT: Mapping[str, Lane] = {}


class Turn(NamedTuple):
    """Raw terms and costs by name; neither reward (words and judges have a say) nor observation (nobody may ask).

    `costs` are >= 0. `terminated` covers every limit that the agent can see. `absent[name]` is true in the rows where that
    term does not apply: absent is not zero.
    """

    terms: dict[str, Lane]
    costs: dict[str, Lane]
    terminated: Lane
    truncated: Lane
    absent: Mapping[str, Lane] = NONE_ABSENT
