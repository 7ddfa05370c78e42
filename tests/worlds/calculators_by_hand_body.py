"""Circulation, lungs, body size, doses and dates, second reading.

qtc_bazett: Bazett, Heart 1920.
qtc_fridericia: Fridericia, Acta Med Scand 1920.
qtc_framingham: Sagie et al., Am J Cardiol 1992.
qtc_hodges: Hodges et al., J Am Coll Cardiol 1983 (abstract).
rox: Roca et al., J Crit Care 2016.
bsa_mosteller: Mosteller, N Engl J Med 1987.
ibw: Devine, Drug Intell Clin Pharm 1974.
fluids_421: Holliday and Segar, Pediatrics 1957, as an hourly rate.
mme: Dowell et al., CDC guideline, MMWR Recomm Rep 2022.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from calculators_by_hand_exact import exact, in_fractions, power, sqrt

F = Fraction

# mg of each that equal 20 mg of hydrocortisone. Tables print 0.6 to 0.75 for betamethasone; MedCalc-Bench takes 0.75.
EQUAL_STEROID_MG = {
    "hydrocortisone": F(20),
    "cortisone": F(25),
    "prednisone": F(5),
    "prednisolone": F(5),
    "methylprednisolone": F(4),
    "triamcinolone": F(4),
    "dexamethasone": F("0.75"),
    "betamethasone": F("0.75"),
}
# mg of oral morphine per mg; the patch is per ug/h for a whole day.
MORPHINE_PER_UNIT = {
    "codeine": F("0.15"),
    "hydrocodone": F(1),
    "hydromorphone": F(5),
    "methadone": F("4.7"),
    "morphine": F(1),
    "oxycodone": F("1.5"),
    "oxymorphone": F(3),
    "tapentadol": F("0.4"),
    "tramadol": F("0.2"),
    "fentanyl patch": F("2.4"),
}


@in_fractions
def qtc_bazett(*, qt: F, hr: F) -> F:
    """Corrected QT, ms."""
    return qt / sqrt(60 / hr)


@in_fractions
def qtc_fridericia(*, qt: F, hr: F) -> F:
    """Corrected QT, ms."""
    return qt / power(60 / hr, F(1, 3))


@in_fractions
def qtc_framingham(*, qt: F, hr: F) -> F:
    """Corrected QT, ms."""
    return qt + 154 * (1 - 60 / hr)


@in_fractions
def qtc_hodges(*, qt: F, hr: F) -> F:
    """Corrected QT, ms."""
    return qt + F("1.75") * (hr - 60)


@in_fractions
def qtc_rautaharju(*, qt: F, hr: F) -> F:
    """Corrected QT, ms."""
    return qt * (120 + hr) / 180


@in_fractions
def map_(*, sbp: F, dbp: F) -> F:
    """Mean arterial pressure, mmHg."""
    return dbp + (sbp - dbp) / 3


@in_fractions
def svr(*, map: F, cvp: F, co: F) -> F:
    """Systemic vascular resistance, dyn.s/cm5."""
    return 80 * (map - cvp) / co


@in_fractions
def oi(*, paw: F, fio2: F, pao2: F) -> F:
    """Oxygenation index; FiO2 as a fraction."""
    return 100 * fio2 * paw / pao2


@in_fractions
def rox(*, spo2: F, fio2: F, rr: F) -> F:
    """ROX index; SpO2 in %, FiO2 as a fraction."""
    return spo2 / fio2 / rr


@in_fractions
def bmi(*, weight: F, height: F) -> F:
    """Body mass index, kg/m2; height in cm."""
    metres = height / 100
    return weight / (metres * metres)


@in_fractions
def bsa_mosteller(*, weight: F, height: F) -> F:
    """Body surface area, m2."""
    return sqrt(height * weight / 3600)


@in_fractions
def ibw(*, height: F, female: F) -> F:
    """Ideal body weight, kg; height in cm."""
    return _devine(height, female)


@in_fractions
def adjbw(*, height: F, weight: F, female: F) -> F:
    """Adjusted body weight, kg: ideal plus 40 % of the rest."""
    ideal = _devine(height, female)
    return ideal + F("0.4") * (weight - ideal)


@in_fractions
def fluids_421(*, weight: F) -> F:
    """Maintenance fluid, mL/h."""
    if weight <= 10:
        return 4 * weight
    if weight <= 20:
        return 40 + 2 * (weight - 10)
    return 60 + (weight - 20)


@in_fractions
def temp_conv(*, temp_f: F) -> F:
    """Degrees Celsius."""
    return (temp_f - 32) * 5 / 9


def steroid(*, dose: float, from_name: str, to_name: str) -> F:
    """Dose of `to_name`, mg, that equals `dose` mg of `from_name`."""
    return exact(dose) / EQUAL_STEROID_MG[from_name] * EQUAL_STEROID_MG[to_name]


def mme(*, items: Iterable[tuple[str, float, int]]) -> F:
    """Oral morphine equivalents, mg/day, of (drug, dose, times a day); a patch counts once whatever its change interval."""
    total = F(0)
    for drug, dose, times in items:
        total += MORPHINE_PER_UNIT[drug] * exact(dose) * (1 if drug == "fentanyl patch" else exact(times))
    return total


def edd(*, lmp: int, cycle: int) -> int:
    """Due date as a proleptic ordinal: 40 weeks after the last period, shifted by the cycle's difference from 28 days."""
    return lmp + 280 + cycle - 28


def ga(*, lmp: int, today: int) -> int:
    """Gestational age in days."""
    return today - lmp


def _devine(height: F, female: F) -> F:
    inches_over_five_feet = height / F("2.54") - 60
    return (F("45.5") if female else F(50)) + F("2.3") * inches_over_five_feet
