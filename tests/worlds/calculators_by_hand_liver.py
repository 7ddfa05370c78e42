"""Liver, second reading.

fib4: Sterling et al., Hepatology 2006.
meld: Kamath et al., Hepatology 2001, with the bounds of the US allocation policy.
meld_na: the 2016 form of the US allocation policy (OPTN policy 9), after Kim et al., N Engl J Med 2008.
meld3: Kim et al., Gastroenterology 2021, capped at 40 by the same policy.
maddrey: Maddrey et al., Gastroenterology 1978, in the form of Carithers et al., Ann Intern Med 1989.
albi: Johnson et al., J Clin Oncol 2015.
child_pugh: Pugh et al., Br J Surg 1973.
"""

from __future__ import annotations

from fractions import Fraction

from calculators_by_hand_exact import clamp, in_fractions, ln, log10, nearest, sqrt

F = Fraction


@in_fractions
def fib4(*, age: F, ast: F, alt: F, plt: F) -> F:
    """FIB-4; platelets in 10^9/L."""
    return age * ast / (plt * sqrt(alt))


@in_fractions
def meld(*, scr: F, bili: F, inr: F, dialysis: F) -> int:
    """MELD, 6 to 40."""
    return max(6, min(_meld_before_bounds(scr, bili, inr, dialysis), 40))


@in_fractions
def meld_na(*, scr: F, bili: F, inr: F, na: F, dialysis: F) -> int:
    """MELD-Na, 6 to 40."""
    score = F(_meld_before_bounds(scr, bili, inr, dialysis))
    if score > 11:
        lack = 137 - clamp(na, F(125), F(137))
        score += F("1.32") * lack - F("0.033") * score * lack
    return max(6, min(nearest(score), 40))


@in_fractions
def meld3(*, scr: F, bili: F, inr: F, na: F, alb: F, female: F, dialysis: F) -> int:
    """MELD 3.0 of an adult, 6 to 40."""
    ln_creatinine = ln(F(3) if dialysis else clamp(scr, F(1), F(3)))
    ln_bilirubin, ln_inr = ln(max(bili, F(1))), ln(max(inr, F(1)))
    sodium_lack = 137 - clamp(na, F(125), F(137))
    albumin_lack = F("3.5") - clamp(alb, F("1.5"), F("3.5"))
    score = 6 + (F("1.33") if female else 0)
    score += F("4.56") * ln_bilirubin + F("9.09") * ln_inr + F("11.14") * ln_creatinine
    score += sodium_lack * (F("0.82") - F("0.24") * ln_bilirubin)
    score += albumin_lack * (F("1.85") - F("1.83") * ln_creatinine)
    return max(6, min(nearest(score), 40))


@in_fractions
def maddrey(*, pt: F, pt_control: F, bili: F) -> F:
    """Discriminant function; bilirubin in mg/dL."""
    return F("4.6") * (pt - pt_control) + bili


@in_fractions
def albi(*, bili: F, alb: F) -> F:
    """ALBI; bilirubin in umol/L, albumin in g/L."""
    return F("0.66") * log10(bili) - F("0.085") * alb


def child_pugh(*, bili: float, alb: float, inr: float, asc: int, enc: int) -> int:
    """Child-Pugh, 5 to 15; the middle bands hold both their edges; `asc` and `enc` are grades 0, 1, 2."""
    if bili < 2:
        total = 1
    elif bili <= 3:
        total = 2
    else:
        total = 3
    if alb > 3.5:
        total += 1
    elif alb >= 2.8:
        total += 2
    else:
        total += 3
    if inr < 1.7:
        total += 1
    elif inr <= 2.3:
        total += 2
    else:
        total += 3
    return total + (asc + 1) + (enc + 1)


def _meld_before_bounds(scr: F, bili: F, inr: F, dialysis: F) -> int:
    creatinine = F(4) if dialysis else clamp(scr, F(1), F(4))
    logs = F("0.957") * ln(creatinine) + F("0.378") * ln(max(bili, F(1))) + F("1.12") * ln(max(inr, F(1)))
    # Rounding to a tenth before the factor 10 is rounding to a whole number after it.
    return nearest(10 * (logs + F("0.643")))
