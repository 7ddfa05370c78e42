"""Logged episodes in the layout of the DSRL benchmark: one flat HDF5 file with costs, which its readers and OSRL's take as it is.

`costs` is the sum over kinds of harm, as those readers expect; what they do not know stands beside it: costs by name, propensities,
cases, columns.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.cases.logged_file import LARGEST, retold, told, whole
from medenvs.core.errors import BadData, missing

FLAT = ("observations", "next_observations", "actions", "rewards", "costs", "terminals", "timeouts")
_MORE = {"costs_by_name": "costs", "propensities": "propensities", "starts": "starts", "cases": "cases"}


def save(data: Logged, path: Path, *, force: bool = False) -> Path:
    """Write the set; return the path. Raises BadValue if the file exists, MissingExtra without h5py."""
    h5py = ready()
    after: dict[str, np.ndarray] = {"next_observations": data.next_observations, "costs": data.costs.sum(1)}
    arrays = after | {"terminals": data.terminated, "timeouts": data.truncated}
    arrays |= {name: getattr(data, name) for name in FLAT if name not in arrays} | {n: getattr(data, a) for n, a in _MORE.items()}
    private = bool(data.about.get("credentialed"))
    with whole(path, force=force, private=private) as half:
        half.touch(0o600 if private else 0o644)
        with h5py.File(half, "w", track_order=False) as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array, compression="gzip", compression_opts=1, shuffle=True, track_times=False)
            file.attrs["medenvs"] = told(data)
    return path


def load(path: Path) -> Logged:
    """Read what `save` wrote, bit for bit; raises BadData for another file, MissingExtra without h5py."""
    h5py = ready()
    try:
        with h5py.File(path, "r") as file:
            held = {name: _array(file, name, path.name, h5py) for name in (*FLAT, *_MORE) if name in file}
            text = file.attrs.get("medenvs")
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, BadData):
            raise
        raise BadData(f"{path.name}: not a readable HDF5 file ({error}). Write or download it again.") from None
    for name in (*FLAT, *_MORE):
        if name not in held:
            raise BadData(f"{path.name}: no array {name!r}. Expected {', '.join((*FLAT, *_MORE))}: write the file with this adapter.")
    return _own(held, retold(text, path.name), path.name)


def _array(file: Any, name: str, where: str, h5py: Any) -> np.ndarray:
    """Return an array that lies in the file itself: links and outside storage could name any file of this machine."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink) or not isinstance(file[name], h5py.Dataset):
        raise BadData(f"{where}: {name!r} is no array of this file. Write the file again.")
    found = file[name]
    if found.external or found.is_virtual or found.dtype.kind not in "biuf" or found.nbytes > LARGEST:
        raise BadData(f"{where}: {name!r} is kept elsewhere, holds no numbers, or is larger than {LARGEST} bytes. Write the file again.")
    return found[()]


def _own(held: Mapping[str, np.ndarray], words: Mapping[str, Any], where: str) -> Logged:
    starts = held["starts"]
    inside = starts.ndim == 1 and len(starts) > 1 and starts.dtype.kind in "iu" and (starts[1:] > 0).all()
    if not inside or starts[-1] != len(held["next_observations"]) or starts.max() > starts[-1]:
        raise BadData(f"{where}: starts do not rise to the {len(held['next_observations'])} rows. Write the file again.")
    arrays: dict[str, Any] = {name: held[name] for name in ("observations", "actions", "rewards", "propensities", "starts", "cases")}
    arrays |= {"last": held["next_observations"][starts[1:] - 1], "costs": held["costs_by_name"]}
    return Logged(**words, **arrays, terminated=held["terminals"], truncated=held["timeouts"])


def ready() -> Any:
    """Return h5py; raises MissingExtra."""
    try:
        return importlib.import_module("h5py")
    except ImportError:
        raise missing("h5py", "data") from None
