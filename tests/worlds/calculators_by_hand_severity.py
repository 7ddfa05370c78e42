"""Sepsis, pneumonia and how ill the patient is, second reading.

curb65: Lim et al., Thorax 2003.
psi: Fine et al., N Engl J Med 1997.
qsofa: Singer et al., JAMA 2016.
sirs: Bone et al., Chest 1992.
news2: Royal College of Physicians, 2017 (SpO2 scale 1).
sofa: Vincent et al., Intensive Care Med 1996.
gcs: Teasdale and Jennett, Lancet 1974, with the sixth motor grade added later.
"""

from __future__ import annotations

# Rates in ug/kg/min for at least an hour; "none" leaves the mean arterial pressure to decide.
VASOPRESSOR_POINTS = {
    "dopa<=5": 2,
    "dobut": 2,
    "dopa>5": 3,
    "epi<=0.1": 3,
    "norepi<=0.1": 3,
    "dopa>15": 4,
    "epi>0.1": 4,
    "norepi>0.1": 4,
}


def curb65(*, confusion: int, bun: float, rr: float, sbp: float, dbp: float, age: float) -> int:
    """CURB-65, 0 to 5; BUN in mg/dL."""
    total = confusion
    if bun > 19:
        total += 1
    if rr >= 30:
        total += 1
    if sbp < 90 or dbp <= 60:
        total += 1
    if age >= 65:
        total += 1
    return total


def psi(
    *, age: float, sex: str, nh: int, neo: int, liver: int, chf: int, cvd: int, renal: int, ams: int,
    rr: float, sbp: float, temp: float, hr: float, ph: float, bun: float, na: float, glu: float, hct: float, pao2: float, eff: int,
) -> int:  # fmt: skip
    """Pneumonia severity index; urea (BUN) and glucose in mg/dL, temperature in C."""
    total = int(age) if sex == "M" else int(age) - 10
    total += 10 * nh + 30 * neo + 20 * liver + 10 * chf + 10 * cvd + 10 * renal + 20 * ams + 10 * eff
    if rr >= 30:
        total += 20
    if sbp < 90:
        total += 20
    if temp < 35 or temp >= 40:
        total += 15
    if hr >= 125:
        total += 10
    if ph < 7.35:
        total += 30
    if bun >= 30:
        total += 20
    if na < 130:
        total += 20
    if glu >= 250:
        total += 10
    if hct < 30:
        total += 10
    if pao2 < 60:
        total += 10
    return total


def qsofa(*, rr: float, sbp: float, gcs: int) -> int:
    """qSOFA, 0 to 3."""
    return (1 if rr >= 22 else 0) + (1 if sbp <= 100 else 0) + (1 if gcs < 15 else 0)


def sirs(*, temp: float, hr: float, rr: float, paco2: float, wbc: float, bands: float) -> int:
    """SIRS criteria met, 0 to 4; white cells in 10^3/uL, bands in %."""
    total = 0
    if temp < 36 or temp > 38:
        total += 1
    if hr > 90:
        total += 1
    if rr > 20 or paco2 < 32:
        total += 1
    if wbc < 4 or wbc > 12 or bands > 10:
        total += 1
    return total


def news2(*, rr: float, spo2: float, o2: int, sbp: float, pulse: float, alert: int, temp: float) -> int:
    """NEWS2 on SpO2 scale 1, 0 to 20."""
    total = _news_breathing(rr) + _news_saturation(spo2) + _news_pressure(sbp) + _news_pulse(pulse) + _news_temperature(temp)
    if o2:
        total += 2
    if not alert:
        total += 3
    return total


def sofa(*, pf: float, vent: int, plt: float, bili: float, map: float, pressor: str, gcs: int, cr: float, urine: float) -> int:
    """SOFA, 0 to 24; `vent` is any respiratory support, `pressor` "none" or a key of VASOPRESSOR_POINTS, urine in mL/day."""
    breathing = _sofa_lungs(pf, vent) + _sofa_platelets(plt) + _sofa_bilirubin(bili)
    return breathing + _sofa_circulation(map, pressor) + _sofa_coma(gcs) + _sofa_kidney(cr, urine)


def gcs(*, eye: int, verbal: int, motor: int) -> int:
    """Glasgow coma scale, 3 to 15."""
    return eye + verbal + motor


def _news_breathing(rr: float) -> int:
    if rr <= 8:
        return 3
    if rr <= 11:
        return 1
    if rr <= 20:
        return 0
    if rr <= 24:
        return 2
    return 3


def _news_saturation(spo2: float) -> int:
    if spo2 <= 91:
        return 3
    if spo2 <= 93:
        return 2
    if spo2 <= 95:
        return 1
    return 0


def _news_pressure(sbp: float) -> int:
    if sbp <= 90:
        return 3
    if sbp <= 100:
        return 2
    if sbp <= 110:
        return 1
    if sbp < 220:
        return 0
    return 3


def _news_pulse(pulse: float) -> int:
    if pulse <= 40:
        return 3
    if pulse <= 50:
        return 1
    if pulse <= 90:
        return 0
    if pulse <= 110:
        return 1
    if pulse <= 130:
        return 2
    return 3


def _news_temperature(temp: float) -> int:
    tenths = round(temp * 10)  # the chart is printed to a tenth of a degree
    if tenths <= 350:
        return 3
    if tenths <= 360:
        return 1
    if tenths <= 380:
        return 0
    if tenths <= 390:
        return 1
    return 2


def _sofa_lungs(pf: float, supported: int) -> int:
    if pf >= 400:
        return 0
    if pf >= 300:
        return 1
    if pf >= 200 or not supported:
        return 2
    if pf >= 100:
        return 3
    return 4


def _sofa_platelets(plt: float) -> int:
    if plt < 20:
        return 4
    if plt < 50:
        return 3
    if plt < 100:
        return 2
    if plt < 150:
        return 1
    return 0


def _sofa_bilirubin(bili: float) -> int:
    if bili < 1.2:
        return 0
    if bili < 2:
        return 1
    if bili < 6:
        return 2
    if bili < 12:
        return 3
    return 4


def _sofa_circulation(mean_pressure: float, pressor: str) -> int:
    if pressor != "none":
        return VASOPRESSOR_POINTS[pressor]
    return 1 if mean_pressure < 70 else 0


def _sofa_coma(scale: int) -> int:
    if scale < 6:
        return 4
    if scale < 10:
        return 3
    if scale < 13:
        return 2
    if scale < 15:
        return 1
    return 0


def _sofa_kidney(cr: float, urine: float) -> int:
    if cr >= 5 or urine < 200:
        return 4
    if cr >= 3.5 or urine < 500:
        return 3
    if cr >= 2:
        return 2
    if cr >= 1.2:
        return 1
    return 0
