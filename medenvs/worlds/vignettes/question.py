"""The question behind a note, and the worked solution."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from types import SimpleNamespace

from medenvs.core.lanes import PLAIN
from medenvs.worlds.calculators.body import OPIOIDS
from medenvs.worlds.calculators.drawing import decimals, shown
from medenvs.worlds.calculators.model import Calculator, Day, Level, Number

from .words import data, day, units

_ASK = (
    "Question: What is the patient's {asks}{unit}?",
    "Question: Work out the {asks}{unit}.",
    "Question: From this note, what is the {asks}{unit}?",
    "Question: Give the {asks} of this patient{unit}.",
)
_FORM = {
    "decimal": "the number alone, to at least three significant digits",
    "integer": "the whole number alone",
    "half": "the number alone (half points count)",
    "date": "the date as MM/DD/YYYY",
    "weeks_days": "weeks and days as (weeks, days)",
}


def questions(calculator: Calculator, given: bool) -> tuple[str, ...]:
    """Return the four ways to ask for a calculator's answer, with its formula if that is given."""
    said = not calculator.unit or calculator.unit in calculator.asks or (calculator.unit == "%" and "percent" in calculator.asks)
    unit = "" if said else f", in {calculator.unit}"
    formula = f"\nFormula: {calculator.printed}." if given else ""
    ending = f"{formula}\nReason first if you like. End your reply with <answer>…</answer> holding {_FORM[calculator.output]}."
    return tuple(ask.format(asks=calculator.asks, unit=unit) + ending for ask in _ASK)


def entities(calculator: Calculator, values: Sequence[float], in_units: Sequence[int]) -> dict[str, str]:
    """Return what must be read from the note: label -> value as it is printed, and as it enters the formula."""
    found: dict[str, str] = {}
    for i, value, unit in zip(calculator.inputs, values, in_units, strict=False):
        words = data("quantities").get(i.key) or data("flags").get(i.key) or {"label": i.key.replace("_", " ")}
        if isinstance(i, Number):
            text = f"{value:.{decimals(i.step) if not unit else 4}f} {words['unit']}".strip()
            if unit:
                other = units()[i.key][unit - 1]
                text = f"{shown(value, other):.{other.digits}f} {other.name} = {text}"
        elif isinstance(i, Day):
            text = day(datetime.date.fromordinal(int(value)))
        elif i.key.startswith("drug_"):
            text = OPIOIDS[int(value)]
        elif isinstance(i, Level):
            text = words["levels"][int(value)][0]
        else:
            text = "yes" if value else "no"
        found["sex" if i.key == "female" else words["label"]] = ("woman" if value else "man") if i.key == "female" else text
    return found


def explained(calculator: Calculator, values: Sequence[float], in_units: Sequence[int], answer: str) -> list[str]:
    """Return the solution step by step: what the note says, the rule, the points, the `answer`."""
    steps = [f"{label}: {text}" for label, text in entities(calculator, values, in_units).items()]
    steps.append(f"Rule: {calculator.printed}.")
    if calculator.items:
        v = SimpleNamespace(**{i.key: value for i, value in zip(calculator.inputs, values, strict=False)})
        steps.extend(f"{item.label}: {item.points(PLAIN, v):+g}" for item in calculator.items)
    steps.append(f"{calculator.name} = {answer} {calculator.unit}".strip())
    return steps
