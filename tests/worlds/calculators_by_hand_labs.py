"""Kidney, acid-base, salts and metabolism, second reading.

cockcroft_gault: Cockcroft and Gault, Nephron 1976.
ckd_epi_2021: Inker et al., N Engl J Med 2021.
mdrd: Levey et al., Ann Intern Med 2006 (IDMS form; the race factor is left out).
schwartz: Schwartz et al., J Am Soc Nephrol 2009 (bedside form).
fena: Espinel, JAMA 1976.
feurea: Carvounis et al., Kidney Int 2002.
calvert: Calvert et al., J Clin Oncol 1989.
ag_albumin: Figge et al., Crit Care Med 1998.
corr_na_hillier: Hillier et al., Am J Med 1999.
winters: Albert, Dell and Winters, Ann Intern Med 1967.
ldl: Friedewald, Levy and Fredrickson, Clin Chem 1972.
homa_ir: Matthews et al., Diabetologia 1985.
eag: Nathan et al., Diabetes Care 2008.
"""

from __future__ import annotations

from fractions import Fraction

from calculators_by_hand_exact import in_fractions, power

F = Fraction


@in_fractions
def cockcroft_gault(*, age: F, weight: F, scr: F, female: F) -> F:
    """Creatinine clearance, mL/min, for the weight the question chose."""
    male_clearance = (140 - age) * weight / (72 * scr)
    return male_clearance * F("0.85") if female else male_clearance


@in_fractions
def ckd_epi_2021(*, age: F, scr: F, female: F) -> F:
    """eGFR, mL/min/1.73 m2."""
    if female:
        kappa, alpha, sex_factor = F("0.7"), F("-0.241"), F("1.012")
    else:
        kappa, alpha, sex_factor = F("0.9"), F("-0.302"), F(1)
    # Only one of the two creatinine terms of the printed formula ever differs from 1.
    exponent = alpha if scr <= kappa else F("-1.2")
    return 142 * power(scr / kappa, exponent) * power(F("0.9938"), age) * sex_factor


@in_fractions
def mdrd(*, age: F, scr: F, female: F) -> F:
    """eGFR, mL/min/1.73 m2."""
    male_rate = 175 * power(scr, F("-1.154")) * power(age, F("-0.203"))
    return male_rate * F("0.742") if female else male_rate


@in_fractions
def schwartz(*, height: F, scr: F) -> F:
    """eGFR of a child, mL/min/1.73 m2; height in cm."""
    return F("0.413") * height / scr


@in_fractions
def fena(*, una: F, na: F, ucr: F, scr: F) -> F:
    """Fractional excretion of sodium, %."""
    sodium_clearance, creatinine_clearance = una / na, ucr / scr
    return 100 * sodium_clearance / creatinine_clearance


@in_fractions
def feurea(*, uurea: F, bun: F, ucr: F, scr: F) -> F:
    """Fractional excretion of urea, %."""
    urea_clearance, creatinine_clearance = uurea / bun, ucr / scr
    return 100 * urea_clearance / creatinine_clearance


@in_fractions
def ttkg(*, uk: F, k: F, uosm: F, sosm: F) -> F:
    """Transtubular potassium gradient."""
    return (uk / k) / (uosm / sosm)


@in_fractions
def calvert(*, auc: F, gfr: F) -> F:
    """Carboplatin dose, mg; a GFR above 125 counts as 125."""
    return auc * (min(gfr, F(125)) + 25)


@in_fractions
def anion_gap(*, na: F, cl: F, hco3: F) -> F:
    """Anion gap, mEq/L."""
    return na - cl - hco3


@in_fractions
def ag_albumin(*, na: F, cl: F, hco3: F, alb: F) -> F:
    """Anion gap at an albumin of 4 g/dL, mEq/L."""
    return na - cl - hco3 + F("2.5") * (4 - alb)


@in_fractions
def delta_ratio(*, na: F, cl: F, hco3: F) -> F:
    """Rise of the anion gap over 12 per fall of bicarbonate below 24."""
    return (na - cl - hco3 - 12) / (24 - hco3)


@in_fractions
def corr_ca(*, ca: F, alb: F) -> F:
    """Calcium at an albumin of 4 g/dL, mg/dL."""
    return ca + F("0.8") * (4 - alb)


@in_fractions
def corr_na_hillier(*, na: F, glu: F) -> F:
    """Sodium at a glucose of 100 mg/dL, mEq/L: 2.4 per 100 mg/dL."""
    return na + F("2.4") * (glu - 100) / 100


@in_fractions
def sosm(*, na: F, glu: F, bun: F) -> F:
    """Calculated serum osmolality, mOsm/kg."""
    return 2 * na + glu / 18 + bun / F("2.8")


@in_fractions
def fwd(*, age: F, weight: F, na: F, female: F) -> F:
    """Free water deficit, L."""
    if age >= 65:
        water = F("0.45") if female else F("0.5")
    else:
        water = F("0.5") if female else F("0.6")
    return water * weight * (na - 140) / 140


@in_fractions
def winters(*, hco3: F) -> F:
    """Expected pCO2, mmHg."""
    return F("1.5") * hco3 + 8


@in_fractions
def ldl(*, tc: F, hdl: F, tg: F) -> F:
    """LDL cholesterol, mg/dL."""
    return tc - hdl - tg / 5


@in_fractions
def homa_ir(*, glu: F, insulin: F) -> F:
    """HOMA-IR from glucose in mg/dL and insulin in uU/mL."""
    return glu * insulin / 405


@in_fractions
def eag(*, a1c: F) -> F:
    """Estimated average glucose, mg/dL."""
    return F("28.7") * a1c - F("46.7")
