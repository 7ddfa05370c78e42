"""The words of `medenvs data`: its arguments, and what it says at the end."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from medenvs.core.errors import BadValue, unknown

from . import mimic_command

ABOUT = "write logged data of simulated clinicians of known quality, or read MIMIC's (for users with credentials)"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("world", metavar="sepsis|mimic")
    add("table", nargs="?", help="of mimic: csv, csv.gz or parquet")
    add("--name", default="medium", help="random, low, medium (default), high or mixed")
    add("--size", default="small", help="small (500 patients, default), medium (5,000) or large (50,000)")
    add("--patients", type=int, metavar="N", help="any other number of patients")
    add("--format", default="flat", help="flat (npz, default), dsrl (HDF5 with costs), d3rlpy or minari")
    add("--out", type=Path, metavar="DIR", help="the folder (default medenvs-data; for minari its own)")
    add("--seed", type=int, default=0)
    add("--split", default="train", help="whose patients: train (default), validation or test")
    add("--effect", default="real", help="real (default), or null: doses do not change death")
    add("--interval", type=int, default=4, help="hours between decisions: 4 (default) or 1")
    add("--confounding", type=float, default=0.0, metavar="G", help="how much clinicians see beside the chart, 0 (default) to 1")
    add("--box", action="store_true", help="doses as two numbers, for medenvs/SepsisBox-v0")
    add("--force", action="store_true", help="overwrite what is there")
    mimic_command.add_to(parser)


def run(args: argparse.Namespace, tick: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Make and write the set; return its summary. Raises what `medenvs.adapters.logs.make` does."""
    from medenvs.systems.sepsis_logs import World

    from .logs import Order, make

    if args.world not in ("sepsis", "mimic"):
        raise unknown("world with logged data", args.world, ["sepsis", "mimic"])
    _refuse_others(args)
    if args.world == "mimic":
        return mimic_command.run(args, tick)
    world = World(args.split, args.effect, args.interval, args.confounding, args.box)
    size = args.size if args.patients is None else args.patients
    return make(Order(args.name, size, args.seed, world, args.format, args.out, args.force), tick)


def _refuse_others(args: argparse.Namespace) -> None:
    """Raise BadValue for an option of the other command."""
    parser = argparse.ArgumentParser()
    add_to(parser)
    both = {"world", "out", "box", "force"}
    for name, default in vars(parser.parse_args(["sepsis"])).items():
        if name not in both and (name in mimic_command.OPTIONS) != (args.world == "mimic") and getattr(args, name) != default:
            raise BadValue(f"data {args.world} takes no {name!r}. See medenvs data --help.")


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return the summary in words."""
    if "splits" in found:
        return mimic_command.lines(found)
    costs = ", ".join(f"{name} {hours:.2f}" for name, hours in found["costs"].items())
    score = "" if found["normalised"] is None else f"; score {found['normalised']:.1f} (random doses 0, reference rule 100)"
    return [
        f"{found['name']}: {found['patients']:,} patients, {found['rows']:,} rows, {found['bytes'] / 1e6:.1f} MB ({found['format']})",
        f"mean return {found['return']:.3f}, mortality {found['mortality']:.3f}{score}",
        f"hours of harm a patient: {found['cost']:.1f} ({costs})",
        "Simulated: nothing here says that a dose helps a patient.",
    ]
