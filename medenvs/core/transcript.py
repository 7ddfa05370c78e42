"""Conversations in the OpenAI message format: as one text, and as JSON lines in and out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from .errors import BadData

Message = dict[str, Any]
_SPEAKERS = ("system", "user", "assistant", "tool")
_DEEPEST = 32


def flat(content: Any) -> str:
    """Return the text of a message's content; pictures become a mark."""
    if isinstance(content, str):
        return content
    return "\n".join(str(b.get("text", f"[{b.get('type', 'block')}]")) for b in content)


def reply(before: str, said: str, answer: str) -> str:
    """Return a transcript with one more exchange, as it is read in one text."""
    return f"{before}\n\nASSISTANT: {said}\n\nUSER: {answer}"


def replies(before: Sequence[str], said: Sequence[str], answers: Sequence[str]) -> list[str]:
    """Return what `reply` makes of each row (written out: the call would cost as much as the text)."""
    return [f"{b}\n\nASSISTANT: {s}\n\nUSER: {a}" for b, s, a in zip(before, said, answers, strict=True)]


def as_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the whole conversation as one text, as ``obs_mode="text"`` shows it."""
    first = flat(messages[0]["content"]) if messages else ""
    return first + "".join(f"\n\n{m['role'].upper()}: {flat(m['content'])}" for m in messages[1:])


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append rows to a file, one JSON object a line, ASCII only (lone surrogates and control characters stay escaped)."""
    with path.open("a", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=True, allow_nan=False) + "\n")


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSON-lines file; raises BadData, with the line number, for a line that is no JSON object."""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = parse_json(line)
        except ValueError as error:
            raise BadData(f"{path.name}, line {number}: not JSON ({error}). Expected one object a line.") from None
        if not isinstance(row, dict):
            raise BadData(f"{path.name}, line {number}: expected a JSON object, found {type(row).__name__}.")
        yield row


def parse_json(text: str) -> Any:
    """Return the JSON value of a text from outside; raises ValueError when it is malformed or nested deeper than 32."""
    deep = 0
    quoted = escaped = False
    for c in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = c == "\\", c != '"'
        elif c == '"':
            quoted = True
        elif c in "[{":
            deep += 1
            if deep > _DEEPEST:
                raise ValueError(f"nested deeper than {_DEEPEST}")
        elif c in "]}":
            deep -= 1
    return json.loads(text)


def checked(messages: Any, where: str) -> list[Message]:
    """Return messages from outside as OpenAI messages; raises BadData naming `where` and what was expected."""
    if not isinstance(messages, list):
        raise BadData(f"{where}: expected a list of messages, found {type(messages).__name__}.")
    found = cast("list[Any]", messages)
    for i, m in enumerate(found):
        fields = cast("dict[str, Any]", m) if isinstance(m, dict) else {}
        if fields.get("role") not in _SPEAKERS or not isinstance(fields.get("content"), (str, list)):
            raise BadData(f"{where}, message {i}: expected {{'role': one of {', '.join(_SPEAKERS)}, 'content': text or blocks}}.")
    return found
