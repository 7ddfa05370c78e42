"""Throat, abdomen and brain, second reading.

centor: Centor et al., Med Decis Making 1981, with the age points of McIsaac et al., CMAJ 1998.
feverpain: Little et al., BMJ 2013.
bisap: Wu et al., Gut 2008.
alvarado: Alvarado, Ann Emerg Med 1986.
ich: Hemphill et al., Stroke 2001.
abcd2: Johnston et al., Lancet 2007.
"""

from __future__ import annotations


def centor(*, age: float, exud: int, nodes: int, temp: float, cough: int) -> int:
    """Centor score with age points, -1 to 5, from 3 years of age; `cough` present takes its point away."""
    total = exud + nodes + (0 if cough else 1)
    if temp > 38:
        total += 1
    if age < 15:
        return total + 1
    if age < 45:
        return total
    return total - 1


def feverpain(*, fever: int, pus: int, rapid: int, infl: int, nocough: int) -> int:
    """FeverPAIN, 0 to 5; `rapid` is attendance within three days."""
    return fever + pus + rapid + infl + nocough


def bisap(*, bun: float, ams: int, sirs: int, age: float, eff: int) -> int:
    """BISAP, 0 to 5; BUN in mg/dL, `sirs` is the number of criteria met."""
    total = ams + eff
    if bun > 25:
        total += 1
    if sirs >= 2:
        total += 1
    if age > 60:
        total += 1
    return total


def alvarado(*, mig: int, anor: int, naus: int, rlq: int, reb: int, temp: float, wbc: float, shift: int) -> int:
    """Alvarado score, 0 to 10; white cells in 10^3/uL."""
    total = mig + anor + naus + 2 * rlq + reb + shift
    if temp >= 37.3:
        total += 1
    if wbc > 10:
        total += 2
    return total


def ich(*, gcs: int, vol: float, ivh: int, infra: int, age: float) -> int:
    """ICH score, 0 to 6; volume in mL."""
    total = ivh + infra
    if gcs <= 4:
        total += 2
    elif gcs <= 12:
        total += 1
    if vol >= 30:
        total += 1
    if age >= 80:
        total += 1
    return total


def abcd2(*, age: float, sbp: float, dbp: float, weak: int, speech: int, dur: float, dm: int) -> int:
    """ABCD2, 0 to 7; `dur` in minutes; speech counts only without weakness."""
    total = dm
    if age >= 60:
        total += 1
    if sbp >= 140 or dbp >= 90:
        total += 1
    if weak:
        total += 2
    elif speech:
        total += 1
    if dur >= 60:
        total += 2
    elif dur >= 10:
        total += 1
    return total
