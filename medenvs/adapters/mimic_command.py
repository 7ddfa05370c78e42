"""`medenvs data mimic TABLE`: what a credentialed table holds, as counts that single out nobody, and its episodes in private files.

A cell that stands for fewer than 11 stays is not told, nor is a second one where the first would follow from the rest.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.cases import logged_file
from medenvs.cases.dose_bins import DRUGS
from medenvs.cases.logged import Logged
from medenvs.cases.mimic_rewards import REWARDS
from medenvs.cases.mimic_sepsis import CHOICES, OUTCOMES, MimicSepsis, Reading, load
from medenvs.core.errors import BadValue

FEWEST = 11  # stays in a cell that is told
OPTIONS = frozenset(
    ("world", "table", "reward", "outcome", "columns", "scaled", "gaps", "outside", "unit", "subjects", "box", "out", "force")
)
Tick = Callable[[str, int, int], None]


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that only this command has; --out, --box and --force stand there already."""
    add = parser.add_argument_group("mimic (MIMIC's sepsis cohort, for users with credentials)").add_argument
    add("--reward", default="outcome", help=f"{', '.join(REWARDS)} (default outcome)")
    add("--outcome", default=OUTCOMES[0], help=f"which death: {' or '.join(OUTCOMES)} (default the first)")
    add("--columns", metavar="A,B", help="columns of the state, by the table's names (default all)")
    add("--scaled", action="store_true", help="normalise by the train split")
    add("--gaps", default="refuse", help=f"stays where four hours are missing: {', '.join(CHOICES['gaps'])} (default refuse)")
    add("--outside", default="refuse", help=f"values out of range: {', '.join(CHOICES['outside'])} (default refuse)")
    add("--unit", action="append", default=[], metavar="COLUMN=UNIT", help="a column's unit, e.g. age=years; may be given several times")
    add("--subjects", metavar="CSV", help="MIMIC's ICUSTAYS: which stays are one patient's")


def run(args: argparse.Namespace, tick: Tick) -> dict[str, Any]:
    """Load the table, write its splits if --out names a folder; return the counts. Raises what `load` does."""
    if not args.table:
        raise BadValue("data mimic needs a table: medenvs data mimic TABLE (csv, csv.gz or parquet).")
    names = None if args.columns is None else tuple(n.strip() for n in args.columns.split(","))
    units = dict(_unit(text) for text in args.unit)
    how = Reading(args.reward, args.outcome, args.box, names, args.scaled, args.gaps, args.outside, units, args.subjects)
    if args.out and not args.force and (there := [p for p in _files(args.out).values() if p.exists()]):
        raise BadValue(f"{there[0]} exists. Choose another --out, or overwrite it with --force.")
    found = load(args.table, how, tick)
    return counts(found) | ({"path": str(write(found, args.out, force=args.force))} if args.out else {})


def _unit(text: str) -> tuple[str, str]:
    name, equals, unit = text.partition("=")
    if not equals:
        raise BadValue(f"--unit {text[:60]!r} is not COLUMN=UNIT.")
    return name, unit


def _files(folder: Path) -> dict[str, Path]:
    return {split: folder / f"mimic-sepsis-{split}.npz" for split in ("train", "validation", "test")}


def write(found: MimicSepsis, folder: Path, *, force: bool = False) -> Path:
    """Write each split as a file that only its owner may read; return the folder. Raises BadValue for one that exists."""
    folder.mkdir(0o700, parents=True, exist_ok=True)
    for split, data in found.splits.items():
        logged_file.save(data, _files(folder)[split], force=force)
    return folder


def counts(found: MimicSepsis) -> dict[str, Any]:
    """Return stays, rows, mortality, mean return and hours of harm a stay by split, and how doses fall into bins; None: not told."""
    train = found.splits["train"]
    return {
        "name": "mimic-sepsis",
        "reward": train.about["reward"],
        "outcome": train.about["outcome"],
        "split_by": found.split_by,
        "not_told_below": FEWEST,
        "splits": {split: _part(data, found.died[split]) for split, data in found.splits.items()},
        "bins": _bins(found, train),
        "left_out": {how: _told(n, n) if n else 0 for how, n in found.left_out.items()},
    }


def _told(value: Any, stays: int) -> Any:
    return value if stays >= FEWEST else None


def _part(data: Logged, died: np.ndarray) -> dict[str, Any]:
    n, fewest = data.patients, min(int(died.sum()), int((~died).sum()))
    ever = (data.episode_costs > 0).sum(0)
    hours = data.episode_costs.mean(0)
    return {
        "stays": _told(n, n),
        "rows": _told(data.rows, n),
        "mortality": _told(float(died.mean()), fewest),
        "return": _told(float(data.returns.mean()), fewest),  # it tells mortality where that is the reward
        "costs": {name: _told(float(hours[i]), int(ever[i])) for i, name in enumerate(data.cost_names)},
    }


def _bins(found: MimicSepsis, train: Logged) -> dict[str, Any] | None:
    """Return the median dose of each bin and the share of rows of each of the 25 actions, in the train split."""
    if found.bins is None:
        return None
    pairs = np.unique(np.stack([train.patient, train.actions]), axis=1)
    stays = np.bincount(pairs[1], minlength=25)
    hidden = stays < FEWEST
    if hidden.sum() == 1:
        hidden[np.argmin(np.where(hidden, np.iinfo(np.int64).max, stays))] = True
    share = np.bincount(train.actions, minlength=25) / train.rows
    each = (pairs[1] // 5, pairs[1] % 5)
    told = {}
    for i, drug in enumerate(DRUGS):
        many = [len(np.unique(pairs[0][each[i] == k])) for k in range(5)]
        told[drug] = [_told(round(m, 4), n) for m, n in zip(found.bins.median[i], many, strict=True)]
    return told | {"actions": [None if h else float(s) for h, s in zip(hidden, share, strict=True)]}


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return the counts in words."""
    said = [f"MIMIC sepsis, reward {found['reward']}, outcome {found['outcome']}, split by {found['split_by']}"]
    for split, part in found["splits"].items():
        costs = ", ".join(f"{name} {_shown(hours)}" for name, hours in part["costs"].items())
        whole = f"{_shown(part['stays'])} stays, {_shown(part['rows'])} rows, mortality {_shown(part['mortality'])}"
        said.append(f"{split}: {whole}, mean return {_shown(part['return'])}; hours of harm a stay: {costs}")
    if found["bins"] is not None:
        said += [f"{drug}, median of each bin: {', '.join(_shown(m) for m in found['bins'][drug])}" for drug in DRUGS]
        said.append("share of rows in train, a line a fluid bin, a column a vasopressor bin:")
        said += ["  " + "  ".join(f"{_shown(s):>6}" for s in found["bins"]["actions"][5 * i : 5 * i + 5]) for i in range(5)]
    said.append(f"stays cut at a gap {_shown(found['left_out']['cut'])}, left out {_shown(found['left_out']['dropped'])}")
    if found["split_by"] == "stay":
        said.append("Two stays of one patient may fall into two splits: name MIMIC's ICUSTAYS with --subjects.")
    return [*said, f"-: fewer than {found['not_told_below']} stays. Credentialed: what is written is for your eyes only."]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
