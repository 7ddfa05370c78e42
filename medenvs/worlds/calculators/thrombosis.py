"""Clots: how likely one is, how likely one will come, and what anticoagulation may cost."""

from __future__ import annotations

from medenvs.worlds.calculators.model import Calculator, Flag, Item, Level, Number, band, points

_THIRDS = (0.34, 0.33, 0.33)

CALCULATORS = (
    Calculator(
        id="wells_pe",
        name="Wells score (pulmonary embolism)",
        family="thrombosis",
        category="risk",
        output="half",
        unit="points",
        asks="Wells score for pulmonary embolism (original points, in half points)",
        printed="clinical signs and symptoms of deep vein thrombosis: 3; pulmonary embolism more likely than any other diagnosis: 3; "
        "heart rate above 100/min: 1.5; immobilised for 3 days or more, or surgery, in the past 4 weeks: 1.5; earlier deep "
        "vein thrombosis or pulmonary embolism: 1.5; haemoptysis: 1; malignancy under treatment, treated in the past 6 months "
        "or palliative: 1; the points are added",
        inputs=(
            Number("hr", 60, 135),
            *(
                Flag(key, 0.4)
                for key in ("dvt_signs", "pe_most_likely", "immobile_or_surgery_4w", "prior_vte", "haemoptysis", "active_cancer")
            ),
        ),
        items=(
            Item("signs of deep vein thrombosis", lambda m, v: points(m, v.dvt_signs, 3.0)),
            Item("pulmonary embolism the likeliest diagnosis", lambda m, v: points(m, v.pe_most_likely, 3.0)),
            Item("heart rate above 100", lambda m, v: points(m, v.hr > 100, 1.5)),
            Item("immobilisation or surgery within 4 weeks", lambda m, v: points(m, v.immobile_or_surgery_4w, 1.5)),
            Item("earlier venous thromboembolism", lambda m, v: points(m, v.prior_vte, 1.5)),
            Item("haemoptysis", lambda m, v: points(m, v.haemoptysis)),
            Item("active cancer", lambda m, v: points(m, v.active_cancer)),
        ),
        source="Wells PS, Anderson DR, Rodger M, et al. Thromb Haemost 2000;83:416-420",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=8,
    ),
    Calculator(
        id="wells_dvt",
        name="Wells score (deep vein thrombosis)",
        family="thrombosis",
        category="risk",
        output="integer",
        unit="points",
        asks="Wells score for deep vein thrombosis (2003 version, -2 to 9 points)",
        printed="1 point each: cancer under treatment, treated in the past 6 months or palliative; paralysis, paresis or recent "
        "plaster cast of a leg; recently bedridden for 3 days or more, or major surgery in the past 12 weeks; tenderness along "
        "the deep veins; whole leg swollen; calf at least 3 cm larger than the other; pitting oedema confined to the "
        "symptomatic leg; collateral superficial veins (not varicose); earlier documented deep vein thrombosis; minus 2 "
        "points: another diagnosis at least as likely; the points are added",
        inputs=(
            *(Flag(key, 0.4) for key in ("active_cancer", "leg_paralysis_or_cast", "bedridden_or_surgery_12w", "deep_vein_tenderness")),
            *(Flag(key, 0.4) for key in ("whole_leg_swollen", "calf_3cm_larger", "pitting_oedema", "collateral_veins", "prior_dvt")),
            Flag("other_diagnosis_likely", 0.5),
        ),
        items=(
            Item("active cancer", lambda m, v: points(m, v.active_cancer)),
            Item("paralysis, paresis or cast of a leg", lambda m, v: points(m, v.leg_paralysis_or_cast)),
            Item("bedridden, or major surgery within 12 weeks", lambda m, v: points(m, v.bedridden_or_surgery_12w)),
            Item("tenderness along the deep veins", lambda m, v: points(m, v.deep_vein_tenderness)),
            Item("whole leg swollen", lambda m, v: points(m, v.whole_leg_swollen)),
            Item("calf at least 3 cm larger", lambda m, v: points(m, v.calf_3cm_larger)),
            Item("pitting oedema of the symptomatic leg only", lambda m, v: points(m, v.pitting_oedema)),
            Item("collateral superficial veins", lambda m, v: points(m, v.collateral_veins)),
            Item("earlier deep vein thrombosis", lambda m, v: points(m, v.prior_dvt)),
            Item("another diagnosis at least as likely", lambda m, v: points(m, v.other_diagnosis_likely, -2.0)),
        ),
        source="Wells PS, Anderson DR, Rodger M, et al. N Engl J Med 2003;349:1227-1235",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=16,
    ),
    Calculator(
        id="perc",
        name="PERC rule (criteria met)",
        family="thrombosis",
        category="diagnosis",
        output="integer",
        unit="criteria",
        asks="number of PERC criteria that are met, that is, that speak against ruling out pulmonary embolism (0 to 8)",
        printed="count of: age 50 years or more; heart rate 100/min or more; SpO2 below 95 %; unilateral leg swelling; haemoptysis; "
        "surgery or trauma needing hospital admission in the past 4 weeks; earlier venous thromboembolism; use of oestrogen",
        inputs=(
            *(Number("age", 24, 76), Number("hr", 68, 130), Number("spo2", 89, 100)),
            *(Flag(key, 0.45) for key in ("unilateral_leg_swelling", "haemoptysis", "surgery_or_trauma_4w", "prior_vte", "oestrogen_use")),
        ),
        items=(
            Item("age 50 or more", lambda m, v: points(m, v.age >= 50)),
            Item("heart rate 100 or more", lambda m, v: points(m, v.hr >= 100)),
            Item("SpO2 below 95 %", lambda m, v: points(m, v.spo2 < 95)),
            Item("unilateral leg swelling", lambda m, v: points(m, v.unilateral_leg_swelling)),
            Item("haemoptysis", lambda m, v: points(m, v.haemoptysis)),
            Item("surgery or trauma within 4 weeks", lambda m, v: points(m, v.surgery_or_trauma_4w)),
            Item("earlier venous thromboembolism", lambda m, v: points(m, v.prior_vte)),
            Item("oestrogen", lambda m, v: points(m, v.oestrogen_use)),
        ),
        source="Kline JA, Mitchell AM, Kabrhel C, Richman PB, Courtney DM. J Thromb Haemost 2004;2:1247-1255",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=48,
    ),
    Calculator(
        id="geneva",
        name="Revised Geneva score",
        family="thrombosis",
        category="diagnosis",
        output="integer",
        unit="points",
        asks="revised Geneva score (original points, not the simplified version)",
        printed="age above 65 years: 1; earlier deep vein thrombosis or pulmonary embolism: 3; surgery under general anaesthesia or "
        "fracture of a leg within 1 month: 2; cancer active or cured for less than 1 year: 2; unilateral leg pain: 3; "
        "haemoptysis: 2; heart rate 75 to 94/min: 3, 95/min or more: 5; pain on palpation of the deep leg veins with "
        "unilateral oedema: 4; the points are added",
        inputs=(
            *(Number("age", 36, 92, avoid=((65, 65),)), Number("hr", 56, 122)),
            *(Flag(key, 0.4) for key in ("prior_vte", "surgery_or_leg_fracture_1m", "cancer_within_1y")),
            *(Flag(key, 0.4) for key in ("unilateral_leg_pain", "haemoptysis", "vein_pain_with_oedema")),
        ),
        items=(
            Item("age above 65", lambda m, v: points(m, v.age > 65)),
            Item("earlier venous thromboembolism", lambda m, v: points(m, v.prior_vte, 3.0)),
            Item("surgery or leg fracture within 1 month", lambda m, v: points(m, v.surgery_or_leg_fracture_1m, 2.0)),
            Item("cancer active or cured for less than 1 year", lambda m, v: points(m, v.cancer_within_1y, 2.0)),
            Item("unilateral leg pain", lambda m, v: points(m, v.unilateral_leg_pain, 3.0)),
            Item("haemoptysis", lambda m, v: points(m, v.haemoptysis, 2.0)),
            Item("heart rate", lambda m, v: band(m, v.hr, 0.0, (75, 3.0), (95, 5.0))),
            Item("deep vein pain on palpation with unilateral oedema", lambda m, v: points(m, v.vein_pain_with_oedema, 4.0)),
        ),
        source="Le Gal G, Righini M, Roy PM, et al. Ann Intern Med 2006;144:165-171",
        checked="read against several public codes; age is above 65 as in the paper",
    ),
    Calculator(
        id="padua",
        name="Padua prediction score",
        family="thrombosis",
        category="risk",
        output="integer",
        unit="points",
        asks="Padua prediction score for venous thromboembolism",
        printed="3 points each: cancer with metastases, or chemotherapy or radiotherapy in the past 6 months; earlier venous "
        "thromboembolism; reduced mobility (in bed but for the bathroom, 3 days or more); known thrombophilia; 2 points: "
        "trauma or surgery within 1 month; 1 point each: age 70 years or more; heart or respiratory failure; acute myocardial "
        "infarction or ischaemic stroke; acute infection or rheumatological disorder; BMI 30 kg/m2 or more; hormonal "
        "treatment; the points are added",
        inputs=(
            *(Number("age", 42, 96, avoid=((70, 70),)), Number("bmi", 18.5, 42.0, 0.1)),
            *(Flag(key, 0.35) for key in ("cancer_metastatic_or_treated_6m", "prior_vte", "reduced_mobility", "thrombophilia")),
            *(Flag(key, 0.4) for key in ("trauma_or_surgery_1m", "heart_or_respiratory_failure", "acute_mi_or_stroke")),
            *(Flag(key, 0.4) for key in ("infection_or_rheumatic", "hormonal_treatment")),
        ),
        items=(
            Item("active cancer", lambda m, v: points(m, v.cancer_metastatic_or_treated_6m, 3.0)),
            Item("earlier venous thromboembolism", lambda m, v: points(m, v.prior_vte, 3.0)),
            Item("reduced mobility", lambda m, v: points(m, v.reduced_mobility, 3.0)),
            Item("known thrombophilia", lambda m, v: points(m, v.thrombophilia, 3.0)),
            Item("trauma or surgery within 1 month", lambda m, v: points(m, v.trauma_or_surgery_1m, 2.0)),
            Item("age 70 or more", lambda m, v: points(m, v.age >= 70)),
            Item("heart or respiratory failure", lambda m, v: points(m, v.heart_or_respiratory_failure)),
            Item("acute myocardial infarction or stroke", lambda m, v: points(m, v.acute_mi_or_stroke)),
            Item("acute infection or rheumatological disorder", lambda m, v: points(m, v.infection_or_rheumatic)),
            Item("BMI 30 or more", lambda m, v: points(m, v.bmi >= 30)),
            Item("hormonal treatment", lambda m, v: points(m, v.hormonal_treatment)),
        ),
        source="Barbar S, Noventa F, Rossetto V, et al. J Thromb Haemost 2010;8:2450-2457",
        checked="read against PMC7454299 table 1 and guidelinecentral",
    ),
    Calculator(
        id="four_ts",
        name="4Ts score (heparin-induced thrombocytopenia)",
        family="thrombosis",
        category="diagnosis",
        output="integer",
        unit="points",
        asks="4Ts score for heparin-induced thrombocytopenia (0 to 8 points)",
        printed="platelet fall: 2 if more than 50 % with a lowest count of 20 x 10^9/L or more, 1 if 30 to 50 % or a lowest count of "
        "10 to 19, else 0; timing: 2 if clearly on day 5 to 10 of heparin, or within 1 day after exposure in the past 30 days, "
        "1 if after day 10, or within 1 day after exposure 31 to 100 days ago, or on day 5 to 10 but uncertain for want of "
        "counts, 0 if before day 5 without recent exposure; thrombosis: 2 if new and proven, or skin necrosis, or "
        "anaphylactoid reaction to a heparin bolus, 1 if progressive, recurrent or suspected, or red skin at injection sites, "
        "0 if none; other causes of the low count: 2 if none apparent, 1 if possible, 0 if definite; the points are added",
        inputs=(
            Level("platelet_fall", _THIRDS),
            Level("fall_timing", _THIRDS),
            Level("hit_thrombosis", _THIRDS),
            Level("other_causes", _THIRDS),
        ),
        items=(
            Item("platelet fall", lambda m, v: v.platelet_fall),
            Item("timing", lambda m, v: v.fall_timing),
            Item("thrombosis or other sequelae", lambda m, v: v.hit_thrombosis),
            Item("other causes", lambda m, v: v.other_causes),
        ),
        source="Lo GK, Juhl D, Warkentin TE, Sigouin CS, Eichler P, Greinacher A. J Thromb Haemost 2006;4:759-765",
        checked="read against Crit Care cc9993 table 2 and a BMJ criteria page",
    ),
    Calculator(
        id="cha2ds2vasc",
        name="CHA2DS2-VASc score",
        family="thrombosis",
        category="risk",
        output="integer",
        unit="points",
        asks="CHA2DS2-VASc score (with the point for female sex)",
        printed="heart failure: 1; hypertension: 1; age 65 to 74 years: 1, 75 years or more: 2; diabetes: 1; earlier stroke, transient "
        "ischaemic attack or thromboembolism: 2; vascular disease (earlier myocardial infarction, peripheral artery disease or "
        "aortic plaque): 1; female sex: 1; the points are added",
        inputs=(
            *(Number("age", 50, 92), Flag("female", 0.5)),
            *(Flag(key, 0.45) for key in ("heart_failure", "hypertension", "diabetes", "stroke_tia_embolism", "vascular_disease")),
        ),
        items=(
            Item("heart failure", lambda m, v: points(m, v.heart_failure)),
            Item("hypertension", lambda m, v: points(m, v.hypertension)),
            Item("age", lambda m, v: band(m, v.age, 0.0, (65, 1.0), (75, 2.0))),
            Item("diabetes", lambda m, v: points(m, v.diabetes)),
            Item("stroke, TIA or thromboembolism", lambda m, v: points(m, v.stroke_tia_embolism, 2.0)),
            Item("vascular disease", lambda m, v: points(m, v.vascular_disease)),
            Item("female sex", lambda m, v: points(m, v.female)),
        ),
        source="Lip GYH, Nieuwlaat R, Pisters R, Lane DA, Crijns HJGM. Chest 2010;137:263-272",
        checked="run against the MedCalc-Bench code",
        medcalc_bench_id=4,
    ),
    Calculator(
        id="has_bled",
        name="HAS-BLED score",
        family="thrombosis",
        category="risk",
        output="integer",
        unit="points",
        asks="HAS-BLED score (0 to 9 points; drugs and alcohol count separately)",
        printed="1 point each: uncontrolled hypertension (systolic above 160 mmHg); abnormal renal function (dialysis, transplant or "
        "creatinine above 200 umol/L); abnormal liver function (cirrhosis, or bilirubin above twice with a transaminase or "
        "alkaline phosphatase above three times the upper limit); earlier stroke; earlier major bleeding or predisposition to "
        "it; labile INR; age above 65 years; antiplatelet drug or NSAID; alcohol, 8 drinks a week or more; the points are "
        "added",
        inputs=(
            Number("age", 46, 88, avoid=((65, 65),)),
            *(Flag(key, 0.4) for key in ("uncontrolled_hypertension", "abnormal_renal_function", "abnormal_liver_function", "stroke")),
            *(Flag(key, 0.4) for key in ("bleeding_history", "labile_inr", "antiplatelet_or_nsaid", "alcohol_excess")),
        ),
        items=(
            Item("uncontrolled hypertension", lambda m, v: points(m, v.uncontrolled_hypertension)),
            Item("abnormal renal function", lambda m, v: points(m, v.abnormal_renal_function)),
            Item("abnormal liver function", lambda m, v: points(m, v.abnormal_liver_function)),
            Item("stroke", lambda m, v: points(m, v.stroke)),
            Item("bleeding history or predisposition", lambda m, v: points(m, v.bleeding_history)),
            Item("labile INR", lambda m, v: points(m, v.labile_inr)),
            Item("age above 65", lambda m, v: points(m, v.age > 65)),
            Item("antiplatelet drug or NSAID", lambda m, v: points(m, v.antiplatelet_or_nsaid)),
            Item("alcohol", lambda m, v: points(m, v.alcohol_excess)),
        ),
        source="Pisters R, Lane DA, Nieuwlaat R, de Vos CB, Crijns HJGM, Lip GYH. Chest 2010;138:1093-1100",
        checked="read line by line against the MedCalc-Bench code",
        medcalc_bench_id=25,
    ),
)
