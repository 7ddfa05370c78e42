"""The plots of the sepsis suite as SVG files, drawn from its document: estimates beside truth, weights, dose gaps, the null world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, log10
from pathlib import Path
from typing import Any

from medenvs.evaluation.drawing import COLOURS, Panel, page

from .estimates import ESTIMATORS

_FOOT = "Simulated, effects made visible on purpose: nothing here says that a dose helps a patient."


def draw(doc: Mapping[str, Any], out: Path) -> list[Path]:
    """Write the plots and return where they are."""
    out.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    for name, plot in _PLOTS.items():
        path = out / f"{name}.svg"
        path.write_text(plot(doc), encoding="utf-8")
        found.append(path)
    return found


def estimates(doc: Mapping[str, Any]) -> str:
    """Return each estimator's values against the truth, with intervals, first log; a dot below the axis is a refusal."""
    panels: list[Panel] = []
    for name in ESTIMATORS:
        panel = Panel(name, (0.0, 1.0), (0.0, 1.0), "truth: survival by simulation", "estimate")
        panel.line((0, 1), (0, 1), "#999999", dashed=True)
        for world, colour in (("real", COLOURS[0]), ("null", COLOURS[1])):
            for row in doc["worlds"][world]["policies"]:
                e, truth = row["logs"][0]["estimates"][name], row["truth"]["return"]["mean"]
                if e["value"] is None:
                    panel.dot(truth, 0.0, "#bbbbbb", 2.4)
                    continue
                panel.dot(truth, e["value"], colour)
                if e["low"] is not None:
                    panel.span(truth, e["low"], e["high"], colour)
        panels.append(panel)
    legend = (("real effects", COLOURS[0]), ("null world", COLOURS[1]), ("refused: unsupported", "#bbbbbb"))
    return page("Estimates from logged data beside the truth, one dot a policy, 95 % intervals", panels, legend, _FOOT)


def weights(doc: Mapping[str, Any]) -> str:
    """Return how many effective patients are left after each decision, on a logarithmic scale."""
    patients, rows = doc["plan"]["patients"], doc["worlds"]["real"]["policies"]
    kinds = list(dict.fromkeys(r["kind"] for r in rows))
    panels: list[Panel] = []
    for kind in kinds:
        mine = [r for r in rows if r["kind"] == kind]
        panel = Panel(kind, (0, 20), (0.0, 4.0 * ceil(log10(patients) / 4.0)), "decision", "log10 of effective patients")
        for i, row in enumerate(mine):
            sizes = row["logs"][0]["support"]["effective"]
            panel.line(range(1, len(sizes) + 1), [log10(max(s, 1.0)) for s in sizes], COLOURS[i % len(COLOURS)])
        panel.line((0, 20), [log10(mine[0]["logs"][0]["support"]["needed"])] * 2, "#999999", dashed=True)
        panels.append(panel)
    names = [(f"{r['kind']}: {r['policy']}", COLOURS[[x for x in rows if x["kind"] == r["kind"]].index(r) % len(COLOURS)]) for r in rows]
    return page("Effective patients behind the weights; below the dashed line estimates are refused", panels, names, _FOOT, 5)


def gaps(doc: Mapping[str, Any]) -> str:
    """Return mortality by dose gap, as seen and with severity held equal."""
    panels: list[Panel] = []
    for row in doc["worlds"]["real"]["policies"]:
        for drug, bands in row["logs"][0].get("dose_gap", {}).items():
            panel = Panel(f"{row['policy']}: {drug}", (-4.0, 4.0), (0.0, 1.0), "advised less given, index steps", "mortality")
            middles = [(b["low"] + b["high"]) / 2 for b in bands]
            for field, colour in (("observed", COLOURS[1]), ("adjusted", COLOURS[0])):
                panel.line(middles, [b[field] for b in bands], colour)
                for x, b in zip(middles, bands, strict=True):
                    panel.dot(x, b[field], colour, 1.5 + min(4.0, b["patients"] ** 0.5 / 8))
            panels.append(panel)
    legend = (("as seen", COLOURS[1]), ("severity held equal", COLOURS[0]))
    return page("Mortality by dose gap, for random doses and none as well: no evidence for a policy", panels, legend, _FOOT)


def null(doc: Mapping[str, Any]) -> str:
    """Return how often p-values of improvements are small where no dose does anything."""
    found = doc["worlds"]["null"]["calibration"]
    panel = Panel("one-sided tests of an improvement", (0.0, 0.8), (0.0, 0.8), "nominal level", "share of tests that pass it")
    panel.line((0, 0.8), (0, 0.8), "#999999", dashed=True)
    names: list[tuple[str, str]] = []
    for i, (name, row) in enumerate(found["estimators"].items()):
        if row["tests"]:
            panel.line(found["levels"], row["shares"], COLOURS[i])
            names.append((f"{name}, {row['tests']} tests", COLOURS[i]))
    return page("Calibration where no dose does anything", [panel], names, _FOOT)


_PLOTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "estimates": estimates,
    "effective_patients": weights,
    "dose_gaps": gaps,
    "null_calibration": null,
}
