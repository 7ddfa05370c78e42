"""The words of a recorded consultation: the doctor's format, the patient's answers, and what each of them reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from medenvs.core.language import Utterance, column
from medenvs.worlds.consultation.markers import ASKS, REPEAT, UNKNOWN, one_line

from .dialogue import DIAGNOSED, DIAGNOSIS, INFORMATIVE, LATE, OPEN, QUESTION, SEVERAL, State
from .dialogue import REPEAT as REPEATED
from .dialogue import UNKNOWN as UNANSWERED
from .format import ORIGINAL, read

_MOVES: Mapping[str, int] = {"question": QUESTION, "several": SEVERAL, "diagnosis": DIAGNOSIS, "malformed": -1}
_READ: Mapping[str, float] = {"format": 1.0}
_UNREAD: Mapping[str, float] = {"format": 0.0}
_ENDINGS = {DIAGNOSED: "The consultation is over: you have made your diagnosis.", LATE: "The consultation is over: no turn is left."}
_CUT = "The consultation is over: too many messages could not be read."
_HOW = (
    "You are the doctor. Ask one question, holding one question mark: <answer>Question: …</answer> When you know enough, conclude: "
    "<answer>Diagnosis: …\nRecommendation: …</answer> You may think first between <think> and </think>. Nothing may follow </answer>."
)
_SILENCE = "The patient does not answer."
_ONE = "Ask one question at a time."
_CANNED = {-1: _SILENCE, INFORMATIVE: "The patient answers.", UNANSWERED: UNKNOWN, REPEATED: REPEAT}
_SPOKEN = ("Yes, I do.", UNKNOWN, REPEAT)
_TOPICS = ("the pain", "fever", "your appetite", "your sleep", "other illnesses", "your medicines", "smoking", "allergies")


class Records(Protocol):
    """Knows the texts of cases."""

    def report(self, case: int) -> str: ...
    def profile(self, case: int) -> str: ...
    def golds(self, case: int) -> Mapping[str, str]: ...


class DialogueLanguage:
    """Doctor and patient speak freely; the term ``format`` is 1 where a message could be read.

    Messages are read as the original reads them. A patient's reply is a repeat where it begins with the marker for it, unknown where it
    holds "Sorry", else informative; an empty one is none. What a doctor asked reaches the patient as one line.
    """

    terms: tuple[str, ...] = ("format",)
    version = "1"

    def __init__(self, records: Records) -> None:
        self.records = records

    def parse(self, role: str, text: str) -> Utterance:
        """Return what a message does."""
        if role == "patient":
            return Utterance(_reply(text), None, _READ)
        said = read(text, ORIGINAL)
        return Utterance(_MOVES[said.kind], said.fault if said.kind == "malformed" else None, _UNREAD if said.fault else _READ)

    def render(self, state: State, role: str, rows: Any, heard: Sequence[str | None] | None) -> list[str]:
        """Return what a role reads now."""
        s = state
        lanes = (s.case, s.over, s.questions) if role == "patient" else (s.case, s.over, s.turn, s.budget, s.last, s.reply)
        columns = [column(lane, rows) for lane in lanes]
        texts = heard or [None] * len(columns[0])
        write = self._to_patient if role == "patient" else self._to_doctor
        return [write(text, *row) for text, *row in zip(texts, *columns, strict=True)]

    def _to_patient(self, heard: str | None, case: int, over: int, questions: int) -> str:
        if over != OPEN:
            return "The consultation is over."
        question = f"{ASKS}{'…' if heard is None else one_line(read(heard, ORIGINAL).body)}"
        return f"{self.records.profile(case)}\n\n{question}" if questions == 1 else question

    def _to_doctor(self, heard: str | None, case: int, over: int, turn: int, budget: int, last: int, reply: int) -> str:
        if over != OPEN:
            return _ENDINGS.get(over, _CUT)
        if not turn:
            return f"{self.records.report(case)}\n\n{_HOW}"
        answer = one_line(heard) if heard is not None and reply == INFORMATIVE else _CANNED[reply]
        text = {QUESTION: answer, SEVERAL: _ONE}.get(last, _HOW)
        return f"{text}\nTurn {turn}/{budget}."

    def speak(self, role: str, action: int, kind: int = 0) -> str:
        """Return the text of a move; `kind` is the case whose truth a diagnosis names."""
        if role == "patient":
            return _SPOKEN[action] if 0 <= action < len(_SPOKEN) else ""
        if action == DIAGNOSIS:
            gold = self.records.golds(kind)
            advice = f"\nRecommendation: {one_line(gold['recommendation'])}" if gold["recommendation"] else ""
            return f"<answer>Diagnosis: {one_line(gold['diagnosis'])}{advice}</answer>"
        return "<answer>Question: What about it? And else?</answer>" if action == SEVERAL else "<answer>Question: How are you?</answer>"

    def sample(self, role: str, word: int) -> str:
        """Return a valid text for a random 32-bit word."""
        if role == "patient":
            return _SPOKEN[word % 3]
        if word % 4 == 3:
            return "<answer>Diagnosis: a cold\nRecommendation: rest</answer>"
        return f"<answer>Question: What about {_TOPICS[(word >> 2) % len(_TOPICS)]}?</answer>"


def _reply(text: str) -> int:
    """Return which move a patient's reply is."""
    said = text.strip()
    if not said:
        return -1
    if said.casefold().startswith(REPEAT.casefold().rstrip(".")):
        return REPEATED
    return UNANSWERED if "Sorry" in said else INFORMATIVE
