"""Answers that are numbers, dates or weeks-and-days: what a text says, and the interval that counts as right.

Never `eval`: a numeric grammar of ASCII digits, linear in the text. Rules after MedCalc-Bench (Khandekar et al. 2024).
"""

from __future__ import annotations

import datetime
import math
import re
from typing import Any, NamedTuple

from medenvs.core.lanes import Lanes

NUMBER, DATE, WEEKS_DAYS = 0, 1, 2
_KINDS = {"date": DATE, "weeks_days": WEEKS_DAYS}
LONGEST = 64

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{0,30})?(?:[eE][+-]?\d{1,3})?|[+-]?\.\d{1,30}(?:[eE][+-]?\d{1,3})?"
# A unit, or "out of 5". No second number may follow: "5 or 6" is no answer.
_UNIT = r"(?:[ ]*(?![xXoObB]\d)(?:out of \d{1,3}|/?[A-Za-z%°µμ](?:(?! \d)[^<>]){0,40}))?"
_PLAIN = re.compile(rf"({_NUMBER}){_UNIT}", re.ASCII)
_FRACTION = re.compile(rf"([+-]?\d{{1,9}})[ ]*/[ ]*(\d{{1,9}}){_UNIT}", re.ASCII)
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_PAIR = re.compile(r"\([ ]*(\d{1,3})[ ]*,[ ]*([0-6])[ ]*\)", re.ASCII)
_WEEKS = re.compile(r"\(?'?(\d{1,3}) ?w(?:ee)?k?s?'?(?:,| and)? ?'?([0-6]) ?d(?:ays?)?'?\)?", re.ASCII)


class Reading(NamedTuple):
    """What an answer says: a kind (NUMBER, DATE as ordinal day, WEEKS_DAYS as days) and its value."""

    kind: int
    value: float


def read(text: str) -> tuple[Reading | None, str | None]:
    """Return (reading, None) or (None, why not). At most 64 characters, ASCII digits, U+2212 counts as minus."""
    body = text.strip().replace("\u2212", "-")
    if len(body) > LONGEST:
        return None, f"the answer is longer than {LONGEST} characters"
    for pattern, order in ((_US_DATE, (3, 1, 2)), (_ISO_DATE, (1, 2, 3))):
        if found := pattern.fullmatch(body):
            return _date(*(int(found[i]) for i in order))
    if found := _FRACTION.fullmatch(body):
        if int(found[2]) == 0:
            return None, "the fraction divides by zero"
        return Reading(NUMBER, int(found[1]) / int(found[2])), None
    if found := _PAIR.fullmatch(body) or _WEEKS.fullmatch(body):
        return Reading(WEEKS_DAYS, int(found[1]) * 7.0 + int(found[2])), None
    if found := _PLAIN.fullmatch(body):
        value = float(found[1].replace(",", ""))
        return (Reading(NUMBER, value), None) if math.isfinite(value) else (None, "the number is too large")
    return None, "the answer is not a number, a date MM/DD/YYYY or (weeks, days)"


def _date(year: int, month: int, day: int) -> tuple[Reading | None, str | None]:
    try:
        return Reading(DATE, float(datetime.date(year, month, day).toordinal())), None
    except ValueError:
        return None, "there is no such calendar day"


def interval(m: Lanes, truth: Any, output: str) -> tuple[Any, Any]:
    """Return (lowest, highest) value that counts as right.

    decimal: within 5 % of the size of the truth (0.05 when the truth is 0); integer: what rounds (half to even) to it; else exact.
    """
    if output == "decimal":
        slack = m.where(truth == 0, 0.05, m.maximum(truth, -truth) * 0.05)
        return truth - slack, truth + slack
    if output == "integer":
        half = m.where(m.whole(truth) % 2 == 0, 0.5, 0.5 - 1e-9)
        return truth - half, truth + half
    return truth, truth


def written(value: float, output: str) -> str:
    """Return a right answer as text: five significant digits, whole numbers, MM/DD/YYYY, or (weeks, days)."""
    if output == "date":
        return datetime.date.fromordinal(int(value)).strftime("%m/%d/%Y")
    if output == "weeks_days":
        return f"({int(value) // 7}, {int(value) % 7})"
    if output == "integer":
        return str(int(value))
    return f"{value:.1f}" if output == "half" else f"{value:.5g}"


def kind_of(output: str) -> int:
    """Return the reading kind that answers an output type."""
    return _KINDS.get(output, NUMBER)
