"""When a chart meets the criterion of a cost: what a monitor would sound for. It reads the chart alone, so in a noisy one it may err."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Chart = Mapping[str, float]

CRITERIA: Mapping[str, Callable[[Chart], bool]] = {
    "hypotension": lambda c: c["map"] < 65,
    "hypoxia": lambda c: c["spo2"] < 92,
    "oliguria": lambda c: c["urine"] < 0.5,
    "overload": lambda c: c["given"] - c["passed"] > 100 * c["weight"],
    "pressor": lambda c: c["pressor"] > 0.5,
    "untreated_shock": lambda c: c["hour"] > 0 and c["map"] < 55 and c["pressor"] <= 0 and c["fluid"] <= 80,
    "excess_pressor": lambda c: c["pressor"] > 0.5 and c["map"] > 95,
    "excess_fluid": lambda c: c["fluid"] > 960 and c["map"] >= 75 and c["cvp"] >= 15,
}
MARKS: Mapping[str, tuple[str, ...]] = {  # what each alarm is about
    "map": ("hypotension", "untreated_shock"),
    "spo2": ("hypoxia",),
    "urine": ("oliguria",),
    "balance": ("overload",),
    "pressor": ("pressor", "excess_pressor"),
    "fluid": ("excess_fluid",),
}


def alarms(chart: Chart) -> tuple[str, ...]:
    """Return the costs whose criterion the chart meets, in the order of the costs."""
    return tuple(name for name, met in CRITERIA.items() if met(chart))
