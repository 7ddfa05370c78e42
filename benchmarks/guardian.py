"""What a guardian's query costs, and whether its flag is the exact one: 150,000 points of 15 dimensions from simulated logs.

Ours: the "kde" preset over centres. Anchor: the naive loop, the mean kernel over all points written out, one query after the other.
The flag is compared with exact densities on 10,000 queries, half from held-out patients of the same clinicians and half from random
doses; points within 1 % of the threshold are counted apart. Held-out data flagged: with its interval over patients.
"""

from __future__ import annotations

# isort: off
import _one_thread  # noqa: F401

# isort: on
import time
from dataclasses import replace
from typing import Any

import numpy as np
from _measuring import Work, finish, options, rates

from medenvs.cases.logged import Logged
from medenvs.learning.offline.guardian import METHODS, Guardian, fit
from medenvs.systems.sepsis_logs import logged

_COLUMNS = ("male", "age", "vented", "gcs", "fio2", "pf", "bilirubin", "urine", "passed", "given", "spo2", "map", "lactate")
_SIGMA = 0.535


def narrow(whole: Logged) -> Logged:
    """Return thirteen columns of a set: with two doses, fifteen dimensions."""
    place = [whole.columns.index(name) for name in _COLUMNS]
    about = {name: value for name, value in whole.about.items() if name != "ranges"}
    return replace(whole, columns=_COLUMNS, observations=whole.observations[:, place], last=whole.last[:, place], about=about)


def naive(guardian: Guardian, asked: np.ndarray) -> Work:
    """Return the loop over queries, each over all points, in float64 as written down."""
    points, place = guardian.support.points.astype(np.float64), 0  # pyright: ignore[reportAttributeAccessIssue]
    scaled = guardian.scaling(asked).astype(np.float64)

    def work() -> int:
        nonlocal place
        for x in scaled[place % len(scaled) : place % len(scaled) + 4]:
            np.mean(np.exp(-np.sum((points - x) ** 2, axis=1) / (2 * _SIGMA**2)) / (_SIGMA * np.sqrt(2 * np.pi)))
        place += 4
        return 4

    return work


def asking(guardian: Guardian, asked: np.ndarray) -> Work:
    """Return scoring of all queries at once."""

    def work() -> int:
        guardian.inside(asked)
        return len(asked)

    return work


def agreement(guardian: Guardian, exact: Guardian, asked: np.ndarray, densities: np.ndarray) -> dict[str, float]:
    """Return sensitivity and specificity of the flag against the exact one, and the share within 1 % of the threshold."""
    out, told = densities < exact.threshold, ~guardian.inside(asked)
    clear = np.abs(densities / exact.threshold - 1) > 0.01
    return {
        "sensitivity": float((told & out & clear).sum() / (out & clear).sum()),
        "specificity": float((~told & ~out & clear).sum() / (~out & clear).sum()),
        "near_threshold": float(1 - clear.mean()),
        "flagged": float(out.mean()),
    }


def held_out(guardian: Guardian, test: Logged) -> dict[str, float]:
    """Return the share of held-out behaviour data that is flagged, with its 95 % interval over patients."""
    flag = ~guardian.inside(guardian.reading.of(test))
    mine = np.add.reduceat(flag, test.starts[:-1]) - flag.mean() * test.lengths
    half = 1.96 * float(np.std(mine) / test.lengths.mean() / test.patients**0.5)
    return {"share": float(flag.mean()), "low": float(flag.mean()) - half, "high": float(flag.mean()) + half}


def main() -> None:
    args = options(__doc__)
    patients, held = (8_000, 2_000) if not args.quick else (400, 100)
    train, test = (narrow(logged("medium", n, seed=s)) for n, s in ((patients, 0), (held, 1)))
    wild = narrow(logged("random", held // 2, seed=2))
    guardians: dict[str, Guardian] = {}
    seconds: dict[str, float] = {}
    for name in METHODS:
        began = time.process_time()
        guardians[name] = fit(train, name)
        seconds[name] = round(time.process_time() - began, 2)
    exact = guardians["kde exact"]
    asked = np.concatenate([exact.reading.of(x)[:5_000] for x in (test, wild)])
    densities = exact.scores(asked)
    works: dict[str, Any] = {"naive": naive(exact, asked)}
    works |= {name: asking(g, asked[:: 1 if name != "kde exact" else 20]) for name, g in guardians.items()}
    found = rates(works, 0.2 if args.quick else 1.0, args.repeats)
    more = {"unit": "queries per CPU-second", "points": train.rows, "dimensions": len(_COLUMNS) + 2, "fit_seconds": seconds}
    more |= {"rates": found, "kde against exact": agreement(guardians["kde"], exact, asked, densities)}
    more |= {"held-out data flagged, alpha 0.05": {name: held_out(g, test) for name, g in guardians.items()}}
    target = "1,000x the naive loop; sensitivity and specificity 0.98 each; held-out data flagged at alpha within its interval"
    finish("guardian", found["kde"], found["naive"], target, more, args.save)


if __name__ == "__main__":
    main()
