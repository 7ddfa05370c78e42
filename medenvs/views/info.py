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
    every = bool(mask.all())
    rest = np.flatnonzero(~mask)
    total = np.zeros(len(mask))
    for value in out.costs.values():
        total = total + value
    return {
        **masked({"terms": _nest(out.terms, mask, rest)}, mask),
        **masked({"applies": _nest(out.applies, mask, rest)}, mask),
        **masked({"cost": total if every else blanked(total, rest)}, mask),
        **masked({"costs": _nest(out.costs, mask, rest)}, mask),
        **masked({"clipped": out.clipped if every else out.clipped & mask}, mask),
        **masked({"simulated": mask & simulated}, mask),
    }


def blanked(values: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Return a copy that holds zero in the rows `rest` (a few: np.where over all rows takes five times as long)."""
    cut = values.copy()
    cut[rest] = 0
    return cut


def _nest(values: Mapping[str, np.ndarray], mask: np.ndarray, rest: np.ndarray) -> dict[str, Any]:
    if not len(rest):
        return masked(values, mask)
    once = {id(v): v for v in values.values()}  # several names may share one array
    cut = {i: v & mask if v.dtype == bool else blanked(v, rest) for i, v in once.items()}
    return masked({k: cut[id(v)] for k, v in values.items()}, mask)


def objects(n: int, rows: Any, values: Any) -> np.ndarray:
    """Return an object array of length n holding `values` at `rows`, None elsewhere."""
    out = np.full(n, None, object)
    for i, value in zip(rows, values, strict=True):
        out[i] = value
    return out


def revealed(system: System, role: str, truth: Mapping[str, Any]) -> dict[str, Any]:
    """Return info["privileged"]: the truth, and the right action as text where the language can say it."""
    speak = getattr(system.language, "speak", None)
    if speak is None or "action" not in truth:
        return dict(truth)
    return {**truth, "text": speak(role, truth["action"], truth.get("kind", 0))}
