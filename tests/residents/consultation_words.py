"""The words of the test consultation: ``<ask>…</ask>``, ``<diagnose>…</diagnose>``, and a patient who says yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medenvs.core.language import Utterance, column
from medenvs.core.markup import block, first_tag

FINDINGS = ("fever", "cough", "rash", "headache", "nausea", "chills", "itching", "thirst", "cramps", "dizziness", "hoarseness", "swelling")
DISEASES = ("redpox", "lake fever", "miller's lung", "grey gout", "sun ague", "bell throat")
_ASK = {name: i for i, name in enumerate(FINDINGS)}
_NAME = {name: len(FINDINGS) + i for i, name in enumerate(DISEASES)}
_UNREAD, _READ = {"format": 0.0}, {"format": 1.0}
_GREETING = f"I do not feel well, doctor. [Ask about: {', '.join(FINDINGS)}. Diagnose one of: {', '.join(DISEASES)}.]"
_ENDINGS = ("", "That was not it.", "That was it.", "There is no time left.")


class Conversation:
    """What doctor and patient say. The term ``format`` is 1 where a text was understood."""

    terms = ("format",)
    version = "1"

    def parse(self, role: str, text: str) -> Utterance:
        if role == "patient":
            start = text.strip()[:3].lower()
            answer = 2 if start == "yes" else 1 if start[:2] == "no" else 0
            return Utterance(answer, None, _READ if answer else _UNREAD)
        tag = first_tag(text, ("ask", "diagnose"))
        if tag is None:
            return Utterance(-1, "say <ask>finding</ask> or <diagnose>disease</diagnose>", _UNREAD)
        body, fault = block(text, tag)
        if fault is not None:
            return Utterance(-1, fault, _UNREAD)
        known = (_ASK if tag == "ask" else _NAME).get(body.lower())
        return Utterance(-1, f"there is no such name in <{tag}>", _UNREAD) if known is None else Utterance(known, None, _READ)

    def render(self, state: Any, role: str, rows: Any, heard: Sequence[str | None] | None) -> list[str]:
        lanes = (state.last, state.reply, state.verdict, state.turn, state.budget)
        columns = [column(lane, rows) for lane in lanes]
        said = heard or [None] * len(columns[0])
        if role == "patient":
            asked = zip(columns[0], column(state.true, rows), columns[2], strict=True)
            return [_ENDINGS[over] or f"Do you have {FINDINGS[last]}? (You do{' not' if true < 2 else ''}.)" for last, true, over in asked]
        return [self._told(*row) for row in zip(*columns, said, strict=True)]

    def _told(self, last: int, reply: int, verdict: int, turn: int, budget: int, said: str | None) -> str:
        if verdict:
            return _ENDINGS[verdict]
        if not turn:
            return _GREETING
        answer = said if said is not None else "I did not understand." if last < 0 else self.canned(last, reply)
        return f"{answer} [{budget - turn} turns left]"

    @staticmethod
    def canned(finding: int, reply: int) -> str:
        """Return the stock answer to a question."""
        return (f"I cannot say whether I have {FINDINGS[finding]}.", f"No {FINDINGS[finding]}.", f"Yes, {FINDINGS[finding]}.")[reply]

    def speak(self, role: str, action: int, kind: int = 0) -> str:
        """Return the text of a move: what `parse` reads back."""
        if role == "patient":
            return ("I cannot say.", "No.", "Yes.")[action]
        known = len(FINDINGS)
        return f"<ask>{FINDINGS[action]}</ask>" if action < known else f"<diagnose>{DISEASES[action - known]}</diagnose>"

    def sample(self, role: str, word: int) -> str:
        """Return a valid text for a random 32-bit word."""
        return self.speak(role, word % 3 if role == "patient" else word % (len(FINDINGS) + len(DISEASES)))
