"""Clots, bleeding and the heart, second reading.

wells_pe: Wells et al., Thromb Haemost 2000.
wells_dvt: Wells et al., N Engl J Med 2003.
perc: Kline et al., J Thromb Haemost 2004.
geneva: Le Gal et al., Ann Intern Med 2006.
padua: Barbar et al., J Thromb Haemost 2010.
four_ts: Lo et al., J Thromb Haemost 2006.
cha2ds2vasc: Lip et al., Chest 2010.
has_bled: Pisters et al., Chest 2010.
gbs: Blatchford et al., Lancet 2000.
timi: Antman et al., JAMA 2000.
rcri: Lee et al., Circulation 1999.
"""

from __future__ import annotations

from fractions import Fraction


def wells_pe(*, dvt: int, likely: int, hr: float, immob: int, prior: int, hemo: int, ca: int) -> Fraction:
    """Wells score for pulmonary embolism, 0 to 12.5."""
    halves = 6 * dvt + 6 * likely + 3 * immob + 3 * prior + 2 * hemo + 2 * ca
    if hr > 100:
        halves += 3
    return Fraction(halves, 2)


def wells_dvt(*, ca: int, cast: int, bed: int, tender: int, leg: int, calf: int, edema: int, coll: int, prior: int, alt: int) -> int:
    """Wells score for deep vein thrombosis, -2 to 9."""
    return ca + cast + bed + tender + leg + calf + edema + coll + prior - 2 * alt


def perc(*, age: float, hr: float, spo2: float, leg: int, hemo: int, surg: int, prior: int, estro: int) -> int:
    """Criteria met, 0 to 8."""
    total = leg + hemo + surg + prior + estro
    if age >= 50:
        total += 1
    if hr >= 100:
        total += 1
    if spo2 < 95:
        total += 1
    return total


def geneva(*, age: float, prior: int, surg: int, ca: int, pain: int, hemo: int, hr: float, palp: int) -> int:
    """Revised Geneva score, 0 to 22."""
    total = 3 * prior + 2 * surg + 2 * ca + 3 * pain + 2 * hemo + 4 * palp
    if age > 65:
        total += 1
    if hr < 75:
        return total
    if hr < 95:
        return total + 3
    return total + 5


def padua(*, ca: int, vte: int, immob: int, thr: int, surg: int, age: float, hf: int, mi: int, inf: int, bmi: float, horm: int) -> int:
    """Padua prediction score, 0 to 20."""
    total = 3 * (ca + vte + immob + thr) + 2 * surg + hf + mi + inf + horm
    if age >= 70:
        total += 1
    if bmi >= 30:
        total += 1
    return total


def four_ts(*, a: int, b: int, c: int, d: int) -> int:
    """4Ts, 0 to 8; each item is already graded 0, 1, 2."""
    return a + b + c + d


def cha2ds2vasc(*, age: float, sex: str, chf: int, htn: int, dm: int, stroke: int, vasc: int) -> int:
    """CHA2DS2-VASc, 0 to 9."""
    total = chf + htn + dm + 2 * stroke + vasc
    if age >= 75:
        total += 2
    elif age >= 65:
        total += 1
    if sex == "F":
        total += 1
    return total


def has_bled(*, htn: int, renal: int, liver: int, stroke: int, bleed: int, labile: int, age: float, drugs: int, alcohol: int) -> int:
    """HAS-BLED, 0 to 9."""
    total = htn + renal + liver + stroke + bleed + labile + drugs + alcohol
    if age > 65:
        total += 1
    return total


def gbs(*, bun: float, hb: float, sex: str, sbp: float, hr: float, mel: int, syn: int, liv: int, hf: int) -> int:
    """Glasgow-Blatchford score, 0 to 23; BUN in mg/dL."""
    total = mel + 2 * syn + 2 * liv + 2 * hf + _bleeding_bun(bun) + _bleeding_haemoglobin(hb, sex)
    if sbp < 90:
        total += 3
    elif sbp < 100:
        total += 2
    elif sbp < 110:
        total += 1
    if hr >= 100:
        total += 1
    return total


def timi(*, age: float, rf3: int, sten: int, st: int, ang: int, asa: int, mark: int) -> int:
    """TIMI score for unstable angina and NSTEMI, 0 to 7."""
    total = rf3 + sten + st + ang + asa + mark
    if age >= 65:
        total += 1
    return total


def rcri(*, surg: int, ihd: int, chf: int, cva: int, ins: int, cr: float) -> int:
    """Revised cardiac risk index, 0 to 6; creatinine in mg/dL."""
    total = surg + ihd + chf + cva + ins
    if cr > 2:
        total += 1
    return total


def _bleeding_bun(bun: float) -> int:
    if bun < 18.2:
        return 0
    if bun < 22.4:
        return 2
    if bun < 28:
        return 3
    if bun < 70:
        return 4
    return 6


def _bleeding_haemoglobin(hb: float, sex: str) -> int:
    if hb < 10:
        return 6
    if hb < 12:
        return 1 if sex == "F" else 3
    if hb < 13 and sex == "M":
        return 1
    return 0
