"""Kidney function and the urine indices, and the carboplatin dose that follows from the filtration rate."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes

from .model import Calculator, Flag, Number, power

# A table, since `Lanes.exp` is good to 1e-8 only and `power` takes one exponent for the whole column.
_YEARLY_DECLINE = tuple(0.9938**years for years in range(121))


def _ckd_epi_2021(m: Lanes, v: Any) -> Any:
    relative = v.scr / m.where(v.female, 0.7, 0.9)
    below = m.minimum(relative, 1.0)
    low = m.where(v.female, power(below, -0.241), power(below, -0.302))
    high = power(m.maximum(relative, 1.0), -1.2)
    return 142 * low * high * m.table(_YEARLY_DECLINE)[m.whole(v.age)] * m.where(v.female, 1.012, 1.0)


def _child_fits(m: Lanes, v: Any, truth: Any) -> Any:
    """Height goes with age (stunting allowed, as in chronic kidney disease) and the filtration rate is one a child may have."""
    median = 83 + 5.8 * v.age
    return m.both(m.both(v.height >= 0.85 * median, v.height <= 1.12 * median), m.both(truth >= 8, truth <= 180))


CALCULATORS = (
    Calculator(
        id="cockcroft_gault",
        name="Creatinine clearance (Cockcroft-Gault)",
        family="renal",
        category="lab",
        output="decimal",
        unit="mL/min",
        asks="creatinine clearance by the Cockcroft-Gault equation, using actual body weight",
        printed="creatinine clearance = (140 - age) x weight in kg / (72 x serum creatinine in mg/dL), times 0.85 in women",
        inputs=(Number("age", 18, 95), Number("weight", 40, 140), Number("scr", 0.6, 4.5, 0.1), Flag("female", 0.5)),
        formula=lambda m, v: (140 - v.age) * v.weight / (72 * v.scr) * m.where(v.female, 0.85, 1.0),
        valid=lambda m, v, truth: m.both(truth >= 5, truth <= 180),
        source="Cockcroft DW, Gault MH. Nephron 1976;16:31-41",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=2,
    ),
    Calculator(
        id="ckd_epi_2021",
        name="eGFR (CKD-EPI 2021, creatinine)",
        family="renal",
        category="lab",
        output="decimal",
        unit="mL/min/1.73 m2",
        asks="estimated glomerular filtration rate by the race-free CKD-EPI 2021 creatinine equation",
        printed="eGFR = 142 x min(serum creatinine / k, 1)^a x max(serum creatinine / k, 1)^-1.200 x 0.9938^age, times 1.012 in women; "
        "creatinine in mg/dL; women: k = 0.7, a = -0.241; men: k = 0.9, a = -0.302",
        inputs=(Number("age", 18, 95), Number("scr", 0.5, 4.5, 0.1), Flag("female", 0.5)),
        formula=_ckd_epi_2021,
        valid=lambda m, v, truth: m.both(truth >= 5, truth <= 140),
        source="Inker LA, Eneanya ND, Coresh J, et al. N Engl J Med 2021;385:1737-1749",
        checked="run against the MedCalc-Bench code, which uses k = 0.7 for men with creatinine <= 0.9 where the paper has 0.9",
        medcalc_bench_id=3,
    ),
    Calculator(
        id="mdrd",
        name="eGFR (MDRD, four variables)",
        family="renal",
        category="lab",
        output="decimal",
        unit="mL/min/1.73 m2",
        asks="estimated glomerular filtration rate by the four-variable MDRD equation (factor 175, without a race coefficient)",
        printed="eGFR = 175 x (serum creatinine in mg/dL)^-1.154 x age^-0.203, times 0.742 in women",
        inputs=(Number("age", 18, 95), Number("scr", 0.6, 4.5, 0.1), Flag("female", 0.5)),
        formula=lambda m, v: 175 * power(v.scr, -1.154) * power(v.age, -0.203) * m.where(v.female, 0.742, 1.0),
        valid=lambda m, v, truth: m.both(truth >= 5, truth <= 150),
        source="Levey AS, Coresh J, Greene T, et al. Ann Intern Med 2006;145:247-254",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=9,
    ),
    Calculator(
        id="schwartz",
        name="eGFR in children (bedside Schwartz)",
        family="renal",
        category="lab",
        output="decimal",
        unit="mL/min/1.73 m2",
        asks="estimated glomerular filtration rate by the bedside Schwartz equation (factor 0.413)",
        printed="eGFR = 0.413 x height in cm / serum creatinine in mg/dL",
        inputs=(Number("age", 5, 12), Number("height", 105, 145), Number("scr", 0.4, 3.6, 0.1)),
        formula=lambda m, v: 0.413 * v.height / v.scr,
        valid=_child_fits,
        source="Schwartz GJ, Muñoz A, Schneider MF, et al. J Am Soc Nephrol 2009;20:629-637",
        checked="read against the CRAN packages cliot and nephro (0.413)",
    ),
    Calculator(
        id="fena",
        name="Fractional excretion of sodium",
        family="renal",
        category="lab",
        output="decimal",
        unit="%",
        asks="fractional excretion of sodium, in percent",
        printed="FENa = 100 x urine sodium x serum creatinine / (serum sodium x urine creatinine); sodium in mmol/L, creatinine in mg/dL",
        inputs=(Number("una", 5, 120), Number("na", 120, 158), Number("ucr", 20, 220), Number("scr", 0.8, 7.0, 0.1)),
        formula=lambda m, v: 100 * v.una * v.scr / (v.na * v.ucr),
        valid=lambda m, v, truth: m.both(truth >= 0.1, truth <= 20),
        source="Espinel CH. JAMA 1976;236:579-581",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=40,
    ),
    Calculator(
        id="feurea",
        name="Fractional excretion of urea",
        family="renal",
        category="lab",
        output="decimal",
        unit="%",
        asks="fractional excretion of urea, in percent",
        printed="FEurea = 100 x urine urea nitrogen x serum creatinine / (blood urea nitrogen x urine creatinine); all in mg/dL",
        inputs=(Number("uurea", 100, 900), Number("bun", 20, 100), Number("ucr", 40, 220), Number("scr", 1.0, 4.5, 0.1)),
        formula=lambda m, v: 100 * v.uurea * v.scr / (v.bun * v.ucr),
        valid=lambda m, v, truth: m.both(m.both(v.bun >= 8 * v.scr, v.bun <= 50 * v.scr), m.both(truth >= 2, truth <= 90)),
        source="Carvounis CP, Nisar S, Guro-Razuman S. Kidney Int 2002;62:2223-2229",
        checked="read against the package CCVR/inteRn",
    ),
    Calculator(
        id="ttkg",
        name="Transtubular potassium gradient",
        family="renal",
        category="lab",
        output="decimal",
        unit="",
        asks="transtubular potassium gradient, from the potassium and the measured osmolality of urine and serum",
        printed="TTKG = (urine potassium / serum potassium) / (urine osmolality / serum osmolality); urine more concentrated than serum",
        inputs=(Number("uk", 10, 90), Number("k", 2.4, 7.0, 0.1), Number("uosm", 320, 900), Number("sosm", 265, 320)),
        formula=lambda m, v: (v.uk / v.k) / (v.uosm / v.sosm),
        valid=lambda m, v, truth: m.both(v.uosm >= v.sosm + 20, m.both(truth >= 0.5, truth <= 20)),
        source="Ethier JH, Kamel KS, Magner PO, Lemann J, Halperin ML. Am J Kidney Dis 1990;15:309-315",
        checked="read against J Med Case Rep 5:114, table 4",
    ),
    Calculator(
        id="calvert",
        name="Carboplatin dose (Calvert)",
        family="renal",
        category="dosage",
        output="decimal",
        unit="mg",
        asks="carboplatin dose by the Calvert formula, target AUC x (GFR + 25), with the filtration rate as given",
        printed="carboplatin dose in mg = target AUC in mg/mL x min x (GFR in mL/min + 25); GFR is capped at 125 mL/min",
        inputs=(Number("auc", 2.0, 7.0, 0.5), Number("gfr", 20, 125)),
        formula=lambda m, v: v.auc * (m.minimum(v.gfr, 125) + 25),
        source="Calvert AH, Newell DR, Gumbrell LA, et al. J Clin Oncol 1989;7:1748-1756",
        checked="read against the eviQ text (GFR + 25)",
    ),
)
