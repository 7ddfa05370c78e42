"""Vector infos after Gymnasium's convention: each key has a twin `_key` that masks the rows it holds for; nested alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medenvs.core.episodes import Outcomes
from medenvs.core.system import System


def masked(values: Mapping[str, Any], mask: np.ndarray) -> dict[str, Any]:
    """Return {key: value, _key: mask} of the values."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        out[name], out["_" + name] = value, mask
    return out


def stepped(out: Outcomes, mask: np.ndarray, simulated: bool) -> dict[str, Any]:
    """Return the info of rows that took a step; other rows hold zeros."""
    rest = (~mask).nonzero()[0]
    total = np.zeros(len(mask))
    for value in out.costs.values():
        total = total + value
    cut = {"terms": out.terms, "applies": out.applies, "costs": out.costs}
    nested = {name: masked(_zeroed(values, rest), mask) for name, values in cut.items()}
    found = {"terms": nested["terms"], "applies": nested["applies"], "cost": _zeroed({"": total}, rest)[""], "costs": nested["costs"]}
    return masked({**found, "clipped": out.clipped & mask, "simulated": mask & simulated}, mask)


def _zeroed(values: Mapping[str, np.ndarray], rest: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return the arrays with zeros in the rows `rest`; copies, written into, take half the time of np.where."""
    if not len(rest):
        return values
    once = {id(v): v for v in values.values()}  # several names may share one array
    cut = {i: v.copy() for i, v in once.items()}
    for v in cut.values():
        v[rest] = 0
    return {name: cut[id(v)] for name, v in values.items()}


def objects(n: int, rows: Any, values: Any) -> np.ndarray:
    """Return an object array of length n holding `values` at `rows`, None elsewhere."""
    out = np.full(n, None, object)
    out[rows] = np.fromiter(values, object, len(rows))
    return out


def revealed(system: System, role: str, truth: Mapping[str, Any]) -> dict[str, Any]:
    """Return info["privileged"]: the truth, and the right action as text where the language can say it."""
    speak = getattr(system.language, "speak", None)
    if speak is None or "action" not in truth:
        return dict(truth)
    return {**truth, "text": speak(role, truth["action"], truth.get("kind", 0))}
