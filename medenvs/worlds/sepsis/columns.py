"""What is charted: name, unit, range and how often. Everything else about a patient stays hidden; doses are those of the step before."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """One charted quantity. `cadence`: "admission" (constant), "hour", "4 h" (the last reading), "step" (lagged one decision), or
    "order" (when somebody wants to know). Noise: standard deviation `sd`, or `share` of the value; none in COLUMNS."""

    name: str
    unit: str
    low: float
    high: float
    cadence: str
    meaning: str
    sd: float = 0.0
    share: float = 0.0


COLUMNS = (
    Column("age", "years", 18, 95, "admission", "age"),
    Column("male", "0 or 1", 0, 1, "admission", "sex: 1 male"),
    Column("weight", "kg", 40, 160, "admission", "body weight"),
    Column("hour", "h", 0, 80, "hour", "time since admission"),
    Column("fluid", "mL/4 h", 0, 1000, "step", "crystalloid given in the previous step, as a four-hour volume"),
    Column("pressor", "ug/kg/min", 0, 0.6, "step", "norepinephrine equivalent of the previous step"),
    Column("map", "mmHg", 25, 150, "hour", "mean arterial pressure"),
    Column("hr", "1/min", 40, 185, "hour", "heart rate"),
    Column("cvp", "mmHg", 0, 30, "4 h", "central venous pressure"),
    Column("spo2", "%", 50, 100, "4 h", "oxygen saturation"),
    Column("fio2", "fraction", 0.21, 1, "4 h", "inspired oxygen, set by the ward after each reading"),
    Column("pf", "mmHg", 45, 520, "4 h", "PaO2/FiO2"),
    Column("vented", "0 or 1", 0, 1, "4 h", "mechanically ventilated"),
    Column("urine", "mL/kg/h", 0, 4, "4 h", "urine output, mean of the last four hours"),
    Column("lactate", "mmol/L", 0.4, 20, "hour", "blood lactate"),
    Column("creatinine", "mg/dL", 0.5, 40, "4 h", "serum creatinine"),
    Column("platelets", "1e9/L", 8, 500, "4 h", "platelet count"),
    Column("bilirubin", "mg/dL", 0.04, 60, "4 h", "total bilirubin"),
    Column("gcs", "points", 3, 15, "4 h", "Glasgow coma scale, not rounded"),
    Column("given", "mL", 0, 36_000, "hour", "fluid since before admission"),
    Column("passed", "mL", 0, 52_000, "hour", "urine since admission"),
)
NAMES = tuple(c.name for c in COLUMNS)
