"""How a septic body answers fluid and vasopressor, hour by hour; gas exchange, laboratory and fate every four hours.

Original equations with constants fitted to behave, not to patients. Written under the arithmetic rule: + - * and `ratio` only.
Death reads the body, never a dose; organs are hurt by doses (constriction that nobody needed, of an empty patient, above 0.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from medenvs.core.lanes import Lanes
from medenvs.core.randomness import Key, key, uniform, word
from medenvs.core.turn import Lane

from .body import RENAL, WASTED, Body, polynomial, thresholds
from .patients import Patients

BLOCK, HOURS = 4, 80  # readings, and the longest stay
_LOW, _ARRIVAL = 0xFFFF, 0xA221


class Drug(NamedTuple):
    """What the doses mean to heart, vessels and organs until the next reading."""

    litres: Lane  # of fluid into the circulation, less what the skin loses of it, per hour
    skin: Lane  # what the skin loses of the oedema, L/h
    felt: Lane  # the pressor times the patient's sensitivity
    faster: Lane
    push: Lane  # contractility under load
    carry: Lane  # what is not wasted of the delivery, at this oxygen saturation
    harm: Lane  # per hour: more than 0.2 ug/kg/min, and too little oxygen


def _rate(x: Lane) -> Lane:
    """Return x ** .35 on [.72, 1.91], within 6e-5."""
    return (((x * -0.018412544 + 0.13146809) * x - 0.39955898) * x + 0.82883073) * x + 0.45770025


class Physiology:
    """The rules over one kind of numbers; each changes the body that it is given."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes, self.patients = lanes, Patients(lanes)
        self.normals = self.patients.normals
        self.soon, self.later = (lanes.table(t) for t in thresholds())

    def admit(self, case: Lane) -> Body:
        """Return patients as they arrive, untreated so far, with their first readings: all of it follows from the case."""
        s = self.patients.admit(case)
        none = s.age * 0
        output, _, _ = self._circulate(s, self.drug(s, none, none))
        self._soak(s)
        s.fio2 = self.lanes.clip(0.25 + 0.6 * (s.lung + 0.09 * s.wet), 0.21, 0.8)
        s.urine = self._urine(s, output)
        self._breathe(s, key(case, _ARRIVAL))
        return s

    def noises(self, now: Key) -> Sequence[Lane]:
        """Return the four normals that a block's hours draw (two from each word)."""
        words = word(now, 0), word(now, 1)
        return [self.normals[n] for w in words for n in (w >> 16, w & _LOW)]

    def noise(self, now: Key, hour: Lane) -> Lane:
        """Return the same normal for one hour (0 to 3) of the block, where rows stand at different hours."""
        return self.normals[(word(now, hour >> 1) >> (16 - 16 * (hour & 1))) & _LOW]

    def strike(self, s: Body, hour: Lane, now: Key) -> None:
        """Let a second infection strike whom it strikes at this hour."""
        m = self.lanes
        for r in m.only(s.hit == hour):
            hard = uniform((m.at(now[0], r), m.at(now[1], r)), 2)
            s.inflamed = m.write(s.inflamed, r, m.clip(m.at(s.inflamed, r) + 0.25 + 0.3 * m.number(hard), 0.0, 1.2))

    def drug(self, s: Body, ml: Lane, u: Lane) -> Drug:
        """Return what doses (mL in four hours, ug/kg/min) mean to this patient until the next reading."""
        m = self.lanes
        load = 1 - 0.12 * m.ratio(u, u + 0.3) * (2.5 - 1.5 * s.heart)
        carry = (1 - 0.45 * polynomial(m.ratio(u, u + 0.5), WASTED)) * (s.spo2 * (1 / 97))
        harm = 0.02 * m.maximum(u - 0.2, 0.0) + 0.015 * m.clip((92 - s.spo2) * 0.125, 0.0, 1.5)
        skin = 0.00025 * s.weight
        return Drug(ml * 0.00025 - 0.6 * skin, skin, u * s.sensitive, 1 + 0.08 * m.ratio(u, u + 0.2), s.drive * load, carry, harm)

    def _circulate(self, s: Body, d: Drug) -> tuple[Lane, Lane, Lane]:
        """Move blood for an hour; return (the heart's output, filling beyond normal, how much pressor the vessels feel)."""
        m, hot = self.lanes, s.inflamed
        z = s.filling = m.clip(1 + s.deficit * s.room, 0.05, 2.2)
        zz, surplus = z * z, m.maximum(z - 1, 0.0)
        stroke = m.ratio(zz, 0.35 + zz) * (1.35 - m.maximum(z - 1.35, 0.0) * s.stiff)
        pulse = d.faster + 0.3 * hot + m.clip(0.5 - s.map * (1 / 150), 0.0, 0.3)  # never above 1.72
        hr = s.hr = 0.3 * s.hr + 0.7 * m.minimum(s.hr0 * pulse, 185.0)
        output = d.push * stroke * _rate(hr * s.slow)
        felt, hotter = d.felt - 0.3 * d.felt * hot, hot + 0.15
        tone = m.ratio((hotter - s.slack * hot) * (2.2 * felt + 0.3), hotter * (felt + 0.3))
        pressure = s.map = m.clip(4 + 3 * surplus + (s.map0 - 4) * output * tone, 25.0, 150.0)
        s.delivery = output * d.carry * m.clip((pressure - 35) * (1 / 32), 0.0, 1.1)
        return output, surplus, felt

    def _soak(self, s: Body) -> Lane:
        """Let water into the lungs; return the oedema in L per 80 kg."""
        m, swollen = self.lanes, s.oedema * s.spread
        s.wet = m.clip(swollen - s.tolerance, 0.0, 12.0) + m.clip(s.filling - 1.1, 0.0, 1.0) * s.stiff * (4 / 0.4725)
        return swollen

    def _urine(self, s: Body, output: Lane) -> Lane:
        m = self.lanes
        return 1.04 * s.kidney * m.clip((s.map - 48) * 0.04, 0.0, 1.3) * m.clip(output, 0.3, 1.3)

    def hour(self, s: Body, d: Drug, noise: Lane) -> None:
        """Live for an hour under the doses; `given` and `passed` are the caller's business."""
        m = self.lanes
        output, surplus, felt = self._circulate(s, d)
        debt, hot, deficit, oedema = m.maximum(0.85 - s.delivery, 0.0), s.inflamed, s.deficit, s.oedema
        seep = (0.2 + 0.3 * hot) * (deficit - oedema * (1 / 3 - 0.7 / 3 * hot)) + s.leak * hot
        urine = self._urine(s, output) * (1 + 0.5 * m.minimum(surplus, 1.0))
        lost = urine * s.weight
        s.flow = s.flow + urine
        s.deficit = deficit + d.litres - seep - (0.0002 + 0.0003 * m.number(deficit > -0.6)) * lost
        s.oedema = m.clip(oedema + seep - 0.0005 * lost - d.skin, -3.0, 25.0)
        s.inflamed = hot = m.clip(hot * (s.fade + 0.006 * debt) + 0.006 * noise, 0.0, 1.2)
        s.lactate = s.lactate * (0.75 + 0.1 * s.organs) + 0.25 + 1.3 * debt + 0.2 * hot  # stays within .7 and 10.7
        self._hurt(s, d.harm + 0.021 * debt, m.ratio(felt, felt + 0.1), debt, hot)

    def _hurt(self, s: Body, harm: Lane, tight: Lane, debt: Lane, hot: Lane) -> None:
        """Let kidney, lung and the other organs suffer or heal."""
        m, swollen = self.lanes, self._soak(s)
        pressure, kidney, wet, organs = s.map, s.kidney, s.wet, s.organs
        worse = m.clip(0.1085 - pressure * 0.00175, 0.0, 0.035) + 0.02 * debt + 0.002 * m.clip(swollen - 5, 0.0, 6.0)
        s.kidney = m.maximum(kidney - worse * kidney + (0.006 - 0.006 * kidney) * m.number(debt < 0.1), 0.04)
        hurt = 0.008 * hot * m.number(debt > 0.15) + 0.0045 * wet * (0.5 + hot)
        s.lung = m.minimum(s.lung * (1 - 0.006 * m.number(hot < 0.4)) + hurt, 1.0)
        squeezed = m.clip(pressure * 0.0008 - 0.064, 0.0, 0.024) + m.clip(0.015 - 0.02 * s.filling, 0.0, 0.012)
        harm = harm + squeezed * tight + 0.005 * hot * hot + 0.001 * m.maximum(s.lactate - 4, 0.0) + 0.008 * wet
        healed = (0.006 - 0.006 * m.minimum(hot, 1.0)) * m.number(debt < 0.05)
        s.organs = m.minimum(organs - healed * organs + harm, 1.0)

    def _breathe(self, s: Body, now: Key) -> None:
        """Read blood gases and filling pressure."""
        m, gas, pressure = self.lanes, word(now, 3), word(now, 4)
        s.pf = m.maximum(460 * m.exp(-1.75 * s.lung - 0.1575 * s.wet) + 8 * self.normals[gas >> 16], 45.0)
        s.vented = m.number(s.pf < 150) + s.vented * m.number(m.both(s.pf >= 150, s.pf <= 230))
        p = s.pf * s.fio2 + 15 * s.vented
        q = p * (p * p + 150)
        s.spo2 = m.clip(m.ratio(100 * q, q + 23_400) + 0.7 * self.normals[gas & _LOW], 50.0, 100.0)
        full = 14 * s.filling - 6 + (8 - 8 * s.heart) * m.minimum(s.filling, 1.5)
        s.cvp = m.clip(full + 1.5 * self.normals[pressure >> 16], 0.0, 30.0)

    def read(self, s: Body, now: Key) -> None:
        """End a block: gas exchange, oxygen, four-hour urine and laboratory values."""
        m = self.lanes
        self._breathe(s, now)
        s.fio2 = m.clip(s.fio2 + 0.1 * m.number(s.spo2 < 91) - 0.05 * m.number(s.spo2 > 95), 0.21, 1.0)
        s.urine, s.flow = 0.25 * s.flow, s.flow * 0
        s.creatinine = 0.75 * s.creatinine + m.ratio(0.25 * s.cr0, s.kidney * polynomial(s.kidney, RENAL))
        short = m.maximum(0.8 - s.delivery, 0.0)
        s.cns = m.clip(0.7 * s.cns + 0.075 * s.inflamed + 0.27 * short + 0.09 * s.organs, 0.0, 1.0)
        made = 11.5 * (1 - 0.6 * s.inflamed) * (1 - 0.4 * s.organs)
        s.platelets = m.clip(0.95 * s.platelets + made, 8.0, 500.0)
        s.bilirubin = m.clip(0.94 * s.bilirubin + 0.048 + 0.45 * s.organs * s.organs + 0.06 * s.inflamed, 0.2, 25.0)

    def dies(self, s: Body, last: Lane, now: Key) -> Lane:
        """Return who dies in this block, or (on the last one) later of what they leave with. No dose enters."""
        m, old, fate = self.lanes, s.age - 66, word(now, 5)
        sick = 4.6 * s.organs + 0.275 * m.maximum(s.lactate - 4, 0.0) + 1.6 * m.number(s.map < 50)
        hazard = sick + 1.4 * m.clip((90 - s.spo2) * (1 / 6), 0.0, 1.5) + 0.015 * old + 0.8 * s.frail - 7.9  # its logarithm, per hour
        died = self.soon[fate >> 16] < hazard
        for r in m.only(last):
            lungs, pressure = m.clip((250 - m.at(s.pf, r)) * (1 / 150), 0.0, 1.0), m.clip((65 - m.at(s.map, r)) * (1 / 15), 0.0, 1.5)
            late = 5.6 * m.at(s.organs, r) + 0.15 * m.clip(m.at(s.lactate, r) - 2, 0.0, 8.0) + lungs + 1.2 * pressure
            late = late + 0.02 * m.at(old, r) + m.at(s.frail, r) - 5.1
            died = m.write(died, r, m.either(m.at(died, r), self.later[m.at(fate, r) & _LOW] < late))
        return died
