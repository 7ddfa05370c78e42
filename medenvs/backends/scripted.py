"""A generator that follows a script: for tests, offline use and baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medenvs.core.errors import EndpointError

Script = Callable[[Sequence[Mapping[str, Any]], int], str | None]


class Scripted:
    """Replies what a pure function of (chat, seed) says; None stands for an endpoint that fails. `calls` counts batches."""

    discloses = ""

    def __init__(self, script: Script, name: str = "scripted") -> None:
        self._script, self.name, self.identity, self.calls = script, name, {"model": name}, 0

    def generate(self, chats: Sequence[Sequence[Mapping[str, Any]]], seeds: Sequence[int]) -> list[str]:
        """Return one reply per chat; raises EndpointError where the script has none."""
        replies = self.attempt(chats, seeds)
        spoken = [r for r in replies if r is not None]
        if len(spoken) < len(replies):
            raise EndpointError(
                f"{self.name} has no reply to {len(replies) - len(spoken)} of {len(replies)} chats. Let the script answer all."
            )
        return spoken

    def attempt(self, chats: Sequence[Sequence[Mapping[str, Any]]], seeds: Sequence[int]) -> list[str | None]:
        """Return one reply per chat, None where the script has none."""
        self.calls += 1
        return [self._script(chat, seed) for chat, seed in zip(chats, seeds, strict=True)]
