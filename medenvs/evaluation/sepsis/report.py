"""The tables of the sepsis suite, drawn from its document and nothing else; each fits 120 columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medenvs.evaluation.report import Section, escaped, marked

from .estimates import ESTIMATORS

_CHANNELS = {
    "hypotension": "low MAP",
    "hypoxia": "hypoxia",
    "oliguria": "oliguria",
    "overload": "overload",
    "pressor": "pressor",
    "untreated_shock": "no care",
    "excess_pressor": "too tight",
    "excess_fluid": "too full",
}
_SHOWN = ("WIS", "DR", "FQE")
_WORLD = {"real": "real effects", "null": "null world: no dose changes death"}


def sections(doc: Mapping[str, Any]) -> list[Section]:
    """Return the tables: truth, truth beside estimates, errors, rankings and claims of both worlds, groups, dose gaps."""
    real = doc["worlds"]["real"]
    found = [_truths(doc, real)]
    for name, world in doc["worlds"].items():
        found += [_beside(doc, name, world), _errors(doc, name, world), _claims(name, world)]
    found.insert(2, _intervals(real))
    for row in real["policies"]:
        if "groups" in row["logs"][0]:
            found.append(_groups(row))
    return [*found, *_gaps(real)]


def markdown(doc: Mapping[str, Any]) -> str:
    """Return the tables as Markdown, with the sentence that belongs to them."""
    plan = doc["plan"]
    source = (
        f"Logged by {doc['logged_by']}: {plan['logs']} logs of {plan['patients']:,} patients; truth from {plan['truths']:,} test patients."
    )
    return marked(sections(doc)) + f"\n{escaped(source)} {escaped(doc['note'])}\n"


def write(doc: Mapping[str, Any], out: Path) -> None:
    """Write results.json and results.md; a reader never sees half a file."""
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(doc, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
    for name, content in (("results.json", text), ("results.md", markdown(doc))):
        half = out / f"{name}.part"
        half.write_text(content, encoding="utf-8")
        half.replace(out / name)


def _truths(doc: Mapping[str, Any], world: Mapping[str, Any]) -> Section:
    header = ("policy", "survive ± 95 %", "hours", *_CHANNELS.values())
    lines: list[tuple[str, ...]] = []
    for row in world["policies"]:
        truth, costs = row["truth"], row["truth"]["costs"]
        survived, hours = truth["survival"], (f"{x['mean']:.1f}" for x in (truth["cost"], *(costs[name] for name in _CHANNELS)))
        lines.append((row["policy"], f"{survived['mean']:.3f} ± {survived['high'] - survived['mean']:.3f}", *hours))
    title = (
        f"Truth by simulation, {doc['plan']['truths']:,} test patients each: survival, and hours of harm a patient, in all and by channel"
    )
    return Section(title, header, tuple(lines))


def _beside(doc: Mapping[str, Any], name: str, world: Mapping[str, Any]) -> Section:
    lines: list[tuple[str, ...]] = []
    for row in world["policies"]:
        truth, log = row["truth"]["return"]["mean"], row["logs"][0]
        said = (_number(e["value"]) + "*" * _missed(e, truth) for e in (log["estimates"][n] for n in ESTIMATORS))
        support, verdict = log["support"], "unsupported" if log["support"]["refusal"] else "supported"
        lines.append((row["policy"], _number(truth), *said, f"{min(support['effective']):.0f}", f"{support['mean']:.2f}", verdict))
    title = (
        f"Truth beside estimates, {_WORLD[name]}, first log ({doc['plan']['patients']:,} patients). *: its 95 % interval misses the truth; "
        "a share before a name: the rest is the clinician who logged (softened); unsupported: too few effective patients, or weights not 1"
    )
    return Section(title, ("policy", "truth", *ESTIMATORS, "effective", "weight", "verdict"), tuple(lines))


def _missed(e: Mapping[str, Any], truth: float) -> bool:
    return e["low"] is not None and not e["low"] <= truth <= e["high"]


def _intervals(world: Mapping[str, Any]) -> Section:
    rows = [r for r in world["policies"] if any(r["logs"][0]["estimates"][n]["low"] is not None for n in _SHOWN)]
    lines = [
        (
            r["policy"],
            _span(r["truth"]["return"]),
            *(_interval(r["logs"][0]["estimates"][n]) for n in _SHOWN),
            _number(r["logs"][0]["support"]["top"]),
        )
        for r in rows
    ]
    return Section("Intervals, real effects, first log", ("policy", "truth [95 %]", *_SHOWN, "top 1 %"), tuple(lines))


def _errors(doc: Mapping[str, Any], name: str, world: Mapping[str, Any]) -> Section:
    header = (
        "estimator",
        "estimates",
        "supported",
        "bias",
        "RMSE",
        "width",
        "coverage [95 %]",
        "rank corr.",
        "regret@1",
        "regret@3",
        "ranked",
    )
    lines = []
    for s, r in zip(world["scores"], world["rankings"], strict=True):
        covered = "–" if s["coverage"] is None else f"{s['coverage']:.2f} [{s['coverage_low']:.2f}, {s['coverage_high']:.2f}]"
        told = (_number(x) for x in (s["bias"], s["rmse"], s["width"]))
        order = (_number(r[x]) for x in ("correlation", "regret_1", "regret_3"))
        lines.append((s["estimator"], str(s["estimates"]), str(s["supported"]), *told, covered, *order, f"{r['ranked']:.1f}"))
    return Section(f"Errors over all policies and {doc['plan']['logs']} logs, {_WORLD[name]}", header, tuple(lines))


def _claims(name: str, world: Mapping[str, Any]) -> Section:
    header = ("estimator", "asked", "supported", "better", "of these false", "share [95 %]", "bare value above")
    lines = [
        (
            c["estimator"],
            *(str(c[x]) for x in ("asked", "supported", "claimed", "false")),
            f"{c['share']:.3f} [{c['low']:.3f}, {c['high']:.3f}]",
            str(c["above"]),
        )
        for c in world["claims"]
    ]
    said = "; every one is false, so the share is the false-positive rate" if name == "null" else ""
    said += ". FQE has no interval of a difference and claims nothing: see its bare values"
    return Section(f"Policies called better than the clinicians who logged, {_WORLD[name]}{said}", header, tuple(lines))


def _groups(row: Mapping[str, Any]) -> Section:
    known, lines = row["truth"]["groups"], []
    for g in row["logs"][0]["groups"]:
        truth = row["truth"]["return"] if g["group"] == "all" else known[g["group"]].get(g["value"])
        shown = (_interval(g["estimates"][n]) for n in _SHOWN)
        name = " ".join((g["group"], g["value"])).strip()
        lines.append((name, str(g["patients"]), _span(truth) if truth else "–", *shown, f"{g['effective']:.0f}"))
    return Section(f"By severity, age and sex: {row['policy']}", ("patients", "logged", "truth [95 %]", *_SHOWN, "effective"), tuple(lines))


def _gaps(world: Mapping[str, Any]) -> Iterator[Section]:
    for row in world["policies"]:
        for drug, bands in row["logs"][0].get("dose_gap", {}).items():
            lines = [
                (
                    f"{b['low']:g} to {min(b['high'], 4):g}",
                    str(b["patients"]),
                    f"{b['observed']:.3f}",
                    f"{b['adjusted']:.3f}",
                    f"{b['covered']:.2f}",
                )
                for b in bands
            ]
            if drug == "fluid":
                title = f"Mortality by {drug} gap (advised less given, index steps): {row['policy']}; no evidence for or against it"
                yield Section(title, ("gap", "patients", "as seen", "severity held equal", "covered"), tuple(lines))


def _number(x: float | None) -> str:
    return "–" if x is None else f"{x:.3f}"


def _span(e: Mapping[str, float]) -> str:
    return f"{e['mean']:.3f} [{e['low']:.3f}, {e['high']:.3f}]"


def _interval(e: Mapping[str, Any]) -> str:
    return _number(e["value"]) if e["low"] is None else f"{e['value']:.3f} [{e['low']:.3f}, {e['high']:.3f}]"
