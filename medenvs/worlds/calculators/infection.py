"""Infection: sore throat, pneumonia, sepsis."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes
from medenvs.worlds.calculators.model import Calculator, Flag, Item, Level, Number, band, points

# An edge of a quantity that may be shown in Fahrenheit, kPa or mmol/L is left out: there the rounding would decide.
_FEVER_EDGES = ((35.95, 36.05), (37.95, 38.05))


def _leucocytes(m: Lanes, v: Any) -> Any:
    return points(m, m.either(m.either(v.wbc < 4, v.wbc > 12), v.bands > 10))


def _tenths(v: Any) -> Any:
    """Return the temperature in whole tenths of a degree, as the NEWS2 chart is printed."""
    return (v.temp * 10 + 0.5) // 1


def _lungs(m: Lanes, v: Any) -> Any:
    supported = band(m, v.pf, 4.0, (100, 3.0), (200, 2.0), (300, 1.0), (400, 0.0))
    return m.where(v.ventilated, supported, m.minimum(supported, 2.0))


def _circulation(m: Lanes, v: Any) -> Any:
    return m.where(v.pressor > 0, v.pressor + 1, points(m, v.map < 70))


def _kidney(m: Lanes, v: Any) -> Any:
    creatinine = band(m, v.scr, 0.0, (1.2, 1.0), (2.0, 2.0), (3.5, 3.0), (5.0, 4.0))
    return m.maximum(creatinine, band(m, v.urine, 4.0, (200, 3.0), (500, 0.0)))


CALCULATORS = (
    Calculator(
        id="curb65",
        name="CURB-65",
        family="infection",
        category="risk",
        output="integer",
        unit="points",
        asks="CURB-65 score",
        printed="1 point each: new confusion; urea above 7 mmol/L (BUN above 19 mg/dL); respiratory rate 30/min or more; systolic "
        "pressure below 90 mmHg or diastolic pressure 60 mmHg or less; age 65 years or more; the points are added",
        inputs=(
            Flag("new_confusion", 0.5),
            *(Number("bun", 7, 36, avoid=((18.8, 19.8),)), Number("rr", 16, 42)),
            *(Number("sbp", 76, 150), Number("dbp", 44, 90), Number("age", 34, 95)),
        ),
        items=(
            Item("new confusion", lambda m, v: points(m, v.new_confusion)),
            Item("urea above 7 mmol/L", lambda m, v: points(m, v.bun > 19)),
            Item("respiratory rate 30 or more", lambda m, v: points(m, v.rr >= 30)),
            Item("systolic below 90 or diastolic 60 or less", lambda m, v: points(m, m.either(v.sbp < 90, v.dbp <= 60))),
            Item("age 65 or more", lambda m, v: points(m, v.age >= 65)),
        ),
        valid=lambda m, v, truth: v.dbp <= v.sbp - 15,
        source="Lim WS, van der Eerden MM, Laing R, et al. Thorax 2003;58:377-382",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=45,
    ),
    Calculator(
        id="qsofa",
        name="qSOFA",
        family="infection",
        category="severity",
        output="integer",
        unit="points",
        asks="qSOFA score",
        printed="1 point each: respiratory rate 22/min or more; systolic pressure 100 mmHg or less; Glasgow coma scale below 15; "
        "the points are added",
        inputs=(Number("rr", 10, 34), Number("sbp", 78, 126), Number("gcs", 12, 15)),
        items=(
            Item("respiratory rate 22 or more", lambda m, v: points(m, v.rr >= 22)),
            Item("systolic pressure 100 or less", lambda m, v: points(m, v.sbp <= 100)),
            Item("Glasgow coma scale below 15", lambda m, v: points(m, v.gcs < 15)),
        ),
        # The sicker patient breathes faster at a lower pressure; independent draws would also bunch the score in the middle.
        valid=lambda m, v, truth: abs(2 * v.rr + v.sbp - 146) <= 24,
        source="Singer M, Deutschman CS, Seymour CW, et al. JAMA 2016;315:801-810",
        checked="read against the CRAN package cliot and LS31/clinicalr",
    ),
    Calculator(
        id="sirs",
        name="SIRS criteria met",
        family="infection",
        category="diagnosis",
        output="integer",
        unit="criteria",
        asks="number of SIRS criteria that are met (0 to 4)",
        printed="count of: temperature above 38 or below 36 °C; heart rate above 90/min; respiratory rate above 20/min or PaCO2 below "
        "32 mmHg; white cells above 12 or below 4 x 10^9/L, or more than 10 % bands",
        inputs=(
            *(Number("temp", 35.3, 39.4, 0.1, _FEVER_EDGES), Number("hr", 68, 120)),
            *(Number("rr", 13, 28), Number("paco2", 29, 46, avoid=((31.5, 32.6),))),
            *(Number("wbc", 2.0, 18.0, 0.1, ((3.95, 4.05), (11.95, 12.05))), Number("bands", 1, 13)),
        ),
        items=(
            Item("temperature", lambda m, v: points(m, m.either(v.temp > 38, v.temp < 36))),
            Item("heart rate above 90", lambda m, v: points(m, v.hr > 90)),
            Item("respiratory rate above 20 or PaCO2 below 32", lambda m, v: points(m, m.either(v.rr > 20, v.paco2 < 32))),
            Item("white cells", _leucocytes),
        ),
        # Pulse and breathing go together; independent draws would bunch the count at 2 and 3.
        valid=lambda m, v, truth: abs(v.hr - 3.5 * v.rr - 22) <= 30,
        source="Bone RC, Balk RA, Cerra FB, et al. Chest 1992;101:1644-1655",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=51,
    ),
    Calculator(
        id="news2",
        name="NEWS2",
        family="infection",
        category="severity",
        output="integer",
        unit="points",
        asks="NEWS2 score on SpO2 scale 1",
        printed="respiratory rate 8 or less: 3, 9-11: 1, 12-20: 0, 21-24: 2, 25 or more: 3; SpO2 91 % or less: 3, 92-93: 2, 94-95: 1, "
        "96 or more: 0; supplemental oxygen: 2; systolic pressure 90 or less: 3, 91-100: 2, 101-110: 1, 111-219: 0, 220 or "
        "more: 3; pulse 40 or less: 3, 41-50: 1, 51-90: 0, 91-110: 1, 111-130: 2, 131 or more: 3; new confusion, or responding "
        "only to voice, only to pain or not at all: 3; temperature 35.0 °C or less: 3, 35.1-36.0: 1, 36.1-38.0: 0, 38.1-39.0: "
        "1, 39.1 or more: 2; the points are added",
        inputs=(
            *(Number("rr", 6, 30), Number("spo2", 88, 100), Flag("on_oxygen", 0.45), Number("sbp", 80, 228)),
            *(Number("hr", 36, 140), Flag("not_alert", 0.4), Number("temp", 34.4, 39.9, 0.1)),
        ),
        items=(
            Item("respiratory rate", lambda m, v: band(m, v.rr, 3.0, (9, 1.0), (12, 0.0), (21, 2.0), (25, 3.0))),
            Item("SpO2", lambda m, v: band(m, v.spo2, 3.0, (92, 2.0), (94, 1.0), (96, 0.0))),
            Item("supplemental oxygen", lambda m, v: points(m, v.on_oxygen, 2.0)),
            Item("systolic pressure", lambda m, v: band(m, v.sbp, 3.0, (91, 2.0), (101, 1.0), (111, 0.0), (220, 3.0))),
            Item("pulse", lambda m, v: band(m, v.hr, 3.0, (41, 1.0), (51, 0.0), (91, 1.0), (111, 2.0), (131, 3.0))),
            Item("consciousness", lambda m, v: points(m, v.not_alert, 3.0)),
            Item("temperature", lambda m, v: band(m, _tenths(v), 3.0, (351, 1.0), (361, 0.0), (381, 1.0), (391, 2.0))),
        ),
        source="Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017",
        checked="read against the RCP chart 1 and the table of both SpO2 scales in Thorax",
    ),
    Calculator(
        id="psi",
        name="Pneumonia severity index",
        family="infection",
        category="severity",
        output="integer",
        unit="points",
        asks="pneumonia severity index (PSI, total points; oxygenation judged by PaO2)",
        printed="age: 1 per year, minus 10 in women; nursing home resident: 10; neoplastic disease (active or diagnosed within 1 "
        "year): 30; liver disease: 20; heart failure: 10; cerebrovascular disease (stroke or TIA): 10; renal disease: 10; "
        "altered mental status: 20; respiratory rate 30/min or more: 20; systolic pressure below 90 mmHg: 20; temperature "
        "below 35 °C, or 40 °C or more: 15; pulse 125/min or more: 10; arterial pH below 7.35: 30; BUN 30 mg/dL (urea 11 "
        "mmol/L) or more: 20; sodium below 130 mmol/L: 20; glucose 250 mg/dL (14 mmol/L) or more: 10; haematocrit below 30 %: "
        "10; PaO2 below 60 mmHg: 10; pleural effusion: 10; the points are added",
        inputs=(
            *(Number("age", 28, 95), Flag("female", 0.5), Flag("nursing_home", 0.3), Flag("neoplastic_disease", 0.3)),
            *(Flag(key, 0.35) for key in ("chronic_liver_disease", "heart_failure", "stroke_tia", "chronic_kidney_disease")),
            *(Flag("altered_mental_status", 0.4), Number("rr", 16, 40), Number("sbp", 74, 150), Number("hr", 72, 148)),
            *(Number("temp", 34.2, 40.9, 0.1, ((34.95, 35.05), (39.85, 40.05))), Number("ph", 7.2, 7.5, 0.01)),
            *(Number("bun", 8, 60, avoid=((29.6, 31.0),)), Number("na", 120, 146), Number("glu", 80, 400, avoid=((248, 254),))),
            *(Number("hct", 22, 46, avoid=((29.9, 30.1),)), Number("pao2", 44, 92, avoid=((59.5, 60.5),)), Flag("pleural_effusion", 0.4)),
        ),
        items=(
            Item("age", lambda m, v: v.age + m.where(v.female, -10.0, 0.0)),
            Item("nursing home resident", lambda m, v: points(m, v.nursing_home, 10.0)),
            Item("neoplastic disease", lambda m, v: points(m, v.neoplastic_disease, 30.0)),
            Item("liver disease", lambda m, v: points(m, v.chronic_liver_disease, 20.0)),
            Item("heart failure", lambda m, v: points(m, v.heart_failure, 10.0)),
            Item("cerebrovascular disease", lambda m, v: points(m, v.stroke_tia, 10.0)),
            Item("renal disease", lambda m, v: points(m, v.chronic_kidney_disease, 10.0)),
            Item("altered mental status", lambda m, v: points(m, v.altered_mental_status, 20.0)),
            Item("respiratory rate 30 or more", lambda m, v: points(m, v.rr >= 30, 20.0)),
            Item("systolic pressure below 90", lambda m, v: points(m, v.sbp < 90, 20.0)),
            Item("temperature", lambda m, v: points(m, m.either(v.temp < 35, v.temp >= 40), 15.0)),
            Item("pulse 125 or more", lambda m, v: points(m, v.hr >= 125, 10.0)),
            Item("pH below 7.35", lambda m, v: points(m, v.ph < 7.35, 30.0)),
            Item("BUN 30 or more", lambda m, v: points(m, v.bun >= 30, 20.0)),
            Item("sodium below 130", lambda m, v: points(m, v.na < 130, 20.0)),
            Item("glucose 250 or more", lambda m, v: points(m, v.glu >= 250, 10.0)),
            Item("haematocrit below 30 %", lambda m, v: points(m, v.hct < 30, 10.0)),
            Item("PaO2 below 60", lambda m, v: points(m, v.pao2 < 60, 10.0)),
            Item("pleural effusion", lambda m, v: points(m, v.pleural_effusion, 10.0)),
        ),
        source="Fine MJ, Auble TE, Yealy DM, et al. N Engl J Med 1997;336:243-250",
        checked="read against AHRQ table 1 and the MSD Manual; run against the MedCalc-Bench code",
        medcalc_bench_id=29,
    ),
    Calculator(
        id="centor",
        name="Centor score (McIsaac)",
        family="infection",
        category="severity",
        output="integer",
        unit="points",
        asks="Centor score with McIsaac's points for age (-1 to 5)",
        printed="1 point each: tonsillar exudate or swelling; tender anterior cervical nodes; temperature above 38 °C; no cough; age 3 "
        "to 14 years: plus 1, 15 to 44 years: 0, 45 years or more: minus 1; the points are added",
        inputs=(
            *(Number("age", 3, 68), Number("temp", 36.6, 39.6, 0.1, _FEVER_EDGES)),
            *(Flag(key, 0.5) for key in ("tonsillar_exudate", "tender_anterior_nodes", "cough")),
        ),
        items=(
            Item("tonsillar exudate or swelling", lambda m, v: points(m, v.tonsillar_exudate)),
            Item("tender anterior cervical nodes", lambda m, v: points(m, v.tender_anterior_nodes)),
            Item("temperature above 38", lambda m, v: points(m, v.temp > 38)),
            Item("no cough", lambda m, v: points(m, m.no(v.cough))),
            Item("age", lambda m, v: band(m, v.age, 1.0, (15, 0.0), (45, -1.0))),
        ),
        source="McIsaac WJ, White D, Tannenbaum D, Low DE. CMAJ 1998;158:75-83",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=20,
    ),
    Calculator(
        id="feverpain",
        name="FeverPAIN",
        family="infection",
        category="diagnosis",
        output="integer",
        unit="points",
        asks="FeverPAIN score",
        printed="1 point each: fever in the past 24 hours; pus on the tonsils; attended within 3 days of onset; "
        "severely inflamed tonsils; neither cough nor coryza; the points are added",
        inputs=tuple(Flag(key, 0.5) for key in ("fever_24h", "purulent_tonsils", "attended_3d", "inflamed_tonsils", "cough_or_coryza")),
        items=(
            Item("fever in the past 24 hours", lambda m, v: points(m, v.fever_24h)),
            Item("pus on the tonsils", lambda m, v: points(m, v.purulent_tonsils)),
            Item("attended within 3 days", lambda m, v: points(m, v.attended_3d)),
            Item("severely inflamed tonsils", lambda m, v: points(m, v.inflamed_tonsils)),
            Item("no cough or coryza", lambda m, v: points(m, m.no(v.cough_or_coryza))),
        ),
        source="Little P, Hobbs FDR, Moore M, et al. BMJ 2013;347:f5806",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=33,
    ),
    Calculator(
        id="sofa",
        name="SOFA",
        family="infection",
        category="risk",
        output="integer",
        unit="points",
        asks="SOFA score (original 1996 table, from the values given)",
        printed="PaO2/FiO2 in mmHg, 400 or more: 0, below 400: 1, below 300: 2, below 200 with respiratory support (ventilator or "
        "CPAP): 3, below 100 with support: 4 (without support at most 2); platelets below 150 x 10^9/L: 1, below 100: 2, below "
        "50: 3, below 20: 4; bilirubin in mg/dL, 1.2 to 1.9: 1, 2.0 to 5.9: 2, 6.0 to 11.9: 3, above 12.0: 4; mean arterial "
        "pressure below 70 mmHg: 1; in its place with drugs (ug/kg/min), dopamine up to 5 or any dobutamine: 2, dopamine above "
        "5 or adrenaline or noradrenaline up to 0.1: 3, dopamine above 15 or adrenaline or noradrenaline above 0.1: 4; Glasgow "
        "coma scale 13-14: 1, 10-12: 2, 6-9: 3, below 6: 4; creatinine in mg/dL, 1.2 to 1.9: 1, 2.0 to 3.4: 2, 3.5 to 4.9: 3, "
        "above 5.0: 4, or urine below 500 mL/day: 3, below 200: 4, whichever is worse; the worst points of the six organs are "
        "added",
        inputs=(
            *(Number("pf", 60, 480, avoid=((100, 100), (199, 200), (300, 300), (400, 400))), Flag("ventilated", 0.5)),
            *(Number("plt", 8, 220), Number("bili", 0.4, 16.0, 0.1, ((1.16, 1.22), (1.86, 2.04), (5.88, 6.04), (11.88, 12.06)))),
            *(Number("map", 50, 95), Level("pressor", (0.4, 0.2, 0.2, 0.2)), Number("gcs", 3, 15)),
            *(Number("scr", 0.5, 7.0, 0.1, ((1.18, 1.25), (1.91, 2.04), (3.38, 3.54), (4.96, 5.04))),),
            Number("urine", 60, 2400, 10, ((195, 205), (495, 505))),
        ),
        items=(
            Item("PaO2/FiO2", _lungs),
            Item("platelets", lambda m, v: band(m, v.plt, 4.0, (20, 3.0), (50, 2.0), (100, 1.0), (150, 0.0))),
            Item("bilirubin", lambda m, v: band(m, v.bili, 0.0, (1.2, 1.0), (2.0, 2.0), (6.0, 3.0), (12.0, 4.0))),
            Item("circulation", _circulation),
            Item("Glasgow coma scale", lambda m, v: band(m, v.gcs, 4.0, (6, 3.0), (10, 2.0), (13, 1.0), (15, 0.0))),
            Item("creatinine or urine", _kidney),
        ),
        source="Vincent JL, Moreno R, Takala J, et al. Intensive Care Med 1996;22:707-710",
        checked="read against PMC4968574 table 1; run against the MedCalc-Bench code",
        medcalc_bench_id=43,
    ),
)
