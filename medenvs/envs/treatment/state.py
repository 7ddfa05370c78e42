"""The state of a treatment, and what the clinician sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from medenvs.core.lanes import Lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane
from medenvs.worlds.sepsis.body import Body
from medenvs.worlds.sepsis.columns import NAMES

OPEN, ALIVE, DEAD = range(3)  # fates


@dataclass(slots=True)
class State(Body):
    """One patient a row, the clock, the doses of the last step, and (effect "null") the untreated twin whose death counts."""

    case: Lane
    key: Key
    hour: Lane
    fluid: Lane
    pressor: Lane
    score: Lane  # SOFA without its cardiovascular item
    fate: Lane
    twin: tuple[Lane, ...] | None


BODY = tuple(f.name for f in fields(Body))
_BODY_CHANGES = BODY[BODY.index("inflamed") :]  # the constants stand first
CHANGES = (*_BODY_CHANGES, "hour", "fluid", "pressor", "score", "fate")
_CHARTED, _GCS = tuple("cns" if n == "gcs" else n for n in NAMES), NAMES.index("gcs")
Held = Sequence[tuple[Any, dict[str, Lane]]]


def hold(m: Lanes, s: Body, active: Lane) -> Held:
    """Return what the rows that rest have to keep."""
    names = CHANGES if isinstance(s, State) else _BODY_CHANGES
    return [(r, {n: m.at(getattr(s, n), r) for n in names}) for r in m.only(m.no(active))]


def restore(m: Lanes, s: Body, held: Held) -> None:
    """Give the rows that rest back what they held."""
    for r, lanes in held:
        for name, lane in lanes.items():
            setattr(s, name, m.write(getattr(s, name), r, lane))


def seen(s: State, rows: Any) -> Any:
    """Return the columns that are charted, one row a patient: float32, or a tensor of the lanes' own kind."""
    lanes = [getattr(s, n) for n in _CHARTED]
    lanes[_GCS] = 15 - 12 * lanes[_GCS]
    return side_by_side(lanes, s.age, rows)


def side_by_side(lanes: Sequence[Lane], like: Lane, rows: Any) -> Any:
    """Return lanes as columns, one row a patient."""
    if isinstance(like, float):
        return np.array(lanes, np.float32)
    if hasattr(like, "new_empty"):
        out = like.new_empty((len(like), len(lanes)))
        for i, lane in enumerate(lanes):
            out[:, i] = lane
        return out if rows is None else out[rows]
    out = np.empty((len(lanes), len(like) if rows is None else len(rows)), np.float32)
    for i, lane in enumerate(lanes):
        out[i] = lane if rows is None else lane[rows]
    return out.T
