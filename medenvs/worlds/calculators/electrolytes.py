"""Acid-base balance, osmolality and the corrections of sodium and calcium."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes

from .model import Calculator, Flag, Number


def _gap(v: Any) -> Any:
    return v.na - (v.cl + v.hco3)


def _water_fraction(m: Lanes, v: Any) -> Any:
    return m.where(v.age >= 65, m.where(v.female, 0.45, 0.5), m.where(v.female, 0.5, 0.6))


CALCULATORS = (
    Calculator(
        id="anion_gap",
        name="Anion gap",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="mmol/L",
        asks="serum anion gap, without potassium and without correction for albumin",
        printed="anion gap = sodium - (chloride + bicarbonate), all in mmol/L",
        inputs=(Number("na", 128, 152), Number("cl", 88, 112), Number("hco3", 6, 30)),
        formula=lambda m, v: _gap(v),
        valid=lambda m, v, truth: m.both(truth >= 4, truth <= 42),
        source="Emmett M, Narins RG. Medicine (Baltimore) 1977;56:38-54",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=39,
    ),
    Calculator(
        id="ag_albumin",
        name="Albumin-corrected anion gap",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="mmol/L",
        asks="albumin-corrected anion gap, without potassium (2.5 mmol/L per g/dL of albumin, normal albumin 4.0 g/dL)",
        printed="corrected anion gap = sodium - (chloride + bicarbonate) + 2.5 x (4 - albumin); albumin in g/dL, the others in mmol/L",
        inputs=(Number("na", 128, 152), Number("cl", 88, 112), Number("hco3", 6, 30), Number("alb", 1.2, 4.8, 0.1)),
        formula=lambda m, v: _gap(v) + 2.5 * (4 - v.alb),
        valid=lambda m, v, truth: m.both(_gap(v) >= 3, m.both(truth >= 4, truth <= 45)),
        source="Figge J, Jabor A, Kazda A, Fencl V. Crit Care Med 1998;26:1807-1810",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=65,
    ),
    Calculator(
        id="corr_ca",
        name="Albumin-corrected calcium",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="mg/dL",
        asks="serum calcium corrected for albumin (0.8 mg/dL per g/dL, normal albumin 4.0 g/dL)",
        printed="corrected calcium in mg/dL = calcium in mg/dL + 0.8 x (4 - albumin in g/dL)",
        inputs=(Number("ca", 5.5, 14.0, 0.1), Number("alb", 1.2, 5.0, 0.1)),
        formula=lambda m, v: v.ca + 0.8 * (4 - v.alb),
        valid=lambda m, v, truth: m.both(truth >= 5.5, truth <= 15.5),
        source="Payne RB, Little AJ, Williams RB, Milner JR. Br Med J 1973;4:643-646 (the method; 0.8 is the factor in use today)",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=7,
    ),
    Calculator(
        id="corr_na_hillier",
        name="Sodium corrected for hyperglycaemia (Hillier)",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="mmol/L",
        asks="serum sodium corrected for hyperglycaemia by Hillier's factor (0.024 mmol/L per mg/dL of glucose above 100)",
        printed="corrected sodium in mmol/L = sodium in mmol/L + 0.024 x (glucose in mg/dL - 100)",
        inputs=(Number("na", 112, 152), Number("glu", 250, 1200)),
        formula=lambda m, v: v.na + 0.024 * (v.glu - 100),
        valid=lambda m, v, truth: m.both(truth >= 120, truth <= 172),
        source="Hillier TA, Abbott RD, Barrett EJ. Am J Med 1999;106:399-403",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=26,
    ),
    Calculator(
        id="sosm",
        name="Calculated serum osmolality",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="mOsm/kg",
        asks="calculated serum osmolality from twice the sodium, urea nitrogen and glucose, without ethanol",
        printed="osmolality in mOsm/kg = 2 x sodium in mmol/L + blood urea nitrogen in mg/dL / 2.8 + glucose in mg/dL / 18",
        inputs=(Number("na", 112, 165), Number("bun", 6, 120), Number("glu", 60, 900)),
        formula=lambda m, v: 2 * v.na + v.bun / 2.8 + v.glu / 18,
        valid=lambda m, v, truth: m.both(truth >= 240, truth <= 400),
        source="Worthley LI, Guerin M, Pain RW. Anaesth Intensive Care 1987;15:199-202",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=30,
    ),
    Calculator(
        id="fwd",
        name="Free water deficit",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="L",
        asks="free water deficit for a target sodium of 140 mmol/L, total body water being 0.6 (men) or 0.5 (women) of body weight, "
        "from the age of 65 on 0.5 (men) or 0.45 (women)",
        printed="free water deficit in L = fraction x weight in kg x (sodium in mmol/L / 140 - 1); "
        "fraction 0.6 in men and 0.5 in women, at age 65 or more 0.5 in men and 0.45 in women",
        inputs=(Number("age", 18, 95), Number("weight", 42, 120), Number("na", 145, 175), Flag("female", 0.5)),
        formula=lambda m, v: _water_fraction(m, v) * v.weight * (v.na / 140 - 1),
        valid=lambda m, v, truth: truth >= 0.3,
        source="Adrogué HJ, Madias NE. N Engl J Med 2000;342:1493-1499",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=38,
    ),
    Calculator(
        id="winters",
        name="Expected pCO2 (Winters)",
        family="electrolytes",
        category="lab",
        output="decimal",
        unit="mmHg",
        asks="expected arterial pCO2 in metabolic acidosis by Winters' formula (the central value of the range)",
        printed="expected pCO2 in mmHg = 1.5 x bicarbonate in mmol/L + 8 (the range is this value +/- 2)",
        inputs=(Number("hco3", 4, 22),),
        formula=lambda m, v: 1.5 * v.hco3 + 8,
        source="Albert MS, Dell RB, Winters RW. Ann Intern Med 1967;66:312-322",
        checked="read against the CRAN package cliot",
    ),
)
