"""The acute heart, belly, liver and brain."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes
from medenvs.worlds.calculators.model import Calculator, Flag, Item, Level, Number, band, points

_THIRDS = (0.34, 0.33, 0.33)


def _sirs_met(m: Lanes, v: Any) -> Any:
    """Return how many of the four SIRS criteria are met, by temperature, pulse, breathing and white cells."""
    fever, pulse = points(m, m.either(v.temp > 38, v.temp < 36)), points(m, v.hr > 90)
    return fever + pulse + points(m, v.rr > 20) + points(m, m.either(v.wbc > 12, v.wbc < 4))


def _haemoglobin(m: Lanes, v: Any) -> Any:
    women = band(m, v.hb, 6.0, (10.0, 1.0), (12.0, 0.0))
    return m.where(v.female, women, band(m, v.hb, 6.0, (10.0, 3.0), (12.0, 1.0), (13.0, 0.0)))


def _closed(m: Lanes, x: Any, low: float, high: float) -> Any:
    """Return 1 below `low`, 2 from `low` to `high` (both included), 3 above."""
    return 1 + points(m, x >= low) + points(m, x > high)


def _speaks_as_awake(m: Lanes, v: Any, truth: Any) -> Any:
    """No coherent speech or obeyed command with eyes that stay shut; speech and movement within reach of each other."""
    return m.both(m.both(v.verbal <= v.eye + 2, v.motor <= v.eye + 4), m.both(v.verbal <= v.motor + 1, v.motor <= v.verbal + 4))


CALCULATORS = (
    Calculator(
        id="timi",
        name="TIMI score (unstable angina, NSTEMI)",
        family="acute",
        category="risk",
        output="integer",
        unit="points",
        asks="TIMI risk score for unstable angina and non-ST-elevation myocardial infarction",
        printed="1 point each: age 65 years or more; 3 or more coronary risk factors (family history, hypertension, high cholesterol, "
        "diabetes, current smoking); known coronary stenosis of 50 % or more; ST deviation of 0.5 mm or more; 2 or more "
        "anginal episodes in the past 24 hours; aspirin in the past 7 days; raised cardiac markers; the points are added",
        inputs=(
            *(Number("age", 44, 88), Flag("coronary_risk_factors_3", 0.45), Flag("coronary_stenosis_50", 0.4)),
            *(Flag(key, 0.45) for key in ("st_deviation", "angina_twice_24h", "aspirin_7d", "raised_marker")),
        ),
        items=(
            Item("age 65 or more", lambda m, v: points(m, v.age >= 65)),
            Item("3 or more coronary risk factors", lambda m, v: points(m, v.coronary_risk_factors_3)),
            Item("coronary stenosis of 50 % or more", lambda m, v: points(m, v.coronary_stenosis_50)),
            Item("ST deviation", lambda m, v: points(m, v.st_deviation)),
            Item("2 or more anginal episodes in 24 hours", lambda m, v: points(m, v.angina_twice_24h)),
            Item("aspirin in the past 7 days", lambda m, v: points(m, v.aspirin_7d)),
            Item("raised cardiac markers", lambda m, v: points(m, v.raised_marker)),
        ),
        source="Antman EM, Cohen M, Bernink PJLM, et al. JAMA 2000;284:835-842",
        checked="read against the table of the paper and JABFM table 1",
    ),
    Calculator(
        id="rcri",
        name="Revised cardiac risk index",
        family="acute",
        category="risk",
        output="integer",
        unit="points",
        asks="revised cardiac risk index (Lee, number of points)",
        printed="1 point each: high-risk surgery (intraperitoneal, intrathoracic or suprainguinal vascular); ischaemic heart disease; "
        "history of heart failure; history of stroke or TIA; insulin treatment; creatinine above 2.0 mg/dL; the points are added",
        inputs=(
            *(Flag(key, 0.45) for key in ("high_risk_surgery", "ischaemic_heart_disease", "heart_failure", "stroke_tia", "insulin")),
            Number("scr", 0.6, 3.6, 0.1, ((1.96, 2.04),)),
        ),
        items=(
            Item("high-risk surgery", lambda m, v: points(m, v.high_risk_surgery)),
            Item("ischaemic heart disease", lambda m, v: points(m, v.ischaemic_heart_disease)),
            Item("heart failure", lambda m, v: points(m, v.heart_failure)),
            Item("stroke or TIA", lambda m, v: points(m, v.stroke_tia)),
            Item("insulin", lambda m, v: points(m, v.insulin)),
            Item("creatinine above 2.0", lambda m, v: points(m, v.scr > 2.0)),
        ),
        source="Lee TH, Marcantonio ER, Mangione CM, et al. Circulation 1999;100:1043-1049",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=17,
    ),
    Calculator(
        id="gbs",
        name="Glasgow-Blatchford score",
        family="acute",
        category="risk",
        output="integer",
        unit="points",
        asks="Glasgow-Blatchford bleeding score",
        printed="BUN in mg/dL (urea in mmol/L), 18.2 to 22.3 (6.5 to 7.9): 2, 22.4 to 27.9 (8.0 to 9.9): 3, 28 to 69.9 (10.0 to 24.9): "
        "4, 70 (25.0) or more: 6; haemoglobin in g/dL, men 12.0 to 12.9: 1, 10.0 to 11.9: 3, below 10.0: 6, women 10.0 to "
        "11.9: 1, below 10.0: 6; systolic pressure 100 to 109 mmHg: 1, 90 to 99: 2, below 90: 3; pulse 100/min or more: 1; "
        "melaena: 1; syncope: 2; liver disease: 2; heart failure: 2; the points are added",
        inputs=(
            *(Number("bun", 8, 88, avoid=((27.7, 28.3), (69.6, 70.4))), Flag("female", 0.5)),
            *(Number("hb", 6.0, 16.0, 0.1, ((9.95, 10.05), (11.95, 12.05), (12.95, 13.05))), Number("sbp", 78, 138), Number("hr", 62, 132)),
            *(Flag(key, 0.4) for key in ("melaena", "syncope", "chronic_liver_disease", "heart_failure")),
        ),
        items=(
            Item("BUN", lambda m, v: band(m, v.bun, 0.0, (18.2, 2.0), (22.4, 3.0), (28, 4.0), (70, 6.0))),
            Item("haemoglobin", _haemoglobin),
            Item("systolic pressure", lambda m, v: band(m, v.sbp, 3.0, (90, 2.0), (100, 1.0), (110, 0.0))),
            Item("pulse 100 or more", lambda m, v: points(m, v.hr >= 100)),
            Item("melaena", lambda m, v: points(m, v.melaena)),
            Item("syncope", lambda m, v: points(m, v.syncope, 2.0)),
            Item("liver disease", lambda m, v: points(m, v.chronic_liver_disease, 2.0)),
            Item("heart failure", lambda m, v: points(m, v.heart_failure, 2.0)),
        ),
        source="Blatchford O, Murray WR, Blatchford M. Lancet 2000;356:1318-1321",
        checked="run against the MedCalc-Bench code; table compared with Wikipedia and Radiopaedia",
        medcalc_bench_id=27,
    ),
    Calculator(
        id="bisap",
        name="BISAP",
        family="acute",
        category="severity",
        output="integer",
        unit="points",
        asks="BISAP score (SIRS judged by temperature, heart rate, respiratory rate and white cells)",
        printed="1 point each: BUN above 25 mg/dL (urea above 8.9 mmol/L); impaired mental status; two or more SIRS criteria "
        "(temperature above 38 or below 36 °C, heart rate above 90/min, respiratory rate above 20/min, white cells above 12 or "
        "below 4 x 10^9/L); age above 60 years; pleural effusion; the points are added",
        inputs=(
            *(Number("bun", 8, 44, avoid=((24.5, 25.5),)), Flag("impaired_mental_status", 0.5)),
            *(Number("temp", 35.6, 38.9, 0.1, ((35.95, 36.05), (37.95, 38.05))), Number("hr", 66, 112), Number("rr", 12, 26)),
            Number("wbc", 3.0, 16.0, 0.1, ((3.95, 4.05), (11.95, 12.05))),
            *(Number("age", 32, 88, avoid=((60, 60),)), Flag("pleural_effusion", 0.5)),
        ),
        items=(
            Item("BUN above 25", lambda m, v: points(m, v.bun > 25)),
            Item("impaired mental status", lambda m, v: points(m, v.impaired_mental_status)),
            Item("two or more SIRS criteria", lambda m, v: points(m, _sirs_met(m, v) >= 2)),
            Item("age above 60", lambda m, v: points(m, v.age > 60)),
            Item("pleural effusion", lambda m, v: points(m, v.pleural_effusion)),
        ),
        source="Wu BU, Johannes RS, Sun X, et al. Gut 2008;57:1698-1703",
        checked="read against QxMD",
    ),
    Calculator(
        id="alvarado",
        name="Alvarado score",
        family="acute",
        category="diagnosis",
        output="integer",
        unit="points",
        asks="Alvarado score for appendicitis (0 to 10 points)",
        printed="pain that migrated to the right iliac fossa: 1; anorexia: 1; nausea or vomiting: 1; tenderness in the right iliac "
        "fossa: 2; rebound tenderness: 1; temperature 37.3 °C or more: 1; white cells above 10 x 10^9/L: 2; left shift of the "
        "neutrophils: 1; the points are added",
        inputs=(
            *(Flag(key, 0.5) for key in ("migrating_pain", "anorexia", "nausea_vomiting", "rif_tenderness", "rebound")),
            *(Number("temp", 36.2, 38.5, 0.1, ((37.24, 37.36),)), Number("wbc", 4.0, 17.0, 0.1, ((9.95, 10.05),)), Flag("left_shift", 0.5)),
        ),
        items=(
            Item("migration of pain", lambda m, v: points(m, v.migrating_pain)),
            Item("anorexia", lambda m, v: points(m, v.anorexia)),
            Item("nausea or vomiting", lambda m, v: points(m, v.nausea_vomiting)),
            Item("tenderness in the right iliac fossa", lambda m, v: points(m, v.rif_tenderness, 2.0)),
            Item("rebound tenderness", lambda m, v: points(m, v.rebound)),
            Item("temperature 37.3 or more", lambda m, v: points(m, v.temp >= 37.3)),
            Item("white cells above 10", lambda m, v: points(m, v.wbc > 10, 2.0)),
            Item("left shift", lambda m, v: points(m, v.left_shift)),
        ),
        source="Alvarado A. Ann Emerg Med 1986;15:557-564",
        checked="read against BMJ Best Practice and FPnotebook",
    ),
    Calculator(
        id="gcs",
        name="Glasgow coma scale",
        family="acute",
        category="severity",
        output="integer",
        unit="points",
        asks="Glasgow coma scale total (3 to 15)",
        printed="eyes open spontaneously: 4, to speech: 3, to pain: 2, not at all: 1; speech oriented: 5, confused: 4, inappropriate "
        "words: 3, incomprehensible sounds: 2, none: 1; best movement obeys commands: 6, localises pain: 5, withdraws from "
        "pain: 4, abnormal flexion: 3, extension: 2, none: 1; the three are added",
        inputs=(
            *(Level("eye", (0.22, 0.24, 0.26, 0.28)), Level("verbal", (0.2, 0.2, 0.2, 0.2, 0.2))),
            Level("motor", (0.12, 0.14, 0.16, 0.18, 0.2, 0.2)),
        ),
        items=(
            Item("eye opening", lambda m, v: v.eye + 1),
            Item("verbal response", lambda m, v: v.verbal + 1),
            Item("motor response", lambda m, v: v.motor + 1),
        ),
        valid=_speaks_as_awake,
        source="Teasdale G, Jennett B. Lancet 1974;2:81-84; motor scale of six grades",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=21,
    ),
    Calculator(
        id="ich",
        name="ICH score",
        family="acute",
        category="severity",
        output="integer",
        unit="points",
        asks="ICH score (Hemphill, 0 to 6 points)",
        printed="Glasgow coma scale 3-4: 2, 5-12: 1, 13-15: 0; haematoma volume 30 mL or more: 1; intraventricular blood: 1; "
        "infratentorial origin: 1; age 80 years or more: 1; the points are added",
        inputs=(
            *(Number("gcs", 3, 15), Number("ich_volume", 6, 58)),
            *(Flag("intraventricular_blood", 0.5), Flag("infratentorial_origin", 0.4), Number("age", 62, 94)),
        ),
        items=(
            Item("Glasgow coma scale", lambda m, v: band(m, v.gcs, 2.0, (5, 1.0), (13, 0.0))),
            Item("volume 30 mL or more", lambda m, v: points(m, v.ich_volume >= 30)),
            Item("intraventricular blood", lambda m, v: points(m, v.intraventricular_blood)),
            Item("infratentorial origin", lambda m, v: points(m, v.infratentorial_origin)),
            Item("age 80 or more", lambda m, v: points(m, v.age >= 80)),
        ),
        source="Hemphill JC, Bonovich DC, Besmertis L, Manley GT, Johnston SC. Stroke 2001;32:891-897",
        checked="read against Medscape",
    ),
    Calculator(
        id="abcd2",
        name="ABCD2 score",
        family="acute",
        category="risk",
        output="integer",
        unit="points",
        asks="ABCD2 score after a transient ischaemic attack (0 to 7 points)",
        printed="age 60 years or more: 1; systolic pressure 140 mmHg or more, or diastolic pressure 90 mmHg or more: 1; unilateral "
        "weakness: 2, speech disturbance without weakness: 1; symptoms for 60 minutes or more: 2, 10 to 59 minutes: 1, less "
        "than 10 minutes: 0; diabetes: 1; the points are added",
        inputs=(
            *(Number("age", 38, 84), Number("sbp", 108, 168), Number("dbp", 58, 100)),
            *(Flag("unilateral_weakness", 0.45), Flag("speech_disturbance", 0.5), Number("duration", 2, 118), Flag("diabetes", 0.45)),
        ),
        items=(
            Item("age 60 or more", lambda m, v: points(m, v.age >= 60)),
            Item("blood pressure 140/90 or more", lambda m, v: points(m, m.either(v.sbp >= 140, v.dbp >= 90))),
            Item("weakness or speech", lambda m, v: m.where(v.unilateral_weakness, 2.0, points(m, v.speech_disturbance))),
            Item("duration", lambda m, v: band(m, v.duration, 0.0, (10, 1.0), (60, 2.0))),
            Item("diabetes", lambda m, v: points(m, v.diabetes)),
        ),
        valid=lambda m, v, truth: v.dbp <= v.sbp - 15,
        source="Johnston SC, Rothwell PM, Nguyen-Huynh MN, et al. Lancet 2007;369:283-292",
        checked="read against BMJ Open table 1",
    ),
    Calculator(
        id="child_pugh",
        name="Child-Pugh score",
        family="acute",
        category="severity",
        output="integer",
        unit="points",
        asks="Child-Pugh score (5 to 15 points, with INR)",
        printed="bilirubin below 2 mg/dL: 1, 2 to 3: 2, above 3: 3; albumin above 3.5 g/dL: 1, 2.8 to 3.5: 2, below 2.8: 3; INR below "
        "1.7: 1, 1.7 to 2.3: 2, above 2.3: 3; ascites none: 1, mild: 2, moderate to severe: 3; encephalopathy none: 1, grade 1 "
        "or 2: 2, grade 3 or 4: 3; the points are added",
        inputs=(
            *(Number("bili", 0.8, 4.4, 0.1, ((1.96, 2.04), (2.88, 3.04))), Number("alb", 2.0, 4.3, 0.1, ((2.78, 2.82), (3.48, 3.52)))),
            *(Number("inr", 1.0, 3.0, 0.1, ((2.2, 2.3),)), Level("ascites", _THIRDS), Level("encephalopathy", _THIRDS)),
        ),
        items=(
            Item("bilirubin", lambda m, v: _closed(m, v.bili, 2.0, 3.0)),
            Item("albumin", lambda m, v: 4 - _closed(m, v.alb, 2.8, 3.5)),
            Item("INR", lambda m, v: _closed(m, v.inr, 1.7, 2.3)),
            Item("ascites", lambda m, v: v.ascites + 1),
            Item("encephalopathy", lambda m, v: v.encephalopathy + 1),
        ),
        source="Pugh RNH, Murray-Lyon IM, Dawson JL, Pietroni MC, Williams R. Br J Surg 1973;60:646-649; INR bands of later use",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=15,
    ),
)
