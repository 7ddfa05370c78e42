"""What may reach a terminal or a table: text without control characters."""

from __future__ import annotations

import re

# C0 (newline and tab may stay), C1, line separators, marks that reorder text, lone surrogates (no terminal can encode them)
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: object, longest: int = 100_000) -> str:
    """Return the text with every character that could steer a terminal replaced by U+FFFD, cut to `longest`."""
    whole = str(text)
    kept = whole if len(whole) <= longest else whole[:longest] + "…"
    return _UNSAFE.sub("\ufffd", kept.replace("\r\n", "\n"))


def one_line(text: object, longest: int = 200) -> str:
    """Return the text on one line, for a cell or an error."""
    return " ".join(printable(text, longest).split())
