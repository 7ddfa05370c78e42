"""`medenvs data sepsis`: a logged data set made, written in one of four formats, and summed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medenvs.cases import logged_file
from medenvs.cases.logged import Logged
from medenvs.core.errors import BadValue, unknown
from medenvs.systems.sepsis_logs import World, logged, title
from medenvs.systems.sepsis_references import normalised

from . import d3rlpy, dsrl, minari

Progress = Callable[[str, int, int], None]
ENDINGS = {"flat": ".npz", "dsrl": ".hdf5", "d3rlpy": ".h5", "minari": ""}
HOME = Path("medenvs-data")


@dataclass(frozen=True)
class Order:
    """What to make: name, size (or a number of patients), seed and world of the set; format; `out`, the folder (None: "medenvs-data",
    or Minari's own); `force`: overwrite."""

    name: str = "medium"
    size: str | int = "small"
    seed: int = 0
    world: World = field(default_factory=World)
    format: str = "flat"
    out: Path | None = None
    force: bool = False

    @property
    def path(self) -> Path:
        """Return the file (Minari: the folder) that is written; raises UnknownName."""
        if self.format not in ENDINGS:
            raise unknown("format", self.format, ENDINGS)
        called = title(self.name, self.size, self.seed, self.world)
        if self.format == "minari":
            return minari.folder(self.out) / minari.dataset_id(called)
        return (self.out or HOME) / f"sepsis-{called}{ENDINGS[self.format]}"


def make(order: Order, progress: Progress | None = None) -> dict[str, Any]:
    """Make the set and write it whole or not at all; return its summary with `path` and `bytes`.

    What can be refused is refused before any work: raises UnknownName, BadValue (also where the file exists), MissingExtra.
    """
    path = order.path
    {"flat": lambda: None, "dsrl": dsrl.ready, "d3rlpy": d3rlpy.ready, "minari": minari.ready}[order.format]()
    if path.exists() and not order.force:
        raise BadValue(f"{path} exists. Choose another --out, or overwrite it with --force.")
    data = logged(order.name, order.size, order.seed, progress, **asdict(order.world))
    if order.format == "minari":
        minari.save(data, order.out, force=order.force, progress=progress)
    else:
        {"flat": logged_file.save, "dsrl": dsrl.save, "d3rlpy": d3rlpy.save}[order.format](data, path, force=order.force)
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return summary(data) | {"format": order.format, "path": str(path), "bytes": sum(file.stat().st_size for file in files)}


def summary(data: Logged) -> dict[str, Any]:
    """Return patients, rows, mean return, mortality, hours of harm a patient, and the score where random doses earn 0 and the rule 100
    (None on effect "null")."""
    returns, costs, arguments = data.returns, data.episode_costs, data.about.get("arguments", {})
    real = arguments.get("effect", "real") == "real"
    return {
        "name": data.name,
        "patients": data.patients,
        "rows": data.rows,
        "return": float(returns.mean()),
        "mortality": float((returns < 0.5).mean()),
        "cost": float(costs.sum(1).mean()),
        "costs": dict(zip(data.cost_names, costs.mean(0).tolist(), strict=True)),
        "normalised": normalised(float(returns.mean()), interval=arguments.get("interval", 4)) if real else None,
    }
