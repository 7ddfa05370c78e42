"""What off-policy estimates say beside the truth: `medenvs bench sepsis` at its full size, in the real and in the null world.

Kept of each policy: its truth, its first log, and everything over all logs; run again after an interruption, it goes on.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _measuring import RESULTS, options

from medenvs.evaluation.sepsis.bench import Plan, run
from medenvs.evaluation.sepsis.report import markdown

_DROPPED = ("improvements", "groups", "dose_gap")


def brief(found: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the first log alone, without groups and curves."""
    for world in found["worlds"].values():
        for row in world["policies"]:
            row["logs"] = [{name: x for name, x in row["logs"][0].items() if name not in _DROPPED}]
    return found


def main() -> None:
    args, start = options(__doc__), time.process_time()
    plan = Plan(patients=40, logs=1, truths=100, resamples=100, refits=0) if args.quick else Plan()
    with tempfile.TemporaryDirectory() as fresh:
        out = Path(fresh) if args.quick else Path("medenvs-results", "sepsis")
        found = run(plan, out, lambda label, done, total: print(f"{done}/{total} {label}", file=sys.stderr))
    if args.save:
        print(markdown(found))
    result = {"name": "sepsis", "date": time.strftime("%Y-%m-%d"), "cpu_seconds": round(time.process_time() - start, 1), **brief(found)}
    if args.save:
        (RESULTS / "sepsis.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
