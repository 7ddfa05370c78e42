"""Rewards and costs of a clinical table, from values in raw units, each from the stay's own rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from medenvs.core.lanes import numpy_lanes
from medenvs.worlds.sepsis.sofa import organs_score

from .mimic_checks import BLOCK, Stays

COSTS = ("hypotension", "hypoxia", "oliguria", "overload", "pressor")
COST_COLUMNS = ("MeanBP", "SpO2", "output_4hourly", "Weight_kg", "cumulated_balance", "max_dose_vaso")
ORGAN_COLUMNS = ("PaO2_FiO2", "mechvent", "Platelets_count", "Total_bili", "GCS", "output_4hourly", "Weight_kg", "Creatinine")
REWARDS: Mapping[str, tuple[str, ...]] = {"outcome": (), "sofa_delta": ("SOFA",), "ogsrl": ("SOFA",), "organs_delta": ORGAN_COLUMNS}
READ_DOSES = ("sofa_delta", "ogsrl")  # the score's cardiovascular item punishes vasopressors as such


def costs(c: Mapping[str, Any]) -> np.ndarray:
    """Return (rows, costs) hours of harm: a row's means stand for its four hours, its balance for what was given up to its end."""
    urine = c["output_4hourly"] / c["Weight_kg"] / BLOCK
    wrong = (
        c["MeanBP"] < 65,
        c["SpO2"] < 92,
        urine < 0.5,
        c["cumulated_balance"] > 100 * c["Weight_kg"],
        c["max_dose_vaso"] > 0.5,
    )
    return BLOCK * np.stack(wrong, -1).astype(np.float64)


def organs(c: Mapping[str, Any]) -> np.ndarray:
    """Return SOFA without its cardiovascular item: no dose enters it."""
    urine = c["output_4hourly"] / c["Weight_kg"] / BLOCK
    body: Any = SimpleNamespace(
        pf=c["PaO2_FiO2"],
        vented=c["mechvent"],
        platelets=c["Platelets_count"],
        bilirubin=c["Total_bili"],
        cns=(15 - c["GCS"]) / 12,
        urine=urine,
        weight=c["Weight_kg"],
        creatinine=c["Creatinine"],
    )
    return np.asarray(organs_score(numpy_lanes(), body), np.float64)


def rewards(name: str, stays: Stays, died: np.ndarray) -> np.ndarray:
    """Return one reward a row. died: (N,).

    outcome: 1 or -1 in a stay's last row, nothing where it was cut. ogsrl: minus the row's SOFA cut to 2.5 to 12.5. sofa_delta,
    organs_delta: how far the score falls until the next row; 0 in the last.
    """
    last = stays.starts[1:] - 1
    if name == "ogsrl":
        return -np.clip(stays.table["SOFA"], 2.5, 12.5)
    earned = np.zeros(len(stays.table))
    if name == "outcome":
        earned[last] = np.where(stays.cut, 0.0, 1.0 - 2.0 * died)
        return earned
    score = stays.table["SOFA"] if name == "sofa_delta" else organs(stays.table.columns)
    earned[:-1] = score[:-1] - score[1:]
    earned[last] = 0.0
    return earned
