"""Body size, metabolism and opioid equivalence."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes

from .model import Calculator, Flag, Level, Number, power

_MME_PER_MG = {
    "codeine": 0.15,
    "hydrocodone": 1.0,
    "hydromorphone": 5.0,
    "morphine": 1.0,
    "oxycodone": 1.5,
    "oxymorphone": 3.0,
    "tapentadol": 0.4,
    "tramadol": 0.2,
}
OPIOIDS = tuple(_MME_PER_MG)

# The first drug is a strong opioid in doses of 5 to 30 mg, the second a weaker one in doses of 25 to 100 mg.
_STRONG = (0.0, 0.25, 0.1, 0.25, 0.25, 0.15, 0.0, 0.0)
_WEAK = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.35, 0.35)


def _bmi(v: Any) -> Any:
    metres = v.height / 100
    return v.weight / (metres * metres)


def _adult_shape(m: Lanes, v: Any, truth: Any) -> Any:
    return m.both(_bmi(v) >= 15, _bmi(v) <= 58)


def _devine(m: Lanes, v: Any) -> Any:
    return m.where(v.female, 45.5, 50.0) + 2.3 * (v.height / 2.54 - 60)


def _overweight(m: Lanes, v: Any, truth: Any) -> Any:
    return m.both(v.weight >= 1.2 * _devine(m, v), _bmi(v) <= 60)


def _child_fits(m: Lanes, v: Any, truth: Any) -> Any:
    median = 7 + 2.3 * v.age
    return m.both(v.weight >= 0.7 * median, v.weight <= 1.7 * median)


def _mme(m: Lanes, v: Any) -> Any:
    factor = m.table(tuple(_MME_PER_MG.values()))
    first = factor[m.whole(v.drug_1)] * v.dose_1 * v.times_1
    return first + factor[m.whole(v.drug_2)] * v.dose_2 * v.times_2


def _opioids_prescribable(m: Lanes, v: Any, truth: Any) -> Any:
    """No single dose above what is dispensed: hydromorphone 10 mg, codeine 50 mg; no tapentadol below 50 mg."""
    strong = m.either(v.drug_1 != OPIOIDS.index("hydromorphone"), v.dose_1 <= 10)
    codeine = m.either(v.drug_2 != OPIOIDS.index("codeine"), v.dose_2 <= 50)
    return m.both(strong, m.both(codeine, m.either(v.drug_2 != OPIOIDS.index("tapentadol"), v.dose_2 >= 50)))


CALCULATORS = (
    Calculator(
        id="bmi",
        name="Body mass index",
        family="body",
        category="physical",
        output="decimal",
        unit="kg/m2",
        asks="body mass index",
        printed="body mass index = weight in kg / (height in m)^2",
        inputs=(Number("weight", 42, 150), Number("height", 148, 198)),
        formula=lambda m, v: _bmi(v),
        valid=_adult_shape,
        source="Keys A, Fidanza F, Karvonen MJ, Kimura N, Taylor HL. J Chronic Dis 1972;25:329-343",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=6,
    ),
    Calculator(
        id="bsa_mosteller",
        name="Body surface area (Mosteller)",
        family="body",
        category="physical",
        output="decimal",
        unit="m2",
        asks="body surface area by the Mosteller formula",
        printed="body surface area in m2 = square root of (height in cm x weight in kg / 3600)",
        inputs=(Number("weight", 40, 150), Number("height", 145, 200)),
        formula=lambda m, v: power(v.height * v.weight / 3600, 0.5),
        valid=_adult_shape,
        source="Mosteller RD. N Engl J Med 1987;317:1098",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=60,
    ),
    Calculator(
        id="ibw",
        name="Ideal body weight (Devine)",
        family="body",
        category="physical",
        output="decimal",
        unit="kg",
        asks="ideal body weight by the Devine formula",
        printed="ideal body weight in kg = 50 in men or 45.5 in women + 2.3 x (height in inches - 60); 1 inch = 2.54 cm",
        inputs=(Number("height", 153, 203), Flag("female", 0.5)),
        formula=_devine,
        valid=lambda m, v, truth: m.either(m.no(v.female), v.height <= 190),
        source="Devine BJ. Drug Intell Clin Pharm 1974;8:650-655",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=10,
    ),
    Calculator(
        id="adjbw",
        name="Adjusted body weight",
        family="body",
        category="physical",
        output="decimal",
        unit="kg",
        asks="adjusted body weight (Devine ideal weight plus 0.4 of the excess)",
        printed="adjusted weight = ideal weight + 0.4 x (weight - ideal weight), all in kg; "
        "ideal weight = 50 in men or 45.5 in women + 2.3 x (height in inches - 60); 1 inch = 2.54 cm",
        inputs=(Number("height", 153, 195), Number("weight", 70, 180), Flag("female", 0.5)),
        formula=lambda m, v: _devine(m, v) + 0.4 * (v.weight - _devine(m, v)),
        valid=_overweight,
        source="Bauer LA, Edwards WA, Dellinger EP, Simonowitz DA. Eur J Clin Pharmacol 1983;24:643-647",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=62,
    ),
    Calculator(
        id="fluids_421",
        name="Maintenance fluids (4-2-1 rule)",
        family="body",
        category="physical",
        output="decimal",
        unit="mL/h",
        asks="hourly maintenance fluid rate by the 4-2-1 rule",
        printed="mL per hour = 4 x the first 10 kg of weight + 2 x the next 10 kg + 1 x every kg above 20",
        inputs=(Number("age", 2, 9), Number("weight", 9, 32)),
        formula=lambda m, v: 4 * m.minimum(v.weight, 10) + 2 * m.clip(v.weight - 10, 0, 10) + m.maximum(v.weight - 20, 0),
        valid=_child_fits,
        source="Holliday MA, Segar WE. Pediatrics 1957;19:823-832",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=22,
    ),
    Calculator(
        id="ldl",
        name="LDL cholesterol (Friedewald)",
        family="body",
        category="lab",
        output="decimal",
        unit="mg/dL",
        asks="LDL cholesterol by the Friedewald equation, in mg/dL",
        printed="LDL = total cholesterol - HDL cholesterol - triglycerides / 5, all in mg/dL; only if triglycerides are below 400",
        inputs=(Number("tc", 120, 340), Number("hdl", 22, 90), Number("tg", 50, 380)),
        formula=lambda m, v: v.tc - v.hdl - v.tg / 5,
        valid=lambda m, v, truth: m.both(truth >= 30, truth <= 250),
        source="Friedewald WT, Levy RI, Fredrickson DS. Clin Chem 1972;18:499-502",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=44,
    ),
    Calculator(
        id="homa_ir",
        name="HOMA-IR",
        family="body",
        category="lab",
        output="decimal",
        unit="",
        asks="HOMA-IR from fasting glucose and fasting insulin (original linear model)",
        printed="HOMA-IR = glucose in mg/dL x insulin in uU/mL / 405",
        inputs=(Number("glu", 65, 200), Number("insulin", 3, 60)),
        formula=lambda m, v: v.glu * v.insulin / 405,
        source="Matthews DR, Hosker JP, Rudenski AS, et al. Diabetologia 1985;28:412-419",
        checked="read line by line against the MedCalc-Bench code, which multiplies pmol/L by 6 where 6 is the divisor",
        medcalc_bench_id=31,
    ),
    Calculator(
        id="eag",
        name="Estimated average glucose",
        family="body",
        category="lab",
        output="decimal",
        unit="mg/dL",
        asks="estimated average glucose from the HbA1c by the ADAG equation, in mg/dL",
        printed="estimated average glucose in mg/dL = 28.7 x HbA1c in % - 46.7",
        inputs=(Number("a1c", 4.5, 14.0, 0.1),),
        formula=lambda m, v: 28.7 * v.a1c - 46.7,
        source="Nathan DM, Kuenen J, Borg R, et al. Diabetes Care 2008;31:1473-1478",
        checked="read against the CRAN package cliot (28.7, -46.7)",
    ),
    Calculator(
        id="mme",
        name="Daily morphine milligram equivalents",
        family="body",
        category="dosage",
        output="decimal",
        unit="MME/day",
        asks="total daily opioid dose in morphine milligram equivalents, with the CDC 2022 factors",
        printed="sum over the opioids of mg per dose x doses a day x factor; factors: "
        + ", ".join(f"{drug} {factor:g}" for drug, factor in _MME_PER_MG.items()),
        inputs=(
            Level("drug_1", _STRONG),
            Number("dose_1", 5, 30, 5),
            Number("times_1", 2, 6),
            Level("drug_2", _WEAK),
            Number("dose_2", 25, 100, 25),
            Number("times_2", 2, 4),
        ),
        formula=_mme,
        valid=_opioids_prescribable,
        source="Dowell D, Ragan KR, Jones CM, Baldwin GT, Chou R. MMWR Recomm Rep 2022;71(3):1-95",
        checked="read line by line against the MedCalc-Bench code; factors read in a copy of the CDC 2022 table",
        medcalc_bench_id=49,
    ),
)
