"""The words of a question: the prompt of the case, and ``<answer>…</answer>`` at the end of what the solver says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from medenvs.core.language import Utterance, column
from medenvs.core.markup import block
from medenvs.rewards.numbers import NUMBER, read, written

from .kernel import Answer, QuestionKernel, State

# What most answers look like, read in one go; everything else takes the long way to the same meaning.
_BARE = re.compile(r"[^<\x00]*<answer>[ \n]*([+-]?\d{1,9}(?:\.\d{1,9})?)[ \n]*</answer>[ \n]*", re.ASCII)
_READ: Mapping[str, float] = {"format": 1.0}
_UNREAD: Mapping[str, float] = {"format": 0.0}
_MANY = re.compile(_BARE.pattern + r"(?:\x00|\Z)", re.ASCII)
_VERDICTS = ("", "The answer is not right.", "The answer is right.")
_FORMATS = ("decimal", "date", "weeks_days")  # how a gold answer of each kind is written


class Prompts(Protocol):
    """Writes the text of cases."""

    def prompts(self, state: State, rows: Any) -> list[str]:
        """Return one prompt per row of the state (rows None: every row; one for a plain state)."""
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

    def parse_many(self, role: str, texts: Sequence[str]) -> tuple[Answer, dict[str, Any]] | None:
        """Return (packed answers, terms) if every text is a bare answer; None, and each is parsed by itself, if one is not.

        Each text must hold two "<" and no NUL, and match: then no text holds a second block or reaches into its neighbour.
        """
        joined, n = "\0".join(texts), len(texts)
        if joined.count("<") != 2 * n or joined.count("\0") != n - 1 or not joined.isascii():
            return None
        found = _MANY.findall(joined)
        if len(found) != n:
            return None
        return Answer(np.zeros(n, np.int64), np.array(found, np.float64)), {"format": np.ones(n)}

    def render(self, state: State, role: str, rows: Any, heard: Sequence[str | None] | None) -> list[str]:
        """Return the prompt, or the verdict once it has been answered."""
        if state.answered.__class__ is int:  # one episode on plain numbers
            return [_VERDICTS[state.answered]] if state.answered else self.source.prompts(state, None)
        answered = column(state.answered, rows)
        if any(answered):
            return [_VERDICTS[a] for a in answered]
        return self.source.prompts(state, rows)

    def speak(self, role: str, action: float, kind: int = 0) -> str:
        """Return the text of an action: what `parse` reads back."""
        return f"<answer>{written(action, _FORMATS[kind]) if kind else repr(float(action))}</answer>"

    def sample(self, role: str, word: int) -> str:
        """Return a valid text for a random 32-bit word: numbers of every size that clinics see."""
        return f"<answer>{(word % 10_000) / 10 ** (word // 10_000 % 4):g}</answer>"
