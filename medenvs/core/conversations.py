"""What was told to and said by each role of N episodes: as texts that are read whole, and as logs from which messages are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .speech import told
from .transcript import Message, flat, replies, reply


class Conversations:
    """Keeps each role's transcript (`shown`) and, where `logs`, its turns: content, said, content, said, …

    `heard[role][i]` is what another role has said since this one last read something; None for a role that is alone.
    """

    def __init__(self, n: int, roles: Sequence[str], logs: bool) -> None:
        self.n, self._roles, self._logs, self._alone = n, tuple(roles), logs, len(roles) == 1
        self.shown: dict[str, list[str]] = {r: [""] * n for r in roles}
        self.log: dict[str, list[list[Any]]] = {r: [] for r in roles}
        self.heard: dict[str, list[str | None]] = {r: [None] * n for r in roles}
        self._said: dict[str, Sequence[str]] = dict.fromkeys(roles, ())

    def forget(self, rows: np.ndarray | None) -> None:
        """Begin new conversations in the rows (None: all)."""
        for role in self._roles:
            if rows is None:
                self.shown[role] = [""] * self.n
                self.log[role] = [[] for _ in range(self.n)] if self._logs else []
                self.heard[role] = [None] * self.n
                continue
            for i in rows.tolist():
                self.shown[role][i], self.heard[role][i] = "", None
                if self._logs:
                    self.log[role][i] = []

    def says(self, role: str, rows: np.ndarray | None, texts: Sequence[str]) -> None:
        """Write down what a role has said in the rows (None: all)."""
        if rows is None and self._alone:
            self._said[role] = texts
        else:
            said = list(self._said[role]) or [""] * self.n
            for i, text in zip(range(self.n) if rows is None else rows.tolist(), texts, strict=True):
                said[i] = text
            self._said[role] = said
        if self._logs:
            for i, text in zip(range(self.n) if rows is None else rows.tolist(), texts, strict=True):
                self.log[role][i].append(text)
                for other in self._roles if not self._alone else ():
                    if other != role:
                        self.heard[other][i] = text

    def tells(self, role: str, rows: np.ndarray | None, contents: Sequence[Any], faults: Mapping[int, str]) -> None:
        """Write down what a role is told in the rows (None: all); `faults` by row stand above the content."""
        places = range(self.n) if rows is None else rows.tolist()
        if faults:
            contents = [told(c, faults.get(i)) for i, c in zip(places, contents, strict=True)]
        texts = list(contents) if _strings(contents) else [flat(c) for c in contents]
        shown, said = self.shown[role], self._said[role]
        if rows is None and not any(shown):
            self.shown[role] = texts
        elif rows is None:
            self.shown[role] = replies(shown, said, texts)
        else:
            for i, text in zip(places, texts, strict=True):
                shown[i] = reply(shown[i], said[i], text) if shown[i] else text
        if self._logs:
            for i, content in zip(places, contents, strict=True):
                self.log[role][i].append(content)
                self.heard[role][i] = None

    def lines(self, role: str, rows: np.ndarray) -> np.ndarray:
        """Return how many turns each row's log holds."""
        return np.array([len(self.log[role][i]) for i in rows.tolist()])

    def messages(self, row: int, role: str) -> list[Message]:
        """Return the conversation of a row in the OpenAI message format (fresh dicts)."""
        return [{"role": "assistant" if i % 2 else "user", "content": c} for i, c in enumerate(self.log[role][row])]


def _strings(contents: Sequence[Any]) -> bool:
    return set(map(type, contents)) == {str}
