"""Dates of a pregnancy; days are proleptic ordinals (date.toordinal)."""

from __future__ import annotations

from datetime import date

from .model import Calculator, Day, Number

_FIRST, _LAST = date(2015, 1, 1).toordinal(), date(2025, 6, 30).toordinal()

CALCULATORS = (
    Calculator(
        id="edd",
        name="Estimated due date (Naegele)",
        family="obstetric",
        category="date",
        output="date",
        unit="",
        asks="estimated due date by Naegele's rule (280 days from the last menstrual period), adjusted for the length of the cycle",
        printed="due date = first day of the last menstrual period + 280 days + (cycle length in days - 28) days",
        inputs=(Day("lmp", _FIRST, _LAST), Number("cycle", 24, 35)),
        formula=lambda m, v: m.whole(v.lmp + 280 + (v.cycle - 28)),
        source="American College of Obstetricians and Gynecologists. Obstet Gynecol 2017;129:e150-e154 (280 days; cycle added by custom)",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=13,
    ),
    Calculator(
        id="ga",
        name="Gestational age",
        family="obstetric",
        category="date",
        output="weeks_days",
        unit="",
        asks="gestational age today in completed weeks and days, counted from the first day of the last menstrual period",
        printed="days = today - first day of the last menstrual period; weeks = days divided by 7, rounded down; the rest are the days",
        inputs=(Day("lmp", _FIRST, _LAST), Day("today", 35, 287, after="lmp")),
        formula=lambda m, v: m.whole(v.today - v.lmp),
        source="American College of Obstetricians and Gynecologists. Obstet Gynecol 2017;129:e150-e154",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=69,
    ),
)
