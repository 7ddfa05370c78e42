"""Strict tags in model text, read in linear time: one block of each wanted tag, nothing nested, nothing behind the last."""

from __future__ import annotations

from collections.abc import Sequence


def block(text: str, tag: str, longest: int = 4096) -> tuple[str, str | None]:
    """Return (body, fault) of the one ``<tag>body</tag>`` that ends the text; the body is "" when there is a fault.

    Free text may stand before the block. Faults: missing, more than one, unclosed, text behind it, nested, empty, too long.
    """
    opening, closing = f"<{tag}>", f"</{tag}>"
    start = text.find(opening)
    if start < 0:
        return "", f"there is no {opening}…{closing}"
    begin = start + len(opening)
    if text.find(opening, begin) >= 0:
        return "", f"there is more than one {opening}"
    end = text.find(closing, begin)
    if end < 0:
        return "", f"{opening} is not closed by {closing}"
    if text.find(closing) != end or text[end + len(closing) :].strip():
        return "", f"nothing may stand behind {closing}"
    body = text[begin:end].strip()
    if not body:
        return "", f"{opening} is empty"
    if len(body) > longest:
        return "", f"{opening} holds more than {longest} characters"
    return ("", f"{opening} holds another tag") if "<" in body or ">" in body else (body, None)


def first_tag(text: str, tags: Sequence[str]) -> str | None:
    """Return which of the tags is opened first in the text, None if none is."""
    found = [(text.find(f"<{tag}>"), tag) for tag in tags]
    return min((f for f in found if f[0] >= 0), default=(0, None))[1]
