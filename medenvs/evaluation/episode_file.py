"""Finished episodes as JSON lines: each is on disk once it has ended, and a killed run goes on from there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from medenvs.core.errors import BadData
from medenvs.core.transcript import read_jsonl

_KINDS: dict[str, tuple[type, ...]] = {
    "episode": (int,),
    "return": (int, float, type(None)),
    "terms": (dict,),
    "cost": (int, float),
    "costs": (dict,),
    "length": (int,),
    "error": (str, type(None)),
}


class EpisodeFile:
    """The episodes of one agent, task and seed. Opening it drops a last line that was not finished; `rows` is what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_to_whole_lines(path)
        self.rows: dict[int, dict[str, Any]] = {}
        for number, row in enumerate(read_jsonl(path) if path.exists() else (), 1):
            self.rows.setdefault(_checked(row, f"{path.name}, line {number}")["episode"], row)
        self._file = path.open("a", encoding="ascii")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, row: dict[str, Any]) -> None:
        """Write one episode through to the operating system, in one piece."""
        self._file.write(json.dumps(row, ensure_ascii=True, allow_nan=False) + "\n")
        self._file.flush()
        self.rows[row["episode"]] = row


def _cut_to_whole_lines(path: Path) -> None:
    if path.exists():
        held = path.read_bytes()
        whole = held.rfind(b"\n") + 1
        if whole < len(held):
            os.truncate(path, whole)


def _checked(row: dict[str, Any], where: str) -> dict[str, Any]:
    for name, kinds in _KINDS.items():
        if not isinstance(row.get(name), kinds) or (isinstance(row[name], dict) and not _numbers(row[name])):
            expected = " or ".join("null" if k is type(None) else k.__name__ for k in kinds)
            raise BadData(f"{where}: {name!r} should be {expected}. Remedy: delete the file, its episodes are played again.")
    return row


def _numbers(values: dict[str, Any]) -> bool:
    return all(isinstance(v, (int, float)) for v in values.values())
