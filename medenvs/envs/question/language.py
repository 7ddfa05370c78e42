"""The words of a question: the prompt of the case, and ``<answer>…</answer>`` at the end of what the solver says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from medenvs.core.language import Utterance, column
from medenvs.core.markup import block
from medenvs.rewards.numbers import NUMBER, read, written

from .kernel import Answer, QuestionKernel, State

# What most answers look like, read in one go; everything else takes the long way to the same meaning.
_BARE = re.compile(r"[^<]*<answer>[ \n]*([+-]?\d{1,9}(?:\.\d{1,9})?)[ \n]*</answer>[ \n]*", re.ASCII)
_READ: Mapping[str, float] = {"format": 1.0}
_UNREAD: Mapping[str, float] = {"format": 0.0}
_FORMATS = ("decimal", "date", "weeks_days")  # how a gold answer of each kind is written


class Prompts(Protocol):
    """Writes the text of cases."""

    def prompts(self, cases: Sequence[int], variants: Sequence[int], facts: Sequence[Any], shown: Sequence[Any]) -> list[str]:
        """Return one prompt per case."""
        ...


class AnswerLanguage:
    """Parses one answer; the term ``format`` is 1 where the text held one."""

    terms: tuple[str, ...] = ("format",)
    version = "1"

    def __init__(self, source: Prompts) -> None:
        self.source = source

    def parse(self, role: str, text: str) -> Utterance:
        """Return the answer inside the one answer block that ends the text."""
        if bare := _BARE.fullmatch(text):
            return Utterance(Answer(NUMBER, float(bare[1])), None, _READ)
        body, fault = block(text, "answer")
        if fault is None:
            reading, fault = read(body)
            if reading is not None:
                return Utterance(Answer(reading.kind, reading.value), None, _READ)
        return Utterance(QuestionKernel.nothing, fault, _UNREAD)

    def render(self, state: State, role: str, rows: Any, heard: Sequence[str | None] | None) -> list[str]:
        """Return the prompt, or the verdict once it has been answered."""
        answered = column(state.answered, rows)
        if any(answered):
            return [("", "The answer is not right.", "The answer is right.")[a] for a in answered]
        facts, shown = column(state.facts, rows), column(state.shown, rows)
        return self.source.prompts(column(state.case, rows), column(state.variant, rows), facts, shown)

    def speak(self, role: str, action: float, kind: int = 0) -> str:
        """Return the text of an action: what `parse` reads back."""
        return f"<answer>{written(action, _FORMATS[kind]) if kind else repr(float(action))}</answer>"

    def sample(self, role: str, word: int) -> str:
        """Return a valid text for a random 32-bit word: numbers of every size that clinics see."""
        return f"<answer>{(word % 10_000) / 10 ** (word // 10_000 % 4):g}</answer>"
