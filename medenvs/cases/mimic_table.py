"""A credentialed table as columns of numbers: csv, csv.gz or parquet, read as a stream. Nothing of it is kept on disk or shown."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.core.errors import BadData, missing, unknown

from .mimic_columns import known

Progress = Callable[[str, int, int], None]
STAY = "icustayid"
_ENDINGS = (".csv", ".csv.gz", ".parquet")
_LONGEST, _MOST_CELLS, _MOST_ROWS = 1 << 16, 1_000, 20_000_000  # characters a line, cells a line, rows: more is no such table
_CHUNK = 8_192
_WORDS = dict.fromkeys(("", "na", "nan", "null", "none"), np.nan) | {"true": 1.0, "false": 0.0}
_BROKEN = (OSError, EOFError, csv.Error, zlib.error)


@dataclass(frozen=True)
class Table:
    """Columns by name, float64, NaN where a cell is empty; row: the place of each row in the file, from 1 behind the header."""

    name: str
    columns: Mapping[str, np.ndarray]
    row: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def __repr__(self) -> str:
        return f"Table({len(self)} rows, {len(self.columns)} columns)"

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def take(self, rows: np.ndarray) -> Table:
        """Return some rows: indices or a mask."""
        return Table(self.name, {n: c[rows] for n, c in self.columns.items()}, self.row[rows])

    def having(self, columns: Mapping[str, np.ndarray]) -> Table:
        """Return the table with some columns added or replaced."""
        return Table(self.name, {**self.columns, **columns}, self.row)

    def refuse(self, wrong: np.ndarray, what: str, remedy: str) -> None:
        """Raise BadData for the first row that is wrong, by stay and row; no other value is told."""
        for i in np.flatnonzero(wrong)[:1]:
            stay = self[STAY][i]
            raise BadData(f"{self.name}, stay {f'{stay:.0f}' if np.isfinite(stay) else 'unknown'}, row {self.row[i]}: {what}. {remedy}.")


def read(place: str | Path, progress: Progress | None = None) -> Table:
    """Return the columns of a file that the map knows, others are left out.

    Raises UnknownName for another ending or no file, BadData for what is no table of numbers, MissingExtra for parquet without pyarrow.
    """
    path = Path(place)
    if not path.name.lower().endswith(_ENDINGS):
        raise unknown("data file ending", "".join(path.suffixes[-2:]) or "(none)", _ENDINGS)
    if not path.is_file():
        near = [p.name for p in path.parent.iterdir() if p.name.lower().endswith(_ENDINGS)] if path.parent.is_dir() else []
        raise unknown("data file", path.name, near)
    reader = _parquet if path.suffix.lower() == ".parquet" else _csv
    blocks, many = list[tuple[list[str], np.ndarray]](), 0
    for part in reader(path, progress or (lambda *_: None)):
        blocks.append(part)
        many += len(part[1])
        if many > _MOST_ROWS:
            raise BadData(f"{path.name}: more than {_MOST_ROWS:,} rows. Split the table.")
    if not many:
        raise BadData(f"{path.name}: no rows. Expected one row a stay and four hours.")
    names = blocks[0][0]
    return Table(path.name, {n: np.concatenate([b[:, i] for _, b in blocks]) for i, n in enumerate(names)}, np.arange(1, many + 1))


def _chosen(name: str, header: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands; raises BadData."""
    found = dict[str, int]()
    for i, title in enumerate(header):
        column = known(title)
        if column in found:
            raise BadData(f"{name}: column {column!r} stands twice (a prefix o:, a:, m: or r: is no part of the name). Drop one.")
        if column is not None:
            found[column] = i
    if STAY not in found:
        raise BadData(
            f"{name}: no column {STAY!r}. Expected the header of an AI-Clinician table (MIMICtable.csv or ..._RAW_withTimes.csv)."
        )
    return found


def _csv(path: Path, progress: Progress) -> Iterator[tuple[list[str], np.ndarray]]:
    size, first = path.stat().st_size, 1
    with path.open("rb") as raw:
        packed: Any = gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw
        try:
            text = io.TextIOWrapper(packed, "utf-8-sig", "replace", newline="")  # kept by name: it closes the file when it goes
            rows = csv.reader(_lines(text, path.name))
            header = next(rows, [])
            places = _chosen(path.name, header)
            while chunk := list(islice(rows, _CHUNK)):
                yield list(places), _numbers(path.name, first, chunk, places, len(header))
                first += len(chunk)
                progress(f"reading {path.name}", raw.tell(), size)
        except _BROKEN as error:
            raise BadData(f"{path.name}, near row {first}: not a table ({type(error).__name__}). Write the file again.") from None


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    while line := text.readline(_LONGEST):
        if len(line) == _LONGEST or line.count(",") >= _MOST_CELLS:
            raise BadData(
                f"{name}: a line of more than {_LONGEST - 1} characters or {_MOST_CELLS} cells. Expected one row of numbers a line."
            )
        yield line


def _numbers(name: str, first: int, chunk: list[list[str]], places: Mapping[str, int], width: int) -> np.ndarray:
    pick = itemgetter(*places.values(), 0)  # one more, so that a single column is a tuple too
    out = np.empty((len(chunk), len(places)))
    for i, cells in enumerate(chunk):
        if len(cells) != width:
            raise BadData(f"{name}, row {first + i}: {len(cells)} cells under a header of {width}. Write the row again.")
        picked = pick(cells)[:-1]
        try:
            out[i] = [float(cell) for cell in picked]
        except ValueError:
            out[i] = [_number(name, first + i, cells[places[STAY]], column, cells[at]) for column, at in places.items()]
    return out


def _number(name: str, row: int, stay: str, column: str, cell: str) -> float:
    try:
        return _WORDS[word] if (word := cell.strip().lower()) in _WORDS else float(word)
    except ValueError:
        remedy = "Write seconds" if column == "charttime" else "Write a number, or leave the cell empty"
        who = stay if stay.replace(".", "").isdigit() and len(stay) < 20 else "unknown"
        raise BadData(f"{name}, stay {who}, row {row}: column {column!r} is no number. {remedy}.") from None


def _parquet(path: Path, progress: Progress) -> Iterator[tuple[list[str], np.ndarray]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise missing("pyarrow", "data") from None
    try:
        file = parquet.ParquetFile(path)
        places, done = _chosen(path.name, file.schema_arrow.names), 0
        names = {column: file.schema_arrow.names[i] for column, i in places.items()}
        for batch in file.iter_batches(_CHUNK, columns=list(names.values())):
            yield list(names), np.stack([_floats(path.name, n, batch.column(title)) for n, title in names.items()], -1)
            done += batch.num_rows
            progress(f"reading {path.name}", done, file.metadata.num_rows)
    except (OSError, ValueError) as error:
        if isinstance(error, BadData):
            raise
        raise BadData(f"{path.name}: not a parquet table ({type(error).__name__}). Write the file again.") from None


def _floats(name: str, column: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
    except (TypeError, ValueError):
        raise BadData(f"{name}: column {column!r} holds {values.type}. Expected numbers.") from None
