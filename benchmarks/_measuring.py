"""What every benchmark shares: CPU-seconds of this process, interleaved repeats, and the JSON object on the last line."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.evaluation.provenance import hardware, versions

RESULTS = Path(__file__).parent / "results"
Work = Callable[[], int]  # does some work, returns how much


def rate(work: Work, seconds: float) -> float:
    """Return units of work per CPU-second, over at least `seconds` of them."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        done += work()
    return done / spent


def stepping(env: Any, moves: Any, steps: int = 32, warm: int = 1) -> Work:
    """Return stepping of a vector environment through rounds of moves, in whatever order; rows that a step only resets are not counted."""
    env.reset(seed=0)
    resets = getattr(env.metadata.get("autoreset_mode"), "name", "NEXT_STEP") == "NEXT_STEP"
    over, count = np.zeros(env.num_envs, bool), 0

    def work() -> int:
        nonlocal over, count
        rows = 0
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(moves[count * 7 % len(moves)])
            rows += env.num_envs - (int(over.sum()) if resets else 0)
            over, count = terminated | truncated, count + 1
        return rows

    for _ in range(warm):
        work()
    return work


def rates(works: dict[str, Work], seconds: float, repeats: int) -> dict[str, float]:
    """Return the median rate of each work, measured in turns (A B C A B C …) so that a drifting machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()  # warm-up
    for _ in range(repeats):
        for name, work in works.items():
            found[name].append(rate(work, seconds))
    return {name: sorted(values)[len(values) // 2] for name, values in found.items()}


def options(description: str | None, device: bool = False) -> argparse.Namespace:
    """Return --quick (short, for tests), --repeats and --save (write the result beside this file), and --device where there is a choice."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a short run that only shows that it works")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--save", action="store_true", help="write results/NAME.json")
    if device:
        parser.add_argument("--device", choices=("cpu", "cuda"), help="measure tensors alone, on this device")
    return parser.parse_args()


def finish(name: str, ours: float, anchor: float | None, target: str, more: dict[str, Any], save: bool, peer: bool = True) -> None:
    """Print the result, a JSON object as the last line; `anchor` None says that the peer is not installed, if there is a `peer`."""
    ratio = None if not anchor else ours / anchor
    result = {"name": name, "ours": ours, "anchor": anchor, "ratio": ratio, "target": target, **more}
    result |= {"versions": versions(), "hardware": hardware(), "date": time.strftime("%Y-%m-%d")}
    if anchor is None and peer:
        print(f"{name}: the anchor is not installed; run `nox -s anchors`", file=sys.stderr)
    if save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))
