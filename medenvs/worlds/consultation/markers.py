"""The fixed words between doctor and patient: how a question is put to a patient, and what one says who has no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medenvs.core.transcript import flat

UNKNOWN = "Sorry, I cannot say."
REPEAT = "You have asked me that before."
ASKS = "The doctor asks: "  # begins the last line of what a patient reads


def one_line(text: str) -> str:
    """Return a text without line breaks and double spaces, so that nothing in it begins a line."""
    return " ".join(text.split())


def parted(content: str) -> tuple[str, str]:
    """Return (what stands before, the question) of what a patient reads; the question is "" where there is none."""
    at = content.rfind(f"\n{ASKS}") + 1
    if not content.startswith(ASKS, at):
        return content, ""
    return content[:at].strip(), content[at + len(ASKS) :]


def questions(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a doctor has asked so far, as the messages to the patient hold it, the current question last."""
    return [parted(flat(m["content"]))[1] for m in messages if m["role"] == "user"]
