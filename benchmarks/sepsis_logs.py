"""Logged sepsis data: rows a CPU-second that are made, written and read, and bytes a row on disk, by format.

Made: 16,384 patients of the medium clinician, propensities and checks included. Formats: 2,000 patients; those that are not installed
are left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _measuring import finish, options, rates

from medenvs.adapters import d3rlpy, dsrl, minari
from medenvs.cases import logged_file
from medenvs.cases.logged import Logged
from medenvs.core.errors import MissingExtra
from medenvs.systems.sepsis_logs import logged


def formats(data: Logged, home: Path) -> dict[str, tuple[Path, Callable[[], Any], Callable[[], Any] | None]]:
    """Return where each format at hand lies, how it is written, and how it is read back."""
    flat, layout, replay = (home / name for name in ("a.npz", "a.hdf5", "a.h5"))
    found: dict[str, tuple[Path, Callable[[], Any], Callable[[], Any] | None]] = {
        "flat": (flat, lambda: logged_file.save(data, flat, force=True), lambda: logged_file.load(flat))
    }
    more = {
        "dsrl": (dsrl, (layout, lambda: dsrl.save(data, layout, force=True), lambda: dsrl.load(layout))),
        "minari": (minari, (home / "a-v0", lambda: minari.save(data, home, "a-v0", force=True), lambda: minari.load("a-v0", home))),
        "d3rlpy": (d3rlpy, (replay, lambda: d3rlpy.save(data, replay, force=True), None)),
    }
    for name, (adapter, ways) in more.items():
        try:
            adapter.ready()
        except MissingExtra:
            continue
        found[name] = ways
    return found


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def main() -> None:
    args = options(__doc__)
    many, few, seconds, repeats = (200, 30, 0.01, 1) if args.quick else (16_384, 2_000, 1.0, args.repeats)
    made = rates({"made": lambda: logged("medium", many).rows}, seconds, repeats)["made"]
    data, more = logged("medium", few), dict[str, Any]()
    with tempfile.TemporaryDirectory() as folder:
        for name, (path, write, read) in formats(data, Path(folder)).items():
            works: dict[str, Callable[[], int]] = {"written": lambda write=write: (write(), data.rows)[1]}
            if read is not None:
                works["read"] = lambda read=read: (read(), data.rows)[1]
            found = {f"{name}_{what}": round(rate) for what, rate in rates(works, seconds / 5, min(repeats, 3)).items()}
            more |= found | {f"{name}_bytes_a_row": round(size(path) / data.rows, 1)}
    target = "at least 200,000 rows a CPU-second; `anchor` is that floor"
    finish("sepsis_logs", made, 200_000.0, target, {"rows": data.rows, **more}, args.save)


if __name__ == "__main__":
    main()
