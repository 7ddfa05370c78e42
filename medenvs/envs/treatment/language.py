"""The words of a treatment: one chart line a step, and doses as "fluid 400, pressor 0.05"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from medenvs.core.language import Utterance
from medenvs.core.markup import block
from medenvs.worlds.sepsis.columns import NAMES

from .doses import FLUID, PRESSOR, Dose
from .state import ALIVE, DEAD, State, seen

_SAID: Mapping[str, float] = {"format": 1.0}
_UNSAID: Mapping[str, float] = {"format": 0.0}
_DOSE = re.compile(r"fluid ([0-9]{1,4}(?:\.[0-9]{1,6})?)(?: ?ml)?, ?pressor ([0-9](?:\.[0-9]{1,6})?)(?: ?ug/kg/min)?", re.ASCII)
_LONGEST = 80


class TreatmentLanguage:
    """Parses one pair of doses; the term ``format`` is 1 where the text held one that may be given."""

    terms: tuple[str, ...] = ("format",)
    version = "1"

    def __init__(self, box: bool = False, interval: int = 4) -> None:
        self.box, self.interval = box, interval
        self.nothing: Any = Dose(-1.0, -1.0) if box else -1

    def parse(self, role: str, text: str) -> Utterance:
        """Return the doses inside the one answer block that ends the text, or of a text that is nothing but doses."""
        body, fault = block(text, "answer") if "<" in text else (text, None)
        if fault is None:
            body = " ".join(body[: _LONGEST + 1].lower().split())
            found = _DOSE.fullmatch(body) if len(body) <= _LONGEST else None
            if found is None:
                fault = 'expected two doses, as in "fluid 400, pressor 0.05"'
            else:
                return self._meaning(float(found[1]), float(found[2]))
        return Utterance(self.nothing, fault, _UNSAID)

    def _meaning(self, fluid: float, pressor: float) -> Utterance:
        if self.box:
            if fluid <= FLUID[-1] and pressor <= PRESSOR[-1]:
                return Utterance(Dose(fluid, pressor), None, _SAID)
            return Utterance(self.nothing, f"fluid goes from 0 to {FLUID[-1]:g}, pressor from 0 to {PRESSOR[-1]:g}", _UNSAID)
        if fluid in FLUID and pressor in PRESSOR:
            return Utterance(5 * FLUID.index(fluid) + PRESSOR.index(pressor), None, _SAID)
        return Utterance(self.nothing, f"fluid is one of {_list(FLUID)}, pressor one of {_list(PRESSOR)}", _UNSAID)

    def render(self, state: State, role: str, rows: Any, heard: Sequence[str | None] | None) -> list[str]:
        """Return the task and the first chart line, a chart line, or how it ended."""
        names, chart = self.seen(state, rows)
        fates: list[int] = [state.fate] if isinstance(state.fate, int) else (state.fate if rows is None else state.fate[rows]).tolist()
        lines = chart.reshape(-1, len(names)).tolist()
        return [self._line(dict(zip(names, row, strict=True)), fate) for row, fate in zip(lines, fates, strict=True)]

    def seen(self, state: State, rows: Any) -> tuple[Sequence[str], Any]:
        """Return (names of the columns, one row of them a patient)."""
        return NAMES, seen(state, rows)

    def chart_line(self, c: Mapping[str, float]) -> str:
        """Return the chart in words, without the hour and the doses."""
        gas = f"SpO2 {c['spo2']:.0f} % at FiO2 {c['fio2']:.2f} (PaO2/FiO2 {c['pf']:.0f}{', ventilated' if c['vented'] else ''})"
        blood = (
            f"lactate {c['lactate']:.1f}, creatinine {c['creatinine']:.1f}, platelets {c['platelets']:.0f}, bilirubin {c['bilirubin']:.1f}"
        )
        urine = f"urine {c['urine']:.2f} mL/kg/h, given {c['given']:.0f} mL, passed {c['passed']:.0f} mL"
        return f"MAP {c['map']:.0f}, heart rate {c['hr']:.0f}, CVP {c['cvp']:.0f}, {gas}, {blood}, GCS {c['gcs']:.1f}, {urine}"

    def _line(self, c: Mapping[str, float], fate: int) -> str:
        if fate == DEAD:
            return f"Hour {c['hour']:.0f}: the patient has died."
        if fate == ALIVE:
            return f"Hour {c['hour']:.0f}: the patient has survived."
        line = self.chart_line(c)
        if c["hour"]:
            return f"Hour {c['hour']:.0f} (fluid {c['fluid']:g}, pressor {c['pressor']:.3g}): {line}."
        return f"{self._task(c)}\n\nHour 0: {line}."

    def _task(self, c: Mapping[str, float]) -> str:
        doses = f"from 0 to {FLUID[-1]:g} and from 0 to {PRESSOR[-1]:g}" if self.box else f"{_list(FLUID)} and {_list(PRESSOR)}"
        every = "four hours" if self.interval == 4 else "hour"
        who = f"{'Man' if c['male'] else 'Woman'}, {c['age']:.0f} years, {c['weight']:.0f} kg, with sepsis (simulated)."
        return (
            f"{who} Every {every}, for 80 hours, choose fluid (mL in four hours) and vasopressor (ug/kg/min norepinephrine equivalent): "
            f"{doses}. The aim is that the patient survives. End each reply with <answer>fluid 400, pressor 0.05</answer>."
        )

    def speak(self, role: str, action: Any, kind: int = 0) -> str:
        """Return the text of an action: what `parse` reads back."""
        if self.box:
            return f"<answer>fluid {action[0]:g}, pressor {action[1]:g}</answer>"
        dose: int = action
        return f"<answer>fluid {FLUID[dose // 5]:g}, pressor {PRESSOR[dose % 5]:g}</answer>"

    def sample(self, role: str, word: int) -> str:
        """Return a valid text for a random 32-bit word."""
        if self.box:
            return self.speak(role, ((word >> 8) % 1001, (word & 0xFF) % 61 * 0.01))
        return self.speak(role, word % 25)


def _list(doses: Sequence[float]) -> str:
    return ", ".join(f"{d:g}" for d in doses[:-1]) + f" or {doses[-1]:g}"
