"""The words of a chart whose blood tests are of different ages: "lactate 2.3 (6 h ago)", "bilirubin not measured"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medenvs.worlds.sepsis.charting import NEVER, PARTIAL_NAMES

from .kernel_partial import charted
from .language import TreatmentLanguage
from .state import State


class PartialLanguage(TreatmentLanguage):
    """Discrete doses are parsed as TreatmentLanguage parses them; the chart line says how old each result is."""

    def seen(self, state: State, rows: Any) -> tuple[Sequence[str], Any]:
        """Return (names of the columns, one row of them a patient)."""
        return PARTIAL_NAMES, charted(state, rows)

    def chart_line(self, c: Mapping[str, float]) -> str:
        """Return the chart in words, without the hour and the doses."""
        air = f"SpO2 {c['spo2']:.0f} % at FiO2 {c['fio2']:.2f}{' (ventilated)' if c['vented'] else ''}"
        blood = ", ".join(
            (
                _result(c, "lactate", "lactate", 1),
                _result(c, "pf", "PaO2/FiO2", 0),
                _result(c, "creatinine", "creatinine", 1),
                _result(c, "platelets", "platelets", 0),
                _result(c, "bilirubin", "bilirubin", 1),
            )
        )
        urine = f"urine {c['urine']:.2f} mL/kg/h, given {c['given']:.0f} mL, passed {c['passed']:.0f} mL"
        return f"MAP {c['map']:.0f}, heart rate {c['hr']:.0f}, CVP {c['cvp']:.0f}, {air}, GCS {c['gcs']:.0f}, {urine}, {blood}"


def _result(c: Mapping[str, float], name: str, label: str, digits: int) -> str:
    hours = c[f"since_{name}"]
    if hours >= NEVER:
        return f"{label} not measured"
    return f"{label} {c[name]:.{digits}f}" + (f" ({hours:.0f} h ago)" if hours else "")
