"""Logged episodes in one file of flat arrays (npz, no pickles), and how any data file is written: whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.core.errors import BadData, BadValue
from medenvs.core.transcript import parse_json

from .logged import Logged

ARRAYS = ("observations", "last", "actions", "rewards", "costs", "terminated", "truncated", "propensities", "starts", "cases")
LARGEST = 1 << 36  # bytes of arrays in a file
_BROKEN = (OSError, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)
_RATIO = 2_000  # how much smaller than its arrays a file may be


@contextmanager
def whole(path: Path, *, force: bool = False, private: bool = False) -> Iterator[Path]:
    """Give a place beside `path` to write a file or a folder to, which takes its name at the end and is removed if anything fails.

    `private`: only its owner may read it. Raises BadValue if `path` exists, unless `force`.
    """
    if path.exists() and not force:
        raise BadValue(f"{path} exists. Choose another name, or overwrite it with --force (force=True).")
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    _gone(half)
    try:
        yield half
        if private:
            half.chmod(0o700 if half.is_dir() else 0o600)
        if path.is_dir():
            _gone(path)
        half.replace(path)
    finally:
        _gone(half)


def _gone(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def told(data: Logged) -> str:
    """Return what is not an array, as JSON; `retold` reads it."""
    return json.dumps(
        {"name": data.name, "columns": data.columns, "cost_names": data.cost_names, "about": dict(data.about)}, sort_keys=True
    )


def retold(text: Any, where: str) -> dict[str, Any]:
    """Return name, columns, cost_names and about; raises BadData."""
    try:
        found = parse_json(text if isinstance(text, str) else "")
        kinds = {"name": str, "about": dict, "columns": list, "cost_names": list}
        if wrong := [name for name, kind in kinds.items() if not isinstance(found[name], kind)]:
            raise ValueError(f"{wrong[0]} is not a {kinds[wrong[0]].__name__}")
        return {name: tuple(found[name]) if kind is list else found[name] for name, kind in kinds.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise BadData(f"{where}: its description is not that of a medenvs data set ({error!r}). Write the file again.") from None


def save(data: Logged, path: Path, *, force: bool = False) -> Path:
    """Write the set as compressed npz; return the path. The same set gives the same bytes. Raises BadValue if the file exists."""
    private = bool(data.about.get("credentialed"))
    arrays = {name: getattr(data, name) for name in ARRAYS}
    with whole(path, force=force, private=private) as half:
        half.touch(0o600 if private else 0o644)
        with half.open("wb") as file:
            np.savez_compressed(file, told=np.array(told(data)), **arrays)
    return path


def load(path: Path) -> Logged:
    """Read what `save` wrote, bit for bit; raises BadData for anything else. Nothing in the file is executed."""
    try:
        with zipfile.ZipFile(path) as archive:
            many, packed = sum(i.file_size for i in archive.infolist()), sum(i.compress_size for i in archive.infolist())
        if many > min(LARGEST, _RATIO * (packed + 1_000)):
            raise BadData(f"{path.name}: {many} bytes of arrays in {packed} bytes of file are no data set. Write the file again.")
        with np.load(path, allow_pickle=False) as found:
            held: Mapping[str, np.ndarray] = {name: found[name] for name in (*ARRAYS, "told")}
    except BadData:
        raise
    except _BROKEN as error:
        raise BadData(f"{path.name}: not a medenvs npz file ({error}). Expected arrays: told, {', '.join(ARRAYS)}.") from None
    return Logged(**retold(held["told"].tolist(), path.name), **{name: held[name] for name in ARRAYS})
