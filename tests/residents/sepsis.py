"""Sepsis physiology as a test resident: numbers only, 25 discrete doses, 20 steps of four hours. Simulated; not for clinical use.

Written under the arithmetic rule: powers are polynomials, or tables where the base is one of five doses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from medenvs.core.cases import Case, Endless
from medenvs.core.fields import Choice, KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.language import Utterance
from medenvs.core.randomness import Key, at, below, key, normal, quantiles, uniform
from medenvs.core.reward import Term
from medenvs.core.system import System
from medenvs.core.turn import Lane, Turn

from .sepsis_body import CONTRACTILE, RATE, RENAL, Body, betas, power

HORIZON = 20
FLUID = (0.0, 50.0, 150.0, 400.0, 1000.0)  # mL in four hours
PRESSOR = (0.0, 0.05, 0.15, 0.30, 0.60)  # ug/kg/min
_WASTE = (0.0, 0.0274101, 0.110858, 0.229640, 0.402845)  # (u / (u + .5)) to the power 1.5, per pressor dose
_STREAM, _PATIENTS = 9_002, 9_102
OBSERVED = (
    "age",
    "weight",
    "step",
    "pressor",
    "map",
    "hr",
    "spo2",
    "fio2",
    "pf",
    "lac",
    "cr",
    "plt",
    "bil",
    "cns",
    "uo",
    "cvp",
    "given",
    "passed",
)


class SepsisKernel:
    """Rules over lanes; the patient hangs on the case, the hours on the episode."""

    nothing = -1

    def __init__(self, lanes: Lanes = PLAIN) -> None:
        self.lanes = m = lanes
        face = {"observation": Numbers((len(OBSERVED),), -1e6, 1e6)}
        doses = Choice([f"{f:g} mL, {u:g} ug/kg/min" for f in FLUID for u in PRESSOR])
        costs = ("hypotension", "hypoxia", "oliguria", "overload", "pressor")
        self.spec = KernelSpec(_STREAM, (Role("clinician", doses, face),), ("survived", "invalid", "lactate"), costs, HORIZON)
        self.normals, self.betas = m.table(quantiles()), tuple(m.table(b) for b in betas())
        self.fluids = m.table(np.array([f for f in FLUID for _ in PRESSOR]))
        self.pressors = m.table(np.array(PRESSOR * 5))
        self.wastes = m.table(np.array(_WASTE * 5))

    def on(self, lanes: Lanes) -> SepsisKernel:
        return SepsisKernel(lanes)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> Body:
        s = self._admit(case["case"], keys)
        none = s.age * 0
        s.pressor = s.passed = s.wet = s.vented = none
        s.map, s.hr, s.spo2 = none + 75, s.hr0 * 1.2, none + 95
        self._circulate(s, none, none)
        self._soak(s)
        s.fio2 = self.lanes.clip(0.25 + 0.6 * (s.lung + 0.09 * s.wet), 0.21, 0.8)
        s.uo = self._urine(s, none)
        self._breathe(s, key(_PATIENTS, s.case, 1))
        return s

    def _draws(self, k: Key) -> tuple[Callable[[int], Lane], Callable[[int], Lane], Callable[[int, int], Lane]]:
        """Return uniforms, normals and betas of a patient, each by slot."""
        return (
            lambda slot: self.lanes.number(uniform(k, slot)),
            lambda slot: normal(k, slot, self.normals),
            lambda slot, shape: self.betas[shape][below(k, slot, 1024)],
        )

    def _admit(self, case: Lane, keys: Key) -> Body:
        m, k = self.lanes, key(_PATIENTS, case)
        u, z, beta = self._draws(k)
        age, weight = m.clip(66 + 15 * z(0), 18.0, 95.0), m.clip(80 + 18 * z(1), 40.0, 160.0)
        w, frail, inflamed = weight * 0.0125, beta(2, 0), m.clip(beta(3, 1), 0.15, 1.0)
        weak = m.number(u(4) < 0.25)
        heart = m.clip(1 - 0.2 * frail - 0.15 * inflamed * u(5) - weak * (0.15 + 0.15 * u(6)), 0.45, 1.0)
        short = m.clip(0.25 + 0.35 * z(7) + 0.36 * inflamed, -0.1, 1.5)
        oedema = w * m.clip(-0.2 + 1.5 * z(8) - (short - 0.5) + 0.8 * weak, -3.0, 3.5)
        kidney = m.where(u(9) < 0.25, 0.10 + 0.25 * u(10), m.clip(1 - 0.35 * frail * u(11) - 0.45 * inflamed * u(12), 0.12, 1.0))
        cr0 = 0.8 + 0.2 * m.number(u(13) < 0.56)
        return Body(
            case,
            keys,
            age,
            weight,
            frail,
            decay=m.clip(0.028 * m.exp(0.5 * z(14)), 0.004, 0.09) * (1 - 0.9 * m.number(u(15) < 0.15)),
            hit=m.where(u(16) < 0.2, 4 + below(k, 17, 11), 99),
            plegia=m.where(u(18) < 0.35, beta(19, 2), 0.6 * beta(20, 3)),
            leak=0.9 * m.exp(1.2 * z(21)),
            sensitive=m.exp(0.35 * z(22)),
            heart=heart,
            drive=power(heart, CONTRACTILE),
            map0=m.clip(88 + 9 * z(23) + 8 * m.number(age > 70), 65.0, 115.0),
            hr0=m.clip(80 + 9 * z(24), 55.0, 110.0),
            cr0=cr0,
            tolerance=m.clip(1.4 + 1.4 * z(25), 0.2, 4.0),
            inflamed=inflamed,
            deficit=-w * short,
            oedema=oedema,
            kidney=kidney,
            lung=m.clip(beta(26, 4) + 0.4 * inflamed * u(27), 0.0, 0.8),
            organs=m.clip(0.1 * frail + 0.2 * inflamed * u(28), 0.0, 1.0),
            lac=m.clip(1 + 3.5 * inflamed * u(29) + 0.8 * m.maximum(w * short, 0.0), 0.7, 9.0),
            cr=m.ratio(cr0, kidney * power(kidney, RENAL)),
            cns=m.clip(0.45 * inflamed * u(30) + 0.1 * frail, 0.0, 1.0),
            plt=m.clip((215 + 80 * z(31)) * (1 - 0.5 * inflamed), 15.0, 500.0),
            bil=m.exp(0.7 * z(32) - 0.1) * (1 + 0.9 * inflamed),
            given=weight * m.clip(32 + 14 * m.ratio(oedema, w) + 10 * z(33), 0.0, 90.0),
            step=case * 0,
            dead=m.number(case < 0),
        )

    def _circulate(self, s: Body, u: Lane, waste: Lane) -> None:
        m = self.lanes
        z = s.filling = m.clip((0.45 + m.ratio(s.deficit, 0.07 * s.weight)) * (1 / 0.45), 0.05, 2.2)
        stroke = m.ratio(1.35 * z * z, 0.35 + z * z) * (1 - 0.35 * m.maximum(z - 1.35, 0.0) * (1 - s.heart))
        alarm = 0.5 * m.clip((75 - s.map) * (1 / 75), 0.0, 0.6)
        faster = m.clip(1 + 0.3 * s.inflamed + alarm + 0.08 * m.ratio(u, u + 0.2), 0.8, 1.9)
        s.hr = s.hr + 0.7 * (m.clip(s.hr0 * faster, 40.0, 185.0) - s.hr)
        load = 1 - 0.12 * m.ratio(u, u + 0.3) * (1 + 1.5 * (1 - s.heart))
        s.output = s.drive * stroke * power(m.ratio(s.hr, s.hr0), RATE) * load
        felt = u * s.sensitive * (1 - 0.3 * s.inflamed)
        slack = 0.85 * s.plegia * m.ratio(s.inflamed, s.inflamed + 0.15)
        tone = (1 - slack) * (1 + 1.2 * m.ratio(felt, felt + 0.3))
        s.constricting = m.ratio(felt, felt + 0.1)
        s.map = m.clip(4 + 3 * m.maximum(z - 1, 0.0) + (s.map0 - 4) * s.output * tone, 25.0, 150.0)
        s.delivery = s.output * (1 - 0.45 * waste) * m.clip((s.map - 35) * (1 / 32), 0.0, 1.1) * (s.spo2 * (1 / 97))

    def _soak(self, s: Body) -> None:
        m = self.lanes
        swollen = m.clip(m.ratio(80 * s.oedema, s.weight) - s.tolerance, 0.0, 12.0)
        s.wet = swollen + 4 * m.clip(s.filling - 1.1, 0.0, 1.0) * (1 - s.heart)

    def _urine(self, s: Body, surplus: Lane) -> Lane:
        m = self.lanes
        flow = 1.04 * s.kidney * m.clip((s.map - 48) * 0.04, 0.0, 1.3) * m.clip(s.output, 0.3, 1.3)
        return m.clip(flow * (1 + 0.5 * surplus), 0.0, 4.0)

    def _breathe(self, s: Body, k: Key) -> None:
        m = self.lanes
        s.pf = m.clip(460 * m.exp(-1.75 * (s.lung + 0.09 * s.wet)) + 8 * normal(k, 8, self.normals), 45.0, 520.0)
        kept = s.vented * m.number(m.both(s.pf >= 150, s.pf <= 230))
        s.vented = m.number(s.pf < 150) + kept
        p = s.pf * s.fio2 + 15 * s.vented
        q = p * p * p + 150 * p
        s.spo2 = m.clip(m.ratio(100 * q, q + 23_400) + 0.7 * normal(k, 9, self.normals), 50.0, 100.0)
        full = 8 + 14 * (s.filling - 1) + 8 * (1 - s.heart) * m.clip(s.filling, 0.0, 1.5)
        s.cvp = m.clip(full + 1.5 * normal(k, 10, self.normals), 0.0, 30.0)

    def _hour(self, s: Body, ml: Lane, u: Lane, waste: Lane, noise: Lane) -> None:
        m = self.lanes
        self._circulate(s, u, waste)
        debt, hot = m.clip(0.85 - s.delivery, 0.0, 1.0), s.inflamed
        seep = 0.2 * (1 + 1.5 * hot) * (s.deficit - s.oedema * (1 / 3) * (1 - 0.7 * hot)) + 0.045 * s.leak * hot
        s.uo = self._urine(s, m.clip(s.filling - 1, 0.0, 1.0))
        urine, skin = s.uo * s.weight * 0.001, 0.0005 * s.weight
        s.deficit = s.deficit + ml * 0.00025 - seep - (0.2 + 0.3 * m.number(s.deficit > -0.6)) * urine - 0.3 * skin
        s.oedema = m.clip(s.oedema + seep - 0.5 * urine - 0.5 * skin, -3.0, 25.0)
        s.inflamed = hot = m.clip(hot * m.exp(-s.decay) + 0.006 * debt * hot + 0.006 * noise, 0.0, 1.2)
        s.lac = m.clip(s.lac + 0.25 + 1.3 * debt + 0.2 * hot - 0.25 * s.lac * (1 - 0.4 * s.organs), 0.4, 20.0)
        worse = 0.035 * m.clip((62 - s.map) * 0.05, 0.0, 1.0) + 0.02 * debt
        worse = worse + 0.002 * m.clip(m.ratio(80 * s.oedema, s.weight) - 5, 0.0, 6.0)
        s.kidney = m.clip(s.kidney - worse * s.kidney + 0.006 * (1 - s.kidney) * m.number(debt < 0.1), 0.04, 1.0)
        self._soak(s)
        hurt = 0.008 * hot * m.number(debt > 0.15) + 0.0045 * s.wet * (0.5 + hot)
        s.lung = m.clip(s.lung + hurt - 0.006 * s.lung * m.number(hot < 0.4), 0.0, 1.0)
        squeezed = 0.016 * m.clip((s.map - 80) * 0.05, 0.0, 1.5) + 0.02 * m.clip(0.75 - s.filling, 0.0, 0.6)
        harm = 0.021 * debt + 0.02 * m.clip(u - 0.2, 0.0, 1.0) + squeezed * s.constricting + 0.005 * hot * hot
        harm = harm + 0.001 * m.clip(s.lac - 4, 0.0, 8.0) + 0.008 * s.wet + 0.015 * m.clip((92 - s.spo2) * 0.125, 0.0, 1.5)
        s.organs = m.clip(s.organs + harm - 0.006 * s.organs * (1 - m.minimum(hot, 1.0)) * m.number(debt < 0.05), 0.0, 1.0)

    def step(self, s: Body, moves: Mapping[str, Lane], active: Lane) -> tuple[Body, Turn]:
        m, a = self.lanes, moves["clinician"]
        valid = m.both(a >= 0, a < 25)
        dose, now = m.where(valid, a, 0), at(s.key, s.step)
        ml, u, waste = self.fluids[dose], self.pressors[dose], self.wastes[dose]
        s.inflamed = m.where(s.hit == s.step, m.clip(s.inflamed + 0.25 + 0.3 * m.number(uniform(now, 11)), 0.0, 1.2), s.inflamed)
        lowest, flow = s.map * 0 + 200, s.uo * 0
        for hour in range(4):
            self._hour(s, ml, u, waste, normal(now, hour, self.normals))
            lowest, flow = m.minimum(lowest, s.map), flow + 0.25 * s.uo
        s.uo, s.pressor, s.step = flow, u, s.step + 1
        self._breathe(s, now)
        s.fio2 = m.clip(s.fio2 + 0.1 * m.number(s.spo2 < 91) - 0.05 * m.number(s.spo2 > 95), 0.21, 1.0)
        self._labs(s, ml)
        over, died = self._fate(s, now)
        s.dead = m.number(died)
        load = m.ratio(0.001 * (s.given - s.passed), s.weight)
        harms = {"hypotension": lowest < 65, "hypoxia": s.spo2 < 92, "oliguria": s.uo < 0.5, "overload": load > 0.1, "pressor": u > 0.5}
        terms = {"survived": m.number(m.both(over, m.no(died))), "invalid": m.number(m.no(valid)), "lactate": s.lac + 0}
        never = m.both(over, m.no(over))
        return s, Turn(terms, {name: m.number(harm) for name, harm in harms.items()}, over, never, {"survived": m.no(over)})

    def _labs(self, s: Body, ml: Lane) -> None:
        m = self.lanes
        s.given, s.passed = s.given + ml, s.passed + s.uo * 4 * s.weight
        s.cr = s.cr + 0.25 * (m.ratio(s.cr0, s.kidney * power(s.kidney, RENAL)) - s.cr)
        s.cns = m.clip(0.7 * s.cns + 0.3 * (0.25 * s.inflamed + 0.9 * m.clip(0.8 - s.delivery, 0.0, 1.0) + 0.3 * s.organs), 0.0, 1.0)
        s.plt = m.clip(s.plt + 0.05 * (230 * (1 - 0.6 * s.inflamed) * (1 - 0.4 * s.organs) - s.plt), 8.0, 500.0)
        s.bil = m.clip(s.bil + 0.06 * (0.8 + 7.5 * s.organs * s.organs + s.inflamed - s.bil), 0.2, 25.0)

    def _fate(self, s: Body, now: Key) -> tuple[Lane, Lane]:
        """Return (the episode is over, the patient has died)."""
        m, old = self.lanes, s.age - 66
        hazard = 4.6 * s.organs + 0.275 * m.clip(s.lac - 4, 0.0, 8.0) + 1.6 * m.number(s.map < 50)
        hazard = m.exp(hazard + 1.4 * m.clip((90 - s.spo2) * (1 / 6), 0.0, 1.5) + 0.015 * old + 0.8 * s.frail - 7.9)
        late = 5.6 * s.organs + 0.15 * m.clip(s.lac - 2, 0.0, 8.0) + m.clip((250 - s.pf) * (1 / 150), 0.0, 1.0)
        late = late + 1.2 * m.clip((65 - s.map) * (1 / 15), 0.0, 1.5) + 0.02 * old + s.frail - 5.1
        last, u, v = s.step >= HORIZON, m.number(uniform(now, 12)), m.number(uniform(now, 13))
        now_dead, later_dead = u < 1 - m.exp(-4 * hazard), v * (1 + m.exp(-late)) < 1
        died = m.either(now_dead, m.both(last, later_dead))
        return m.either(last, died), died

    def mover(self, s: Body) -> Lane:
        return 0

    def observe(self, s: Body, role: str, rows: Any = None) -> dict[str, Any]:
        seen = [np.asarray(getattr(s, name), np.float32) for name in OBSERVED]
        return {"observation": np.stack([x if rows is None else x[rows] for x in seen], -1)}

    def truth(self, s: Body, row: int | None) -> dict[str, Any]:
        """Return the hidden constants of a patient."""
        names = ("case", "plegia", "leak", "decay", "organs")
        return {n: getattr(s, n) if row is None else getattr(s, n)[row].item() for n in names}


class Silent:
    """There are no words here."""

    terms = ()
    version = "1"

    def parse(self, role: str, text: str) -> Utterance:
        return Utterance(SepsisKernel.nothing, "numbers only", {})

    def render(self, state: Body, role: str, rows: Any, heard: Any) -> list[str]:
        count = 1 if not np.ndim(state.age) else len(state.age) if rows is None else len(rows)
        return ["Numbers only."] * count


class Ward(Endless):
    """Patients; all of a patient hangs on the case number."""

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        return {"case": cases}

    def __getitem__(self, case: int) -> Case:
        return Case(case, "", {}, meta={"split": self.split_of(case)})


TERMS = (Term("survived", 1.0), Term("invalid", -0.1), Term("lactate", -0.01))


def sepsis() -> System:
    """Return the composition."""
    return System("tests/Sepsis", SepsisKernel(), Silent(), Ward(), TERMS)
