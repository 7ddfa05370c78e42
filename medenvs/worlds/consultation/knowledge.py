"""Reading the knowledge base out of its JSON files, in three sizes. Illustrative; not for clinical use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from medenvs.core.errors import BadData, unknown

from .checks import check
from .model import Attribute, Disease, Finding, Knowledge, Rule, Test

SIZES = ("tiny", "small", "full")
_HERE = Path(__file__).parent
T = TypeVar("T")


@cache
def knowledge(size: str = "full") -> Knowledge:
    """Return the checked knowledge base: "tiny" (6 diseases, 12 findings), "small" (20, 70) or "full"; raises UnknownName, BadData."""
    if size not in SIZES:
        raise unknown("size", size, SIZES)
    findings, diseases, care = (json.loads((_HERE / f"{n}.json").read_text("utf-8")) for n in ("findings", "diseases", "care"))
    return built(size, findings, diseases, care)


def built(size: str, findings: Mapping[str, Any], diseases: Mapping[str, Any], care: Mapping[str, Any]) -> Knowledge:
    """Return the knowledge base of the three tables, cut to `size` and checked; raises BadData."""
    full = Knowledge(
        "full",
        _rows("finding", findings["findings"], Finding),
        _rows("disease", diseases["diseases"], lambda **row: _disease(diseases["prevalence_weights"], row)),
        tuple(tuple(group) for group in findings["exclusive_groups"]),
        _rows("test", findings["tests"], Test),
        {need: tuple(ladder) for need, ladder in care["needs"].items()},
        _rows("attribute", care["attributes"], Attribute),
        tuple(Rule(**row) for row in care["rules"]),
    )
    check(full)
    return full if size == "full" else _cut(full, size, **diseases["sizes"][size])


def _rows(kind: str, rows: Mapping[str, Mapping[str, Any]], make: Callable[..., T]) -> dict[str, T]:
    made: dict[str, T] = {}
    for name, row in rows.items():
        try:
            made[name] = make(id=name, **{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})
        except (TypeError, KeyError) as error:
            raise BadData(f"{kind} {name!r} is not as expected: {error}. Compare it with its neighbours in the file.") from None
    return made


def _disease(weights: Mapping[str, float], row: dict[str, Any]) -> Disease:
    prevalence = row.pop("prevalence")
    if prevalence not in weights:
        raise unknown(f"prevalence of {row['id']}", prevalence, weights)
    row.setdefault("pregnancy", None)
    return Disease(weight=weights[prevalence], **row)


def _cut(full: Knowledge, size: str, diseases: list[str], findings: list[str]) -> Knowledge:
    """Return the smaller world; an attribute whose finding is left out is drawn as often as that finding leaks."""
    kept = {f: full.findings[f] for f in full.findings if f in findings}
    ill: dict[str, Disease] = {}
    for name in diseases:
        row = vars(full.diseases[name])
        few = {
            "findings": {f: p for f, p in row["findings"].items() if f in kept},
            "red_flags": tuple(f for f in row["red_flags"] if f in kept),
            "neighbours": tuple(d for d in row["neighbours"] if d in diseases),
        }
        ill[name] = Disease(**{**row, **few})
    groups = tuple(g for g in (tuple(f for f in group if f in kept) for group in full.groups) if len(g) > 1)
    tests = {t: row for t, row in full.tests.items() if t in {f.test for f in kept.values()} | {d.key_test for d in ill.values()}}
    needs = {need: ladder for need, ladder in full.needs.items() if any(need in d.care for d in ill.values())}
    drugs = {drug for ladder in needs.values() for drug in ladder}
    attributes = {
        a: Attribute(a, row.text, (full.findings[row.finding].leak,) * 3) if row.finding is not None and row.finding not in kept else row
        for a, row in full.attributes.items()
    }
    rules = tuple(rule for rule in full.rules if rule.drug in drugs)
    return Knowledge(size, kept, ill, groups, tests, needs, attributes, rules)
