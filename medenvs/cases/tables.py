"""Rows of public data sets: csv, json, jsonl or parquet from a local path, or a hub id when asked for. Column maps are data."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medenvs.core.errors import BadData, missing, unknown
from medenvs.core.transcript import parse_json, read_jsonl

_ENDINGS = (".csv", ".json", ".jsonl", ".parquet")
_LARGEST_CELL = 1 << 24
_HUB = "hf:"


def rows(place: str, columns: Sequence[str], split: str = "test") -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield (row number from 1, row) of a file, or of a hub data set when `place` is "hf:owner/name".

    Raises BadData naming row and expected columns when a required column is missing.
    """
    for number, row in enumerate(_read(place, split), 1):
        lacking = [c for c in columns if c not in row]
        if lacking:
            expected, found = ", ".join(columns), ", ".join(map(str, row))[:300]
            raise BadData(f"{place}, row {number}: no column {lacking[0]!r}. Expected columns: {expected}. Found: {found}.")
        yield number, row


def _read(place: str, split: str) -> Iterator[Mapping[str, Any]]:
    if place.startswith(_HUB):
        yield from _hub(place.removeprefix(_HUB), split)
        return
    path = Path(place)
    if not path.is_file():
        near = [str(p) for p in path.parent.iterdir() if p.suffix in _ENDINGS] if path.parent.is_dir() else []
        raise unknown("data file", place, near)
    if path.suffix == ".csv":
        csv.field_size_limit(min(sys.maxsize, _LARGEST_CELL))
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from csv.DictReader(file)
    elif path.suffix == ".jsonl":
        yield from read_jsonl(path)
    elif path.suffix == ".json":
        yield from _json(path)
    elif path.suffix == ".parquet":
        yield from _parquet(path)
    else:
        raise unknown("data file ending", path.suffix or "(none)", _ENDINGS)


def _json(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        found = parse_json(path.read_text(encoding="utf-8", errors="replace"))
    except (json.JSONDecodeError, ValueError) as error:
        raise BadData(f"{path.name}: not JSON ({error}).") from None
    if not isinstance(found, list) or not all(isinstance(r, dict) for r in found):
        raise BadData(f"{path.name}: expected a list of objects, one per row.")
    yield from found


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise missing("pyarrow", "data") from None
    yield from parquet.read_table(path).to_pylist()


def _hub(name: str, split: str) -> Iterator[Mapping[str, Any]]:
    try:
        datasets = importlib.import_module("datasets")
    except ImportError:
        raise missing("datasets", "hub") from None
    yield from datasets.load_dataset(name, split=split)
