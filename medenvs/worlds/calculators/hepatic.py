"""Liver fibrosis, liver failure and the transplant scores."""

from __future__ import annotations

import math
from typing import Any

from medenvs.core.lanes import Lanes

from .model import Calculator, Flag, Number, log, power, rounded

_MELD_INPUTS = (
    Number("scr", 0.7, 4.8, 0.1),
    Number("bili", 0.8, 20.0, 0.1),
    Number("inr", 0.9, 3.2, 0.1),
)
_MELD = "10 x (0.957 x ln(creatinine) + 0.378 x ln(bilirubin) + 1.120 x ln(INR) + 0.643)"
_MELD_LIMITS = (
    "creatinine and bilirubin in mg/dL; each of the three values at least 1.0; creatinine at most 4.0, and 4.0 on dialysis "
    "(twice or more in the past week)"
)


def _meld(m: Lanes, v: Any) -> Any:
    scr = m.where(v.dialysis, 4.0, m.clip(v.scr, 1.0, 4.0))
    return 10 * (0.957 * log(scr) + 0.378 * log(m.maximum(v.bili, 1.0)) + 1.120 * log(m.maximum(v.inr, 1.0)) + 0.643)


def _meld_na(m: Lanes, v: Any) -> Any:
    first, missing = rounded(_meld(m, v)), 137 - m.clip(v.na, 125, 137)
    return m.where(first > 11, first + 1.32 * missing - 0.033 * first * missing, first)


def _meld3(m: Lanes, v: Any) -> Any:
    ln_scr = log(m.where(v.dialysis, 3.0, m.clip(v.scr, 1.0, 3.0)))
    ln_bili, ln_inr = log(m.maximum(v.bili, 1.0)), log(m.maximum(v.inr, 1.0))
    sodium, albumin = 137 - m.clip(v.na, 125, 137), 3.5 - m.clip(v.alb, 1.5, 3.5)
    liver = 4.56 * ln_bili - 0.24 * sodium * ln_bili + 9.09 * ln_inr + 0.82 * sodium
    return liver + 11.14 * ln_scr + 1.85 * albumin - 1.83 * albumin * ln_scr + m.where(v.female, 1.33, 0.0) + 6


def _grade(m: Lanes, score: Any) -> Any:
    return m.clip(rounded(score), 6.0, 40.0)


def _clear(score: Any) -> Any:
    """True where the score is no near tie: a reader's own conversion factor (88.4 for 88.42) must not tip the whole number."""
    return abs(score - score // 1 - 0.5) >= 0.05


CALCULATORS = (
    Calculator(
        id="fib4",
        name="FIB-4 index",
        family="hepatic",
        category="lab",
        output="decimal",
        unit="",
        asks="FIB-4 index",
        printed="FIB-4 = age x AST / (platelets x square root of ALT); age in years, AST and ALT in U/L, platelets in 10^9/L",
        inputs=(Number("age", 30, 90), Number("ast", 15, 240), Number("alt", 15, 240), Number("plt", 40, 400)),
        formula=lambda m, v: v.age * v.ast / (v.plt * power(v.alt, 0.5)),
        valid=lambda m, v, truth: m.both(m.both(v.ast <= 5 * v.alt, v.alt <= 5 * v.ast), m.both(truth >= 0.3, truth <= 25)),
        source="Sterling RK, Lissen E, Clumeck N, et al. Hepatology 2006;43:1317-1325",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=19,
    ),
    Calculator(
        id="meld",
        name="MELD (original UNOS)",
        family="hepatic",
        category="lab",
        output="integer",
        unit="points",
        asks="MELD score by the original UNOS formula (no sodium; 6 to 40 points)",
        printed=f"MELD = {_MELD}, rounded to a whole number, at least 6 and at most 40; {_MELD_LIMITS}",
        inputs=(*_MELD_INPUTS, Flag("dialysis", 0.1)),
        formula=lambda m, v: _grade(m, _meld(m, v)),
        valid=lambda m, v, truth: _clear(_meld(m, v)),
        source="Wiesner R, Edwards E, Freeman R, et al. Gastroenterology 2003;124:91-96",
        checked="read against the MIMIC code repository (meld.sql), which quotes OPTN policy 9.1.D",
    ),
    Calculator(
        id="meld_na",
        name="MELD-Na (OPTN 2016)",
        family="hepatic",
        category="lab",
        output="integer",
        unit="points",
        asks="MELD-Na score by the OPTN formula of 2016 (6 to 40 points)",
        printed=f"M = {_MELD}, rounded to a whole number; if M is above 11: "
        "MELD-Na = M + 1.32 x (137 - sodium) - 0.033 x M x (137 - sodium), else M; "
        f"rounded to a whole number, at least 6 and at most 40; sodium in mmol/L, at least 125 and at most 137; {_MELD_LIMITS}",
        inputs=(*_MELD_INPUTS, Number("na", 120, 142), Flag("dialysis", 0.1)),
        formula=lambda m, v: _grade(m, _meld_na(m, v)),
        valid=lambda m, v, truth: m.both(_clear(_meld(m, v)), _clear(_meld_na(m, v))),
        source="OPTN policy 9.1.D (2016), after Kim WR, Biggins SW, Kremers WK, et al. N Engl J Med 2008;359:1018-1026",
        checked="run against the MedCalc-Bench code, which takes creatinine 1.0 on dialysis if the value is below 1.0 where OPTN has 4.0",
        medcalc_bench_id=23,
    ),
    Calculator(
        id="meld3",
        name="MELD 3.0",
        family="hepatic",
        category="lab",
        output="integer",
        unit="points",
        asks="MELD 3.0 score of an adult (6 to 40 points)",
        printed="MELD 3.0 = 1.33 if female + 4.56 x ln(bilirubin) + 0.82 x (137 - sodium) - 0.24 x (137 - sodium) x ln(bilirubin) "
        "+ 9.09 x ln(INR) + 11.14 x ln(creatinine) + 1.85 x (3.5 - albumin) - 1.83 x (3.5 - albumin) x ln(creatinine) + 6, "
        "rounded to a whole number, at least 6 and at most 40; creatinine and bilirubin in mg/dL, albumin in g/dL, sodium in mmol/L; "
        "creatinine, bilirubin and INR at least 1.0; creatinine at most 3.0, and 3.0 on dialysis (twice or more in the past week); "
        "sodium 125 to 137, albumin 1.5 to 3.5",
        inputs=(*_MELD_INPUTS, Number("na", 120, 142), Number("alb", 1.3, 4.2, 0.1), Flag("female", 0.5), Flag("dialysis", 0.1)),
        formula=lambda m, v: _grade(m, _meld3(m, v)),
        valid=lambda m, v, truth: _clear(_meld3(m, v)),
        source="Kim WR, Mannalithara A, Heimbach JK, et al. Gastroenterology 2021;161:1887-1895",
        checked="read against a public SAS macro citing OPTN policy 9.1.D and Kim 2021, and six further codes",
    ),
    Calculator(
        id="maddrey",
        name="Maddrey discriminant function",
        family="hepatic",
        category="lab",
        output="decimal",
        unit="",
        asks="modified Maddrey discriminant function, from the prothrombin time in seconds",
        printed="discriminant function = 4.6 x (prothrombin time - control time) + bilirubin; times in s, bilirubin in mg/dL",
        inputs=(Number("pt", 13.0, 32.0, 0.1), Number("pt_control", 10.5, 14.0, 0.1), Number("bili", 1.0, 30.0, 0.1)),
        formula=lambda m, v: 4.6 * (v.pt - v.pt_control) + v.bili,
        valid=lambda m, v, truth: m.both(v.pt >= v.pt_control + 0.5, truth >= 5),
        source="Carithers RL, Herlong HF, Diehl AM, et al. Ann Intern Med 1989;110:685-690",
        checked="read against the CRAN package cliot",
    ),
    Calculator(
        id="albi",
        name="ALBI score",
        family="hepatic",
        category="lab",
        output="decimal",
        unit="",
        asks="ALBI score (albumin coefficient 0.085)",
        printed="ALBI = 0.66 x log10(bilirubin in umol/L) - 0.085 x albumin in g/L",
        inputs=(Number("bili_umol", 6, 300), Number("alb_gl", 16, 50)),
        formula=lambda m, v: 0.66 * (log(v.bili_umol) / math.log(10)) - 0.085 * v.alb_gl,
        valid=lambda m, v, truth: abs(truth) >= 0.25,
        source="Johnson PJ, Berhane S, Kagebayashi C, et al. J Clin Oncol 2015;33:550-558",
        checked="read against the CRAN package cliot (0.66, -0.085)",
    ),
)
