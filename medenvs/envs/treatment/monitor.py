"""A bedside monitor drawn from charts: numbers, trends over the stay, doses as bars, alarms where a cost's criterion is met.

It is given what the clinician has observed and nothing else, so nothing hidden can show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .alarms import MARKS, Chart, alarms
from .canvas import Canvas, Colour

WIDTH, HEIGHT, ALARM = 1120, 700, (206, 28, 38)
_GROUND, _PANEL, _GRID, _DIM, _INK, _AMBER = (9, 12, 17), (17, 22, 30), (33, 41, 53), (139, 151, 168), (236, 241, 246), (240, 180, 60)
_LEFT, _RIGHT, _NUMBERS, _TOP, _HOURS = 52, 830, 846, 82, 80
_NOTICE = "SIMULATED - NOT FOR CLINICAL USE"


class Row(NamedTuple):
    """A trend: its column, axis, normal band (equal ends: bars, no band), height, and how its number is written."""

    name: str
    label: str
    unit: str
    colour: Colour
    low: float
    high: float
    band: tuple[float, float]
    height: int
    digits: int


ROWS = (
    Row("map", "MAP", "mmHg", (255, 99, 99), 35, 115, (65, 100), 100, 0),
    Row("hr", "HR", "/min", (74, 222, 110), 50, 150, (60, 100), 84, 0),
    Row("spo2", "SpO2", "%", (64, 214, 236), 80, 100, (92, 100), 84, 0),
    Row("urine", "Urine", "mL/kg/h", (242, 215, 84), 0, 2, (0.5, 2), 68, 2),
    Row("lactate", "Lactate", "mmol/L", (203, 153, 255), 0, 8, (0, 2), 68, 1),
    Row("fluid", "Fluid", "mL in 4 h", (92, 156, 255), 0, 1000, (0, 0), 56, 0),
    Row("pressor", "Vasopressor", "ug/kg/min", (255, 158, 84), 0, 0.6, (0, 0), 56, 2),
)
TILES = (  # column, label, digits, what is written behind the number
    ("cvp", "CVP", 0, " mmHg"),
    ("fio2", "FiO2", 2, ""),
    ("pf", "PaO2/FiO2", 0, ""),
    ("creatinine", "Creatinine", 1, ""),
    ("platelets", "Platelets", 0, ""),
    ("bilirubin", "Bilirubin", 1, ""),
    ("gcs", "GCS", 0, ""),
    ("balance", "Balance / weight", 1, " L"),
)


class Monitor:
    """The painter of a system whose observations hold the columns `names` (those of a chart, in order)."""

    fps = 3

    def __init__(self, title: str, names: Sequence[str], never: float = np.inf) -> None:
        self.title, self.names, self.never = title, tuple(names), never

    def paint(self, seen: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Return (700, 1120, 3) uint8 pixels of the observations so far, the last one being now; raises MissingExtra without Pillow."""
        charts = [dict(zip(self.names, s["observation"].tolist(), strict=True)) for s in seen]
        canvas, now = Canvas(WIDTH, HEIGHT, _GROUND), charts[-1]
        _head(canvas, self.title, now)
        top = _TOP
        for row in ROWS:
            self._row(canvas, row, top, charts)
            top += row.height
        for hour in range(0, _HOURS + 1, 8):
            canvas.text(_across(hour), top + 8, f"{hour} h" if hour in (0, _HOURS) else str(hour), 14, _DIM, "mm")
        canvas.text(WIDTH - 14, top + 8, "red: the limit of a cost is met", 14, _DIM, "rm")
        for i, tile in enumerate(TILES):
            self._tile(canvas, tile, 12 + i * 137.25, top + 20, now)
        return canvas.pixels()

    def _row(self, canvas: Canvas, row: Row, top: int, charts: Sequence[Chart]) -> None:
        """Draw a trend, its alarms so far, and its number now."""
        bottom, now = top + row.height - 6, charts[-1]
        canvas.box(_LEFT, top, _RIGHT, bottom, _PANEL)
        if row.band[0] < row.band[1]:
            canvas.box(_LEFT, _up(row, row.band[1], top), _RIGHT, _up(row, row.band[0], top), _mixed(row.colour, 0.15))
            for edge in {*row.band} - {0}:
                canvas.text(_LEFT - 6, _up(row, edge, top), f"{edge:g}", 14, _DIM, "rm")
        else:
            canvas.text(_LEFT - 6, top + 6, f"{row.high:g}", 14, _DIM, "rm")
        for hour in range(8, _HOURS, 8):
            canvas.line([(_across(hour), top), (_across(hour), bottom)], _GRID)
        (self._trend if row.band[0] < row.band[1] else _bars)(canvas, row, top, charts)
        for before, c in zip((charts[0], *charts), charts, strict=False):
            if _sounds(row.name, c):
                canvas.box(_across(before["hour"]), bottom - 5, max(_across(c["hour"]), _across(before["hour"]) + 4), bottom, ALARM)
        self._number(canvas, row, top, now)

    def _trend(self, canvas: Canvas, row: Row, top: int, charts: Sequence[Chart]) -> None:
        """Draw a line through what was measured, with points where it is not measured every time."""
        since, seldom = f"since_{row.name}", f"since_{row.name}" in charts[-1]
        points = [(_across(c["hour"]), _up(row, c[row.name], top)) for c in charts if c.get(since, 0) == 0]
        if not points:
            return
        if seldom:
            canvas.line([points[-1], (_across(charts[-1]["hour"]), points[-1][1])], _mixed(row.colour, 0.5), 1)
        if len(points) > 1:
            canvas.line(points, row.colour, 2)
        for x, y in points if seldom else points[-1:]:
            canvas.dot(x, y, 3, row.colour)

    def _number(self, canvas: Canvas, row: Row, top: int, now: Chart) -> None:
        """Write what it is now, on red if it sounds."""
        sounds, tall = _sounds(row.name, now), row.height > 60
        bottom, ink = top + row.height - 6, _INK if sounds else row.colour
        canvas.box(_NUMBERS, top, WIDTH - 12, bottom, ALARM if sounds else _PANEL)
        middle = (top + bottom) / 2
        canvas.text(_NUMBERS + 12, middle - 10, row.label, 18, ink)
        canvas.text(_NUMBERS + 12, middle + 12, row.unit, 15, _INK if sounds else _DIM)
        since = now.get(f"since_{row.name}", 0)
        value = "--" if since >= self.never else f"{now[row.name]:.{row.digits}f}"
        canvas.text(WIDTH - 24, middle, value, 46 if tall else 32, _mixed(ink, 0.6) if since else ink, "rm")
        if 0 < since < self.never:
            canvas.text(_NUMBERS + 88, middle + 12, f"{since:.0f} h ago", 15, _DIM)

    def _tile(self, canvas: Canvas, tile: tuple[str, str, int, str], left: float, top: int, now: Chart) -> None:
        """Write one of the smaller numbers."""
        name, label, digits, behind = tile
        balance, since = 0.001 * (now["given"] - now["passed"]), now.get(f"since_{name}", 0)
        sounds = _sounds(name, now)
        canvas.box(left, top, left + 129, HEIGHT - 10, ALARM if sounds else _PANEL)
        canvas.text(left + 10, top + 17, label, 15, _INK if sounds else _DIM)
        value = f"{balance:+.{digits}f}" if name == "balance" else "--" if since >= self.never else f"{now[name]:.{digits}f}"
        canvas.text(left + 10, top + 46, value + behind, 22, _mixed(_INK, 0.6) if since else _INK)
        note = f"{100 * balance / now['weight']:.0f} %" if name == "balance" else f"{since:.0f} h ago" if 0 < since < self.never else ""
        note = note or ("ventilated" if name == "fio2" and now["vented"] else "")
        canvas.text(left + 120, top + 47, note, 13, _INK if sounds else _DIM, "rm")


def _head(canvas: Canvas, title: str, now: Chart) -> None:
    """Write who it is, the hour, and the alarms."""
    who = f"{'Man' if now['male'] else 'Woman'}, {now['age']:.0f} years, {now['weight']:.0f} kg"
    canvas.text(14, 22, who, 19, _INK)
    canvas.text(_across(40), 22, f"hour {now['hour']:.0f} of {_HOURS}", 19, _INK, "mm")
    canvas.text(WIDTH - 14, 15, _NOTICE, 15, _AMBER, "rm")
    canvas.text(WIDTH - 14, 33, title, 15, _DIM, "rm")
    left = 14.0
    for name in alarms(now):
        words = name.replace("_", " ").upper()
        right = left + 24 + canvas.width(words, 15)
        canvas.box(left, 46, right, 72, ALARM, 5)
        canvas.text(left + 12, 59, words, 15, _INK)
        left = right + 8
    if left == 14:
        canvas.text(left, 59, "no alarm", 15, _DIM)


def _bars(canvas: Canvas, row: Row, top: int, charts: Sequence[Chart]) -> None:
    """Draw each dose over the hours in which it was given."""
    for before, c in pairwise(charts):
        if c[row.name] > 0:
            high = min(_up(row, c[row.name], top), top + row.height - 9)
            canvas.box(_across(before["hour"]) + 1, high, _across(c["hour"]) - 1, top + row.height - 6, row.colour)


def _sounds(name: str, chart: Chart) -> bool:
    return bool(set(MARKS.get(name, ())) & set(alarms(chart)))


def _across(hour: float) -> float:
    return _LEFT + 4 + (_RIGHT - _LEFT - 8) * hour / _HOURS


def _up(row: Row, value: float, top: int) -> float:
    """Return where a value stands between the row's bottom and top; beyond its axis, at the edge."""
    share = min(max((value - row.low) / (row.high - row.low), 0.0), 1.0)
    return top + 6 + (row.height - 16) * (1 - share)


def _mixed(colour: Colour, share: float) -> Colour:
    """Return a colour dimmed towards the ground."""
    r, g, b = (round(ground + share * (c - ground)) for c, ground in zip(colour, _PANEL, strict=True))
    return r, g, b
