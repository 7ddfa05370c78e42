"""A patient of the simulated world that a language model speaks for: told each time what is true, it chooses the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medenvs.core.transcript import flat
from medenvs.worlds.consultation.markers import parted

from .speaker import Speaker


class ToldPatient(Speaker):
    """A Speaker whose every prompt holds what it knows; nothing in that is secret. Without words it answers what is true."""

    marks_repeats = False  # the rules do, and "since when?" asked again may mean something else

    def _move(self, observation: Any) -> int:
        topic, true, _ = observation["observation"].tolist()
        return max(true - 1, 0) if topic >= 0 else 0

    def _known(self, info: Mapping[str, Any]) -> str:
        return self._brief(info["messages"])

    def _brief(self, messages: Sequence[Mapping[str, Any]]) -> str:
        return parted(flat(messages[-1]["content"]))[0]
