"""A table that looks like MIMIC's sepsis cohort and holds nobody: the simulator's patients under MIMIC's column names.

For trying and testing the loader without credentials. Stay numbers begin where MIMIC has none, and "fake" stands in every file's name.
Signs that the simulator lacks are noise around a usual value; doses are the simulator's with a little noise, so no number means anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.cases.logged_file import whole
from medenvs.cases.mimic_columns import columns
from medenvs.cases.mimic_rewards import organs
from medenvs.core.errors import BadValue
from medenvs.core.randomness import Key, key, normal, quantiles, uniform
from medenvs.envs.treatment.doses import FLUID, PRESSOR

from .sepsis_logs import logged

FIRST_STAY = 9_000_001
_DRAWS, _SLOTS = 61, 100
_BEGAN = 7_000_000_000  # seconds, as in the shifted dates of the original
_META = ("bloc", "icustayid", "charttime")
_OUTCOMES = ("died_within_48h_of_out_time", "mortality_90d")
Columns = dict[str, np.ndarray]


def write(path: str | Path, patients: int = 60, seed: int = 0, *, raw: bool = False, force: bool = False) -> Path:
    """Write a csv of simulated stays; return its path. raw: in the layout of mimic_sepsis's RAW file, else of MIMICtable.

    Raises BadValue unless the name holds "fake" and ends in .csv, and if it exists, unless `force`.
    """
    place = Path(path)
    if "fake" not in place.name.lower() or place.suffix != ".csv":
        raise BadValue(f"{place.name!r} is no name of a fake table. Expected one with 'fake' in it that ends in .csv.")
    found = table(patients, seed)
    if raw:
        found = _raw(found)
    rows = zip(*(c.tolist() for c in found.values()), strict=True)
    with whole(place, force=force) as half:
        half.write_text("\n".join([",".join(found), *(",".join(f"{x:.12g}" for x in row) for row in rows)]) + "\n", "utf-8")
    return place


def table(patients: int = 60, seed: int = 0) -> Columns:
    """Return the columns of MIMICtable for simulated stays of clinicians of every quality; age in days, time in seconds."""
    data = logged("mixed", patients, seed)
    who, stay_draws = data.patient, key(_DRAWS, np.arange(data.patients), seed)
    row_draws = key(_DRAWS + 1, np.arange(data.rows), seed)
    noise: Columns = {}
    for slot, (name, c) in enumerate(columns().items()):
        if c.role == "state" and c.typical:
            low, high = c.typical
            drift = 0.5 * _normals(stay_draws, slot)[who] + 0.25 * _normals(row_draws, slot)
            noise[name] = np.clip((low + high) / 2 + 0.15 * (high - low) * drift, max(low, c.low), min(high, c.high))
    c = noise | _read(data) | _doses(data, row_draws)
    c |= {"Shock_Index": c["HR"] / c["SysBP"], "paO2": c["PaO2_FiO2"] * c["FiO2_1"]}
    c["SIRS"] = 1.0 * (c["HR"] > 90) + (c["RR"] >= 20) + ((c["WBC_count"] >= 12) | (c["WBC_count"] < 4))
    u = c["max_dose_vaso"]
    c["SOFA"] = organs(c) + np.where(u > 0, 3.0 + (u > 0.1), 1.0 * (c["MeanBP"] < 70))
    died = (data.returns < 0.5)[who].astype(np.float64)
    c |= {"bloc": data.step + 1.0, "icustayid": FIRST_STAY + 7.0 * who, "charttime": _BEGAN + 1e6 * who + 14_400.0 * data.step}
    c |= dict.fromkeys(_OUTCOMES, died) | {"re_admission": 1.0 * (uniform(stay_draws, _SLOTS)[who] < 0.3)}
    return {n: c[n] for n in (*_META, *_OUTCOMES, *(n for n in columns() if n in c and n not in (*_META, *_OUTCOMES)))}


def _normals(k: Key, slot: int) -> np.ndarray:
    return normal(k, slot, quantiles())


def _read(data: Logged) -> Columns:
    """Return what the simulator has charted, under the other names and units."""
    see = {n: data.column(n).astype(np.float64) for n in data.columns}
    output = see["urine"] * see["weight"] * 4
    same = {"Weight_kg": "weight", "mechvent": "vented", "GCS": "gcs", "MeanBP": "map", "SpO2": "spo2", "FiO2_1": "fio2"}
    same |= {"PaO2_FiO2": "pf", "Platelets_count": "platelets", "Total_bili": "bilirubin", "HR": "hr"}
    same |= {"Creatinine": "creatinine", "Arterial_lactate": "lactate"}
    found = {name: see[n] for name, n in same.items()}
    found |= {"SysBP": 1.33 * see["map"], "DiaBP": 0.83 * see["map"], "gender": 1 - see["male"], "age": see["age"] * 365.25}
    return found | {"output_4hourly": output, "output_total": _summed(output, data)}


def _doses(data: Logged, draws: Key) -> Columns:
    """Return the doses, each with a little noise, and what follows from them."""
    fluid = np.array(FLUID)[data.actions // 5] * (0.8 + 0.4 * uniform(draws, _SLOTS))
    pressor = np.array(PRESSOR)[data.actions % 5] * (0.8 + 0.4 * uniform(draws, _SLOTS + 1))
    before = data.column("given")[data.starts[:-1]].astype(np.float64)[data.patient]
    given = before + _summed(fluid, data)
    passed = _summed(data.column("urine") * data.column("weight") * 4.0, data)
    return {"max_dose_vaso": pressor, "input_4hourly": fluid, "input_total": given, "cumulated_balance": given - passed}


def _summed(values: np.ndarray, data: Logged) -> np.ndarray:
    """Return sums from a stay's first row on."""
    total = np.cumsum(values, dtype=np.float64)
    return total - (total[data.starts[:-1]] - values[data.starts[:-1]])[data.patient]


def _raw(c: Columns) -> Columns:
    """Return the columns under prefixes, the outcome in the reward of each stay's last row."""
    last = np.r_[np.diff(c["icustayid"]) != 0, True]
    traj = np.r_[1.0, 1.0 + np.cumsum(last[:-1])]
    found = {"traj": traj, "step": c["bloc"] - 1, "m:charttime": c["charttime"], "m:icustayid": c["icustayid"]}
    found |= {f"o:{n}": c[n] for n in c if n not in (*_META, *_OUTCOMES)}
    action = 5.0 * (c["input_4hourly"] > 0) + (c["max_dose_vaso"] > 0)
    return found | {"a:action": action, "r:reward": np.where(last, 1 - 2 * c["died_within_48h_of_out_time"], 0.0)}
