"""What a chart holds of a patient: vital signs with the noise of their devices, blood tests only when somebody ordered them.

At every round (every four hours, from admission on) each test may be ordered. The more worrying the chart and the longer ago the
last result, the likelier; so what is missing tells something. Orders read the chart alone: given the chart they are at random.
Constants are ours, made to behave. Draws are keyed by (hour, test), so nothing that is asked or dosed moves another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from medenvs.core.lanes import Lanes
from medenvs.core.randomness import Key, at, quantiles, word
from medenvs.core.turn import Lane

from .body import Body, thresholds
from .columns import COLUMNS, Column

NEVER = 100.0  # hours since the last result where there is none
_ROUNDS, _LOW = 1_024, 0xFFFF  # these keys lie apart from those of the body's blocks


class Lab(NamedTuple):
    """A blood test; log odds of an order: `first` before any result, else pace * (hours since - due), each plus worth * worry."""

    name: str
    first: float
    due: float  # h
    pace: float  # 1/h
    worth: float
    blank: float  # what is shown before any result: a healthy value


LABS = (
    Lab("lactate", 1.0, 15, 0.25, 1.5, 1.0),
    Lab("pf", 0.3, 18, 0.25, 1.3, 400.0),
    Lab("creatinine", 2.0, 22, 0.3, 0.8, 1.0),
    Lab("platelets", 2.0, 24, 0.3, 0.8, 230.0),
    Lab("bilirubin", -0.8, 32, 0.2, 0.9, 0.8),
)
_NAMES = tuple(lab.name for lab in LABS)
_NOISE = {"map": 3.0, "hr": 3.0, "cvp": 1.5, "spo2": 1.5, "gcs": 0.6}  # standard deviations
_SHARE = {"urine": 0.1, "lactate": 0.05, "pf": 0.06, "creatinine": 0.05, "platelets": 0.06, "bilirubin": 0.08}  # of the value
_MEANT = {
    "cvp": "central venous pressure",
    "gcs": "Glasgow coma scale, as counted",
    "passed": "urine since admission: the sum of what was charted",
    **dict.fromkeys(_NAMES, "last result (a healthy value before the first)"),
}


def _charted(c: Column) -> Column:
    cadence = "order" if c.name in _NAMES else "4 h" if c.name == "passed" else c.cadence
    more = {"cadence": cadence, "sd": _NOISE.get(c.name, 0.0), "share": _SHARE.get(c.name, 0.0), "meaning": _MEANT.get(c.name, c.meaning)}
    return c._replace(**more)


PARTIAL = (
    *(_charted(c) for c in COLUMNS),
    *(Column(f"since_{n}", "h", 0, NEVER, "hour", f"hours since the last {n}; {NEVER:g}: never measured") for n in _NAMES),
)
PARTIAL_NAMES = tuple(c.name for c in PARTIAL)
_OF = {c.name: c for c in PARTIAL}


class Chart(NamedTuple):
    """One patient a row, as last charted; units and noise in PARTIAL."""

    map: Lane
    hr: Lane
    cvp: Lane
    spo2: Lane
    urine: Lane
    gcs: Lane
    passed: Lane
    lactate: Lane
    pf: Lane
    creatinine: Lane
    platelets: Lane
    bilirubin: Lane
    since_lactate: Lane
    since_pf: Lane
    since_creatinine: Lane
    since_platelets: Lane
    since_bilirubin: Lane


def worry(m: Lanes, c: Chart) -> Lane:
    """Return how worrying a chart looks, 0 (not at all) to 6.2: low pressure, fast heart, sleepiness, little urine, last lactate, SpO2."""
    blood = m.clip((70 - c.map) * (1 / 15), 0.0, 1.5) + m.clip((c.hr - 100) * (1 / 40), 0.0, 1.0)
    head = m.clip((14 - c.gcs) * 0.25, 0.0, 1.0) + 0.7 * m.number(c.urine < 0.5)
    return blood + head + m.clip((c.lactate - 2) * (1 / 3), 0.0, 1.0) + m.clip((94 - c.spo2) * (1 / 6), 0.0, 1.0)


def order_logit(m: Lanes, lab: Lab, since: Lane, worried: Lane) -> Lane:
    """Return the log odds that a test is ordered at a round."""
    again = lab.pace * (since - lab.due)
    return m.where(since >= NEVER, again * 0 + lab.first, again) + lab.worth * worried


class Charting:
    """The rules over one kind of numbers."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes, self.normals, self.odds = lanes, lanes.table(quantiles()), lanes.table(thresholds()[1])

    def begin(self, s: Body, k: Key, hour: Lane) -> Chart:
        """Return the chart of patients as they arrive, after the first round."""
        none = s.age * 0
        blanks = [none + 0.0 for _ in Chart._fields[:7]] + [none + lab.blank for lab in LABS] + [none + NEVER for _ in LABS]
        return self.read(s, k, hour, 0, Chart(*blanks))

    def read(self, s: Body, k: Key, hour: Lane, elapsed: int, old: Chart) -> Chart:
        """Return the chart at this hour, `elapsed` hours after the `old` one: hourly signs, and a round every four hours."""
        m, now, due = self.lanes, at(k, hour + _ROUNDS), (hour & 3) == 0
        words = [word(now, slot) for slot in range(3 + len(LABS))]
        z = [self.normals[half] for w in words[:3] for half in (w >> 16, w & _LOW)]
        signs = self._signs(s, z, elapsed, due, old)
        ages = [m.where(a >= NEVER, a, a + elapsed) for a in old[-len(LABS) :]]
        worried = worry(m, signs)
        values, since = list[Lane](), list[Lane]()
        for lab, w, last, age in zip(LABS, words[3:], old[7:], ages, strict=False):
            ordered = m.both(due, self.odds[w & _LOW] < order_logit(m, lab, age, worried))
            values.append(m.where(ordered, self._noisy(lab.name, getattr(s, lab.name), self.normals[w >> 16]), last))
            since.append(m.where(ordered, age * 0, age))
        return Chart(*signs[:7], *values, *since)

    def _signs(self, s: Body, z: Sequence[Lane], elapsed: int, due: Lane, old: Chart) -> Chart:
        """Return the old chart with fresh vital signs."""
        m = self.lanes
        urine = m.where(due, self._noisy("urine", s.urine, z[4]), old.urine)
        gcs = m.number(m.whole(self._noisy("gcs", 15 - 12 * s.cns, z[5]) + 0.5))
        return old._replace(
            map=self._noisy("map", s.map, z[0]),
            hr=self._noisy("hr", s.hr, z[1]),
            cvp=m.where(due, self._noisy("cvp", s.cvp, z[2]), old.cvp),
            spo2=m.where(due, self._noisy("spo2", s.spo2, z[3]), old.spo2),
            urine=urine,
            gcs=m.where(due, gcs, old.gcs),
            passed=old.passed + (4.0 if elapsed else 0.0) * m.number(due) * urine * s.weight,
        )

    def _noisy(self, name: str, x: Lane, z: Lane) -> Lane:
        """Return a value as it is measured, within the column's range."""
        c = _OF[name]
        return self.lanes.clip(x * (1 + c.share * z) if c.share else x + c.sd * z, c.low, c.high)
