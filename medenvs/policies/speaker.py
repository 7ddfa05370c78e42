"""A patient that a language model speaks for, whatever it knows: one batch of chats per call, and a check of every reply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from medenvs.core.errors import BadValue
from medenvs.core.language import sanitised
from medenvs.core.randomness import key
from medenvs.core.services import TextGenerator
from medenvs.core.transcript import flat
from medenvs.worlds.consultation.leaks import leaks, plain
from medenvs.worlds.consultation.markers import REPEAT, UNKNOWN, one_line, parted, questions


class Secrets(Protocol):
    """Knows what nobody may say of cases."""

    def secrets(self, case: int) -> tuple[str, ...]: ...


@dataclass
class Counts:
    """What came of a language patient's replies."""

    asked: int = 0
    repeated: int = 0  # the same words again, answered without the generator
    leaked: int = 0
    unanswered: int = 0
    empty: int = 0
    cut: int = 0


class Speaker(ABC):
    """A Player that a TextGenerator speaks for: one batch of chats per call, and a check of every reply.

    A reply that holds a secret of the case becomes "Sorry, I cannot say."; one that is missing or empty becomes "", no answer at all;
    one longer than `longest` characters is cut. `counts` says how often. `memory` False shows the generator the current question alone.
    """

    marks_repeats = True

    def __init__(self, generator: TextGenerator, secrets: Secrets, *, longest: int = 400, memory: bool = True, seed: int = 0) -> None:
        if longest < 1:
            raise BadValue(f"longest is {longest}; allowed: 1 or more characters.")
        self._generator, self._secrets, self._longest, self._memory, self._seed = generator, secrets, longest, memory, seed
        self.discloses = generator.discloses
        self.counts = Counts()

    @abstractmethod
    def _move(self, observation: Any) -> int:
        """Return the answer where there are no words."""

    @abstractmethod
    def _known(self, info: Mapping[str, Any]) -> str:
        """Return what is no secret."""

    @abstractmethod
    def _brief(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """Return what the generator is told before the questions."""

    def act_batch(self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return one answer per observation; where there are no words, the move for "unknown"."""
        answers: list[Any] = [UNKNOWN if isinstance(o, str) else self._move(o) for o in observations]
        places: list[int] = []
        for i, info in enumerate(infos):
            asked = [plain(q) for q in questions(info["messages"])] if isinstance(observations[i], str) else []
            if asked and asked[-1].strip():
                if self.marks_repeats and asked[-1] in asked[:-1]:
                    answers[i] = REPEAT
                    self.counts.repeated += 1
                else:
                    places.append(i)
        if places:
            chats = [self._chat(infos[i]["messages"]) for i in places]
            seeds = [key(self._seed, int(infos[i]["case"]), len(infos[i]["messages"]))[0] >> 1 for i in places]
            for i, reply in zip(places, self._generator.attempt(chats, seeds), strict=True):
                answers[i] = self._checked(reply, int(infos[i]["case"]), self._known(infos[i]))
        return answers

    def _chat(self, messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        shown = messages if self._memory else messages[-1:]
        turns = [
            {"role": m["role"], "content": flat(m["content"]) if m["role"] == "assistant" else _slotted(parted(flat(m["content"]))[1])}
            for m in shown
        ]
        return [{"role": "system", "content": self._brief(messages)}, *turns]

    def _checked(self, reply: str | None, case: int, known: str) -> str:
        self.counts.asked += 1
        if reply is None:
            self.counts.unanswered += 1
            return ""
        said = one_line(sanitised(reply).rpartition("</think>")[2])
        if not said:
            self.counts.empty += 1
            return ""
        if leaks(said, self._secrets.secrets(case), known):
            self.counts.leaked += 1
            return UNKNOWN
        if len(said) > self._longest:
            self.counts.cut += 1
            said = said[: self._longest].rpartition(" ")[0] or said[: self._longest]
        return said


def _slotted(question: str) -> str:
    return f"<question>{question.replace('<', '‹').replace('>', '›')}</question>"
