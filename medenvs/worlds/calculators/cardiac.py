"""Electrocardiogram, pressures and oxygenation."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes

from .model import Calculator, Formula, Number, power


def _interval(v: Any) -> Any:
    """Return the RR interval in seconds."""
    return 60 / v.hr


def _qtc_plausible(m: Lanes, v: Any, truth: Any) -> Any:
    return m.both(m.both(truth >= 330, truth <= 620), v.qt <= 820 * _interval(v))


def _qtc(variant: str, formula: Formula, printed: str, source: str, medcalc_bench_id: int) -> Calculator:
    return Calculator(
        id=f"qtc_{variant.lower()}",
        name=f"QTc ({variant})",
        family="cardiac",
        category="physical",
        output="decimal",
        unit="ms",
        asks=f"QT interval corrected for heart rate by the {variant} formula (RR interval = 60 / heart rate)",
        printed=f"{printed}; QT in ms, RR in s = 60 / heart rate per minute",
        # Near 60 beats per minute the measured QT itself would pass for the answer.
        inputs=(Number("qt", 300, 500), Number("hr", 42, 125, avoid=((55, 65),))),
        formula=formula,
        valid=_qtc_plausible,
        source=source,
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=medcalc_bench_id,
    )


CALCULATORS = (
    _qtc(
        "Bazett",
        lambda m, v: v.qt / power(_interval(v), 0.5),
        "QTc in ms = QT / square root of RR",
        "Bazett HC. Heart 1920;7:353-370",
        11,
    ),
    _qtc(
        "Fridericia",
        lambda m, v: v.qt / power(_interval(v), 1 / 3),
        "QTc in ms = QT / cube root of RR",
        "Fridericia LS. Acta Med Scand 1920;53:469-486",
        56,
    ),
    _qtc(
        "Framingham",
        lambda m, v: v.qt + 154 * (1 - _interval(v)),
        "QTc in ms = QT + 154 x (1 - RR)",
        "Sagie A, Larson MG, Goldberg RJ, Bengtson JR, Levy D. Am J Cardiol 1992;70:797-801",
        57,
    ),
    _qtc(
        "Hodges",
        lambda m, v: v.qt + 1.75 * (v.hr - 60),
        "QTc in ms = QT + 1.75 x (heart rate - 60)",
        "Hodges M, Salerno D, Erlien D. J Am Coll Cardiol 1983;1:694 (abstract)",
        58,
    ),
    _qtc(
        "Rautaharju",
        lambda m, v: v.qt * (120 + v.hr) / 180,
        "QTc in ms = QT x (120 + heart rate) / 180",
        "Rautaharju PM, Mason JW, Akiyama T. Int J Cardiol 2014;174:535-540",
        59,
    ),
    Calculator(
        id="oi",
        name="Oxygenation index",
        family="cardiac",
        category="lab",
        output="decimal",
        unit="",
        asks="oxygenation index",
        printed="oxygenation index = 100 x mean airway pressure in cmH2O x FiO2 as a fraction / PaO2 in mmHg",
        inputs=(Number("paw", 8, 30), Number("fio2", 0.3, 1.0, 0.05), Number("pao2", 45, 140)),
        formula=lambda m, v: 100 * v.paw * v.fio2 / v.pao2,
        valid=lambda m, v, truth: m.both(v.pao2 <= 350 * v.fio2, truth <= 60),
        source="Ortiz RM, Cilley RE, Bartlett RH. Pediatr Clin North Am 1987;34:39-46",
        checked="read against respiratorytherapy.info",
    ),
    Calculator(
        id="rox",
        name="ROX index",
        family="cardiac",
        category="physical",
        output="decimal",
        unit="",
        asks="ROX index, with the oxygen saturation in percent and FiO2 as a fraction",
        printed="ROX index = (SpO2 in % / FiO2 as a fraction) / respiratory rate per minute",
        inputs=(Number("spo2", 82, 99), Number("fio2", 0.3, 1.0, 0.05), Number("rr", 14, 44)),
        formula=lambda m, v: (v.spo2 / v.fio2) / v.rr,
        valid=lambda m, v, truth: m.both(truth >= 2, truth <= 22),
        source="Roca O, Messika J, Caralt B, et al. J Crit Care 2016;35:200-205",
        checked="read against symptomdx.com and the tables of BMJ Open Respiratory Research",
    ),
)
