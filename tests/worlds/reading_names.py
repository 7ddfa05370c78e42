"""Which input of ours is which argument of the second reading: the order of our inputs, in the other's names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from medenvs.worlds.calculators.body import OPIOIDS
from medenvs.worlds.calculators.model import Calculator, Number

_ARGUMENTS = {
    "albi": "bili alb",
    "wells_pe": "hr dvt likely immob prior hemo ca",
    "wells_dvt": "ca cast bed tender leg calf edema coll prior alt",
    "perc": "age hr spo2 leg hemo surg prior estro",
    "geneva": "age hr prior surg ca pain hemo palp",
    "padua": "age bmi ca vte immob thr surg hf mi inf horm",
    "four_ts": "a b c d",
    "cha2ds2vasc": "age sex chf htn dm stroke vasc",
    "has_bled": "age htn renal liver stroke bleed labile drugs alcohol",
    "curb65": "confusion bun rr sbp dbp age",
    "news2": "rr spo2 o2 sbp pulse not_alert temp",
    "psi": "age sex nh neo liver chf cvd renal ams rr sbp hr temp ph bun na glu hct pao2 eff",
    "centor": "age temp exud nodes cough",
    "feverpain": "fever pus rapid infl cough",
    "sofa": "pf vent plt bili map pressor gcs cr urine",
    "timi": "age rf3 sten st ang asa mark",
    "rcri": "surg ihd chf cva ins cr",
    "gbs": "bun sex hb sbp hr mel syn liv hf",
    "alvarado": "mig anor naus rlq reb temp wbc shift",
    "ich": "gcs vol ivh infra age",
    "abcd2": "age sbp dbp weak speech dur dm",
    "child_pugh": "bili alb inr asc enc",
}
_PRESSOR = ("none", "dopa<=5", "norepi<=0.1", "norepi>0.1")


def arguments(calculator: Calculator, v: SimpleNamespace) -> dict[str, Any]:
    """Return the second reading's arguments for inputs `v` of ours."""
    values = [getattr(v, i.key) if isinstance(i, Number) else int(getattr(v, i.key)) for i in calculator.inputs]
    names = _ARGUMENTS[calculator.id].split() if calculator.id in _ARGUMENTS else [i.key for i in calculator.inputs]
    found = dict(zip(names, values, strict=True))
    if "sex" in found:
        found["sex"] = "F" if found["sex"] else "M"
    if calculator.id in ("schwartz", "fluids_421"):
        del found["age"]  # drawn so that the child is plausible; no part of the formula
    if calculator.id == "gcs":
        found = {name: grade + 1 for name, grade in found.items()}
    if calculator.id == "news2":
        found["alert"] = 1 - found.pop("not_alert")
    if calculator.id == "feverpain":
        found["nocough"] = 1 - found.pop("cough")
    if calculator.id == "sofa":
        found["pressor"] = _PRESSOR[int(found["pressor"])]
    if calculator.id == "mme":
        return {"items": [(OPIOIDS[int(found[f"drug_{n}"])], found[f"dose_{n}"], found[f"times_{n}"]) for n in "12"]}
    if calculator.id == "bisap":
        sirs = [v.temp > 38 or v.temp < 36, v.hr > 90, v.rr > 20, v.wbc > 12 or v.wbc < 4]
        return {"bun": v.bun, "ams": v.impaired_mental_status, "sirs": sum(sirs), "age": v.age, "eff": v.pleural_effusion}
    return found
