"""What doctor and patient say to each other. Kernel state decides what is true; this only says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from medenvs.core.language import Utterance
from medenvs.worlds.consultation.actions import ASK, EXAMINE, ORDER, SLOTS, Move, actions
from medenvs.worlds.consultation.hearing import Hearing, Meaning
from medenvs.worlds.consultation.knowledge import knowledge

from .format import HARDENED, Format, Said, read
from .kernel import ConsultationKernel
from .replies import Replies
from .sentences import Sentences
from .state import State
from .vocabulary import Vocabulary

_READ, _UNREAD = {"format": 1.0}, {"format": 0.0}
_OPEN, _CLOSE, _THOUGHT = "<answer>", "</answer>", "</think>"
_ANSWERS = ("I cannot say.", "No.", "Yes.")
_UNSURE = re.compile(
    r"(i am|i'm) (sorry|not sure|unsure)|not sure|unsure|sorry|maybe|perhaps|no idea"
    r"|(i )?(do not|don't|cannot|can't|could not|couldn't) (really )?(know|say|tell|remember|recall)"
)
_NO = re.compile(r"(no|nope|nah|never|not|none|nothing|i (do|did|have|am) not|i (don|didn|haven)'t|i'm not|i have no)\b")
_YES = re.compile(r"(yes|yeah|yep|yup|i think so|i (do|did|have|am)|i'm|i've)\b")


class ConsultationLanguage:
    """Reads what a doctor writes under a format, and writes what the patient, an examination or a test says.

    The term ``format`` is 1 where a message had the form it should have.
    """

    terms: tuple[str, ...] = ("format",)
    version = "1"

    def __init__(self, size: str, preset: Format = HARDENED) -> None:
        self.kb, self.actions, self.preset = knowledge(size), actions(size), preset
        self.names, self.hearing, self.sentences = _words(size)
        self.replies = Replies(self.sentences, preset.faithful)
        self._known = {f"{_OPEN}{said}{_CLOSE}": Utterance(Move(act, ()), None, _READ) for said, act in self._tagged()}
        self._acts = {text: meaning.action.act for text, meaning in self._known.items()}

    def _tagged(self) -> list[tuple[str, int]]:
        """Return messages that name a topic by one of its phrases, and the moves that they mean."""
        found: list[tuple[str, int]] = []
        for phrase, act in self.names.phrases.items():
            if not self.preset.one_mark:
                found.append((f"{self._label(act)}: {phrase}", act))
            found.append((f"Question: {phrase}?", act))
        return found

    def _label(self, act: int) -> str:
        return {ASK: "Question", EXAMINE: "Examine", ORDER: "Order"}[int(self.actions.kinds[act])]

    def parse(self, role: str, text: str) -> Utterance:
        """Return the meaning of what a role said."""
        return self.parse_each(role, (text,))[0]

    def parse_each(self, role: str, texts: Sequence[str]) -> list[Utterance]:
        """Return the meaning of each text; free questions are understood all together."""
        if role == "patient":
            return [_answered(text) for text in texts]
        found, free = list[Any](), list[tuple[int, str, dict[str, float]]]()
        for i, text in enumerate(texts):
            start = text.find(_OPEN)
            meaning = self._ready(text[:start], text[start:]) if start >= 0 else None
            if meaning is None:
                meaning = self._read(read(text, self.preset), _READ if start >= 0 else _UNREAD)
                if isinstance(meaning, str):
                    free.append((i, meaning, _READ if start >= 0 else _UNREAD))
            found.append(meaning)
        if free:
            for (i, _, formed), meant in zip(free, self.hearing.understand_many([question for _, question, _ in free]), strict=True):
                found[i] = Utterance(Move(self.move(meant), ()), None, formed)
        return found

    def parse_many(self, role: str, texts: Sequence[str]) -> tuple[Move, dict[str, Any]] | None:
        """Return (moves, terms) if every text ends in a known answer behind nothing or closed thinking; None if one does not."""
        if role == "patient":
            return None
        starts = [text.find(_OPEN) for text in texts]
        if min(starts, default=0) < 0:
            return None
        acts = [*map(self._acts.get, [text[i:] for text, i in zip(texts, starts, strict=True)])]
        if None in acts:
            return None
        heads = [text[:i] for text, i in zip(texts, starts, strict=True)]
        if not {head[-len(_THOUGHT) :] for head in heads} <= {"", _THOUGHT} or _CLOSE in "\n".join(heads):
            return None
        return Move(np.array(acts), np.empty((len(acts), 0), np.int64)), {"format": np.ones(len(acts))}

    def _ready(self, head: str, answer: str) -> Utterance | None:
        """Return the meaning of a known answer, unless what stands in front of it makes the message another one."""
        if head and (_CLOSE in head or (not self.preset.tagged and "<think>" in head.rpartition("</think>")[2])):
            return None
        return self._known.get(answer)

    def _read(self, said: Said, formed: dict[str, float]) -> Utterance | str:
        """Return the meaning of a message, or the question that has to be understood."""
        if said.kind == "malformed":
            return Utterance(ConsultationKernel.nothing, said.fault, _UNREAD)
        if said.kind == "several":
            return Utterance(Move(self.actions.several, ()), said.fault, _UNREAD)
        if said.kind == "diagnosis":
            return self._diagnosed(said, formed)
        act = self.names.phrases.get(said.body.rstrip("?？. ").lower())
        return said.body if act is None else Utterance(Move(act, ()), None, formed)

    def _diagnosed(self, said: Said, formed: dict[str, float]) -> Utterance:
        act = self.names.diagnosis(said.body)
        if isinstance(act, int):
            return Utterance(Move(act, self.names.recommendation(said.recommendation)), None, formed)
        if self.preset.faithful:  # any words end the consultation there; they name no disease of this world
            return Utterance(Move(self.actions.unnamed, self.names.recommendation(said.recommendation)), None, formed)
        return Utterance(ConsultationKernel.nothing, act, _UNREAD)

    def move(self, meaning: Meaning) -> int:
        """Return the move that a question means."""
        a = self.actions
        if meaning.kind == "ask":
            act = a.number[meaning.topics[0]]
            slot = SLOTS.index(meaning.slot)
            return a.detail + 3 * act + slot - 1 if slot and act < a.asks else act
        if meaning.kind == "follow":
            return a.follow + SLOTS.index(meaning.slot)
        if meaning.kind == "none" or not meaning.topics:
            return a.nowhere
        if meaning.kind == "several" and not self.preset.faithful:  # the original counts question marks, not topics
            return a.several
        return a.between(meaning.topics[0], meaning.topics[1] if len(meaning.topics) > 1 else None)

    def render(self, state: State, role: str, rows: Any, heard: Sequence[str | None] | None) -> list[str]:
        """Return what a role reads now."""
        if role == "patient":
            return self.replies.patient(state, rows, heard and [said and read(said, self.preset).body for said in heard])
        return self.replies.doctor(state, rows, heard)

    def speak(self, role: str, action: int, kind: Any = 0) -> str:
        """Return the text of a move: what `parse` reads back. `kind`, where given: (disease, items) of a whole diagnosis."""
        a = self.actions
        if role == "patient":
            return _ANSWERS[action]
        if kind:
            disease: int = kind[0]
            items: Sequence[int] = kind[1]
            named, advice = self.replies.disease(disease), "; ".join(self.kb.drugs[i] for i in items)
            return f"{_OPEN}Diagnosis: {named}\nRecommendation: {advice}{_CLOSE}"
        if action >= a.diagnose:
            return f"{_OPEN}Diagnosis: {self.replies.disease(action - a.diagnose)}{_CLOSE}"
        label = self._label(action) if action < a.propose and not self.preset.one_mark else "Question"
        name = self.sentences.names[action] if action < a.propose else self.kb.drugs[action - a.propose]
        return f"{_OPEN}{label}: {name}{'?' if label == 'Question' else ''}{_CLOSE}"

    def sample(self, role: str, word: int) -> str:
        """Return a valid text for a random 32-bit word: any topic, or one time in eight a diagnosis."""
        if role == "patient":
            return _ANSWERS[word % 3]
        a = self.actions
        if word % 8 == 0:
            return self.speak(role, 0, (word // 8 % a.diseases, (word // 1024 % a.drugs,)))
        return self.speak(role, word // 8 % a.propose)


@cache
def _words(size: str) -> tuple[Vocabulary, Hearing, Sentences]:
    kb, a = knowledge(size), actions(size)
    return Vocabulary(kb, a), Hearing(kb), Sentences(kb, a)


def _answered(text: str) -> Utterance:
    """Return what a patient's reply says: it begins with yes, no, or neither."""
    said = text.strip().lower().replace("’", "'")
    if not said:
        return Utterance(ConsultationKernel.nothing, "nothing was said", _UNREAD)
    answer = 0 if _UNSURE.match(said) else 1 if _NO.match(said) else 2 if _YES.match(said) else 0
    return Utterance(Move(answer, ()), None, _READ)
