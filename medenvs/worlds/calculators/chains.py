"""Calculators whose input has to be computed first by another one: the deepest difficulty. Same formulas, composed."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from medenvs.core.lanes import Lanes

from . import acute, body, electrolytes, infection, renal, thrombosis
from .model import Calculator, Check, Formula, Input, Number

_BY_ID = {c.id: c for family in (acute, body, electrolytes, infection, renal, thrombosis) for c in family.CALCULATORS}


def chained(
    base: str, key: str, derive: Formula, inputs: tuple[Input, ...], asks: str, printed: str, inner: Check | None = None
) -> Calculator:
    """Return calculator `base` with input `key` computed by `derive` from `inputs` (drawn in its place).

    A derived value outside the range of the input it stands for, or on one of its edges, makes the draw invalid; so does what
    `inner`, the check of the inner calculator, refuses.
    """
    outer = _BY_ID[base]
    stands_for = next(i for i in outer.inputs if i.key == key)
    kept = tuple(i for i in outer.inputs if i.key != key and i.key not in {n.key for n in inputs})

    def complete(m: Lanes, v: Any) -> Any:
        whole = copy(v)
        setattr(whole, key, derive(m, v))
        return whole

    def valid(m: Lanes, v: Any, truth: Any) -> Any:
        whole = complete(m, v)
        ok = _fits(m, getattr(whole, key), stands_for)
        if inner is not None:
            ok = m.both(ok, inner(m, v, getattr(whole, key)))
        return ok if outer.valid is None else m.both(ok, outer.valid(m, whole, truth))

    return replace(
        outer,
        id=f"{base}+{key}",
        asks=asks,
        printed=f"{printed}. Then {outer.printed}",
        inputs=inputs + kept,
        formula=lambda m, v: outer.truth(m, complete(m, v)),
        items=(),
        valid=valid,
        medcalc_bench_id=None,
    )


def _fits(m: Lanes, x: Any, i: Input) -> Any:
    if not isinstance(i, Number):
        return x == x
    ok = m.both(x >= i.low, x <= i.high)
    for low, high in i.avoid:
        ok = m.both(ok, m.either(x < low - i.step / 2, x > high + i.step / 2))
    return ok


def _adjusted_clearance(m: Lanes, v: Any) -> Any:
    at_adjusted = copy(v)
    at_adjusted.weight = _BY_ID["adjbw"].truth(m, v)
    return _BY_ID["cockcroft_gault"].truth(m, at_adjusted)


_SHAPE = (Number("height", 153, 195), Number("weight", 62, 150))
_CLEARANCE = (Number("age", 18, 90), *_SHAPE, Number("scr", 0.6, 3.0, 0.1), next(i for i in _BY_ID["adjbw"].inputs if i.key == "female"))
_ADJUSTED = (
    "Adjusted weight = ideal weight + 0.4 x (weight - ideal weight) in kg, "
    "ideal weight = 50 in men or 45.5 in women + 2.3 x (height in inches - 60)"
)

CHAINS: tuple[Calculator, ...] = (
    chained(
        "cockcroft_gault",
        "weight",
        _BY_ID["adjbw"].truth,
        _CLEARANCE,
        "creatinine clearance by the Cockcroft-Gault equation, using the adjusted body weight (Devine ideal weight plus 0.4 of the excess)",
        _ADJUSTED,
    ),
    chained(
        "calvert",
        "gfr",
        _adjusted_clearance,
        _CLEARANCE,
        "carboplatin dose by the Calvert formula, target AUC x (GFR + 25), with the Cockcroft-Gault clearance at adjusted body weight "
        "(Devine ideal weight plus 0.4 of the excess) as the filtration rate",
        f"{_ADJUSTED}. Clearance = (140 - age) x adjusted weight / (72 x creatinine in mg/dL), times 0.85 in women",
    ),
    chained(
        "fwd",
        "na",
        lambda m, v: v.na + 0.024 * (v.glu - 100),
        (Number("na", 138, 160), Number("glu", 250, 700)),
        "free water deficit in litres, with the sodium first corrected for glucose by Hillier's factor 0.024 "
        "(total body water 0.6 of weight in men and 0.5 in women; 0.5 and 0.45 from 65 years)",
        "Corrected sodium = sodium + 0.024 x (glucose in mg/dL - 100)",
    ),
    chained(
        "ttkg",
        "sosm",
        lambda m, v: 2 * v.na + v.bun / 2.8 + v.glu / 18,
        (Number("na", 122, 150), Number("bun", 8, 60), Number("glu", 70, 300)),
        "transtubular potassium gradient, with the serum osmolality computed from sodium, glucose and blood urea nitrogen",
        "Serum osmolality = 2 x sodium + blood urea nitrogen in mg/dL / 2.8 + glucose in mg/dL / 18",
    ),
    chained(
        "ich",
        "gcs",
        _BY_ID["gcs"].truth,
        _BY_ID["gcs"].inputs,
        "ICH score, with the Glasgow coma scale added up from eye, verbal and motor response",
        f"Glasgow coma scale: {_BY_ID['gcs'].printed}",
        _BY_ID["gcs"].valid,
    ),
    chained(
        "padua",
        "bmi",
        _BY_ID["bmi"].truth,
        (Number("weight", 55, 125), Number("height", 152, 190)),
        "Padua prediction score, with the body mass index computed from weight and height",
        f"First the {_BY_ID['bmi'].printed}",
    ),
    chained(
        "sofa",
        "pf",
        lambda m, v: v.pao2 / v.fio2,
        (Number("pao2", 50, 140), Number("fio2", 0.3, 0.8, 0.05)),
        "SOFA score (original 1996 table, from the values given), with PaO2/FiO2 computed from the arterial pO2 and the inspired fraction",
        "PaO2/FiO2 = arterial pO2 in mmHg / inspired oxygen fraction",
    ),
)
