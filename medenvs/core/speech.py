"""What texts go through on their way in: cut to length, made writable, parsed; remembered where that is cheap."""

from __future__ import annotations

from typing import Any

from .errors import BadValue
from .language import Language, Utterance, sanitised

_REMEMBERED, _SHORT = 65_536, 1024


class Hearing:
    """A role's ears. Parsing is pure, so short texts are remembered (a bounded table, emptied when full)."""

    def __init__(self, language: Language[Any], role: str, longest: int) -> None:
        self._parse, self._role, self._longest = language.parse, role, longest
        self.known: dict[str, Utterance] = {}

    def __call__(self, text: Any) -> tuple[str, Utterance, bool]:
        """Return (the text as it is kept, its meaning, whether it was cut); raises BadValue for anything but a string."""
        if text.__class__ is str and text in self.known:
            return text, self.known[text], False
        if not isinstance(text, str):
            raise BadValue(f"a text action must be a str, not {type(text).__name__}. Use obs_mode='numeric' for numeric actions.")
        cut = len(text) > self._longest
        kept = sanitised(text[: self._longest] if cut else text)
        meaning = self._parse(self._role, kept)
        if len(kept) <= _SHORT and kept == text:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            self.known[kept] = meaning
        return kept, meaning, cut


def told(content: Any, fault: str | None) -> Any:
    """Return what a role is told next: after a fault, the reason stands above the content."""
    if fault is None:
        return content
    note = f"[Not understood: {fault}.]"
    return f"{note}\n{content}" if isinstance(content, str) else [{"type": "text", "text": note}, *content]
