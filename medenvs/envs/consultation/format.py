"""What a doctor's message is: a question, an examination, an order, a diagnosis with advice, or nothing that counts.

A message is optional thinking, then ``<answer>LABEL: …</answer>``. Reading is linear in the text and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["question", "examine", "order", "diagnosis", "malformed", "several"]

_OPENING, _CLOSING = "<answer>", "</answer>"
_KINDS: Mapping[str, Kind] = {"question": "question", "examine": "examine", "order": "order", "diagnosis": "diagnosis"}
_LABEL = re.compile(rf"({'|'.join(_KINDS)})[ \t]*[:：]", re.IGNORECASE)
_ADVICE = re.compile(r"\brecommendations?[ \t]*[:：]", re.IGNORECASE)
_DIAGNOSIS, _RECOMMENDATION = re.compile("Diagnosis[:：]"), re.compile("Recommendation[:：]")  # the paper's own, case and all
_MARKS = ("?", "？")


class Said(NamedTuple):
    """What a message says. `body` is the text behind the label; `recommendation` is "" unless it is a diagnosis with advice.

    `fault` says what is wrong with what is "malformed" or "several" (not exactly one question), else None.
    """

    kind: Kind
    body: str
    recommendation: str
    fault: str | None


@dataclass(frozen=True)
class Format:
    """How strictly messages are read.

    tagged: the answer tags must be there (else a text without them is taken whole). one_mark: a question holds exactly one question
    mark, and there are questions and diagnoses only. faithful: read as DoctorAgent-RL does: "Diagnosis:" counts wherever it stands, a
    question ends at its second colon; else a label counts at the beginning alone, and what has none is a question.
    """

    tagged: bool
    one_mark: bool
    faithful: bool


ORIGINAL = Format(tagged=True, one_mark=True, faithful=True)
HARDENED = Format(tagged=False, one_mark=False, faithful=False)


def read(text: str, preset: Format) -> Said:
    """Return what a message says under a preset."""
    answer, fault = _tagged(text) if preset.tagged else _bare(text)
    if fault is not None:
        return _malformed(fault)
    return _faithful(answer) if preset.faithful else _labelled(answer)


def concluded(text: str) -> tuple[str, str] | None:
    """Return (diagnosis, recommendation) of a message as the original reads it; None where it makes no diagnosis."""
    said = read(text, ORIGINAL)
    return (said.body, said.recommendation) if said.kind == "diagnosis" else None


def _malformed(fault: str) -> Said:
    return Said("malformed", "", "", fault)


def _tagged(text: str) -> tuple[str, str | None]:
    """Return (answer, fault): one closing tag, nothing behind it but one newline, something in front of it."""
    many = text.count(_CLOSING)
    if many != 1:
        return "", f"there is {'no' if not many else 'more than one'} {_CLOSING}"
    head, _, behind = text.partition(_CLOSING)
    if behind not in ("", "\n"):
        return "", f"nothing may stand behind {_CLOSING}"
    start = head.find(_OPENING)
    if start < 0:
        return "", f"there is no {_OPENING}"
    answer = head[start + len(_OPENING) :].strip()
    return answer, None if answer else "the answer is empty"


def _bare(text: str) -> tuple[str, str | None]:
    """Return (answer, fault) where the tags may be left out: closed thinking is skipped, half a pair of tags is a fault."""
    said = text.rpartition("</think>")[2]
    if "<think>" in said:
        return "", "<think> is not closed by </think>"
    if _OPENING in said or _CLOSING in said:
        return _tagged(said.rstrip())
    return said.strip(), None if said.strip() else "the message is empty"


def _faithful(answer: str) -> Said:
    """Read an answer as the paper's code does, flaws and all."""
    if (named := _DIAGNOSIS.search(answer)) is not None:
        behind = _RECOMMENDATION.search(answer, named.end())
        advised = _RECOMMENDATION.search(answer)
        advice = "" if advised is None else answer[advised.end() :].partition("\n")[0].strip()
        return Said("diagnosis", answer[named.end() : behind.start() if behind else len(answer)].strip(), advice, None)
    parts = answer.split(":", 2)
    return _question((parts[1] if len(parts) > 1 else answer).strip(), answer)


def _labelled(answer: str) -> Said:
    found = _LABEL.match(answer)
    if found is None:
        return Said("question", answer, "", None)
    kind, body = _KINDS[found[1].lower()], answer[found.end() :].strip()
    if kind != "diagnosis":
        return Said(kind, body, "", None) if body else _malformed(f"there is nothing behind {found[1].capitalize()}:")
    advised = _ADVICE.search(body)
    named, advice = (body, "") if advised is None else (body[: advised.start()].strip(), body[advised.end() :].strip())
    return Said("diagnosis", named, advice, None) if named else _malformed("the diagnosis is empty")


def _question(body: str, counted: str) -> Said:
    """Return a question, or several: as many as there are marks in what is counted."""
    many = sum(counted.count(mark) for mark in _MARKS)
    fault = None if many == 1 else f"ask exactly one question (there are {many} question marks)"
    return Said("question" if many == 1 else "several", body, "", fault)
