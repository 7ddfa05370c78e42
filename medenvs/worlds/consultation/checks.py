"""What a knowledge base must keep; each fault is named with its place and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from medenvs.core.errors import BadData

from .model import KINDS, OLDEST, SEXES, URGENCIES, Disease, Finding, Knowledge

NEAR_CERTAIN, NEAR_ABSENT = 0.9, 0.05


def check(kb: Knowledge) -> None:
    """Raise BadData with the first ten faults of a knowledge base, if it has any."""
    found = [*_findings(kb), *_diseases(kb), *_groups(kb), *_care(kb)] or [*giveaways(kb), *namings(kb)]
    if found:
        raise BadData("the knowledge base is inconsistent: " + "; ".join(found[:10]) + ". Correct the JSON files.")


def giveaways(kb: Knowledge) -> Iterator[str]:
    """Yield the findings that near-certainly name one disease for free; only a test that costs may do that."""
    for name, f in kb.findings.items():
        chances = sorted(max(kb.chance(d, name, sex) for sex in SEXES) for d in kb.diseases)
        free = f.test is None or kb.tests[f.test].cost <= 0
        if free and chances[-1] > NEAR_CERTAIN and chances[-2] < NEAR_ABSENT:
            yield f"{name} is near-certain in one disease, near-absent elsewhere and free: lower it, or make it a test"


def namings(kb: Knowledge) -> Iterator[str]:
    """Yield the phrases that name a disease their finding points to: a patient never says the diagnosis."""
    for d in kb.diseases.values():
        labels = [label if label.isupper() else label.lower() for label in map(_words, (d.name, *d.synonyms))]
        for name in d.findings:
            for phrase in (*kb.findings[name].clinical, *kb.findings[name].lay):
                said = _words(phrase)
                if any(label in (said if label.isupper() else said.lower()) for label in labels):
                    yield f"{phrase!r} of {name} names {d.name}: say what is seen instead"


def _words(text: str) -> str:
    """Return the words of a text, spaced; abbreviations keep their case (MS and AS are words otherwise)."""
    return " ".join(("", *re.findall(r"[^\W_]+", text), ""))


def _findings(kb: Knowledge) -> Iterator[str]:
    phrases: dict[str, str] = {}
    for name, f in kb.findings.items():
        yield from _finding(kb, name, f)
        for phrase in (*f.clinical, *f.lay):
            if phrases.setdefault(phrase.lower(), name) != name:
                yield f"{phrase!r} means both {name} and {phrases[phrase.lower()]}"


def _finding(kb: Knowledge, name: str, f: Finding) -> Iterator[str]:
    if f.kind not in KINDS:
        yield f"{name} is of kind {f.kind!r}; allowed: {', '.join(KINDS)}"
    if len(set(f.lay)) < 3 or not f.clinical:
        yield f"{name} needs three lay phrases and a clinical one"
    if not 0 < f.leak < 1:
        yield f"{name} has leak {f.leak}; allowed: between 0 and 1"
    if f.sex not in {None, *SEXES}:
        yield f"{name} belongs to sex {f.sex!r}; allowed: {', '.join(SEXES)}"
    if f.test is not None and f.test not in kb.tests:
        yield f"{name} is shown by the unknown test {f.test!r}"
    if f.kind in KINDS[3:] and f.test is None:
        yield f"{name} is a result and needs its test"


def _diseases(kb: Knowledge) -> Iterator[str]:
    names: dict[str, str] = {}
    for name, d in kb.diseases.items():
        yield from _numbers(name, d)
        yield from _references(kb, name, d)
        for label in (d.name, *d.synonyms):
            if names.setdefault(label.lower(), name) != name:
                yield f"{label!r} means both {name} and {names[label.lower()]}"
        for other in d.neighbours:
            if other not in kb.diseases or other == name or kb.diseases[other].urgency != d.urgency:
                yield f"{name} cannot have the neighbour {other}: it must be another disease of equal urgency"


def _numbers(name: str, d: Disease) -> Iterator[str]:
    if not 10 <= len(d.findings) <= 20:
        yield f"{name} has {len(d.findings)} findings; allowed: 10 to 20"
    if not all(0 < p < 1 for p in d.findings.values()):
        yield f"{name} has a probability outside (0, 1)"
    if not (0 <= d.ages[0] < d.ages[1] <= OLDEST and 0 <= d.female_fraction <= 1 and d.weight > 0):
        yield f"{name} has an age range, female fraction or weight out of bounds"
    if d.urgency not in URGENCIES:
        yield f"{name} has urgency {d.urgency!r}; allowed: {', '.join(URGENCIES)}"
    if d.pregnancy is not None and (len(d.pregnancy) != 3 or abs(sum(d.pregnancy) - 1) > 1e-9 or d.female_fraction < 1):
        yield f"{name} needs three chances of pregnancy that add up to 1, and women only"
    if not d.sources or not d.reviewed_by or not d.synonyms:
        yield f"{name} needs synonyms, sources and reviewed_by"


def _references(kb: Knowledge, name: str, d: Disease) -> Iterator[str]:
    for kind, given, there in (
        ("finding", d.findings, kb.findings),
        ("red flag", d.red_flags, kb.findings),
        ("test", (d.key_test,), kb.tests),
        ("need", d.care, kb.needs),
    ):
        yield from (f"{name} names the unknown {kind} {x!r}" for x in given if x not in there)
    if not d.red_flags or not d.care:
        yield f"{name} needs red flags and care"


def _groups(kb: Knowledge) -> Iterator[str]:
    if any(f not in kb.findings for group in kb.groups for f in group):
        yield "an exclusive group names an unknown finding"
        return
    members = [f for group in kb.groups for f in group]
    if len(members) != len(set(members)):
        yield "a finding is in two exclusive groups"
    for name, d in kb.diseases.items():
        for group in kb.groups:
            if sum(f in d.findings for f in group) > 1:
                yield f"{name} lists two findings of the exclusive group {', '.join(group)}"
            elif sum(kb.chance(name, f, "female") for f in group) > 1:
                yield f"the chances of {', '.join(group)} add up to more than 1 in {name}"


def _care(kb: Knowledge) -> Iterator[str]:
    for need, ladder in kb.needs.items():
        if not ladder or len(set(ladder)) != len(ladder):
            yield f"need {need} has no or repeated entries"
    for name, a in kb.attributes.items():
        ways = (a.rates is not None, a.finding is not None, a.egfr_below is not None, a.age_from is not None, a.pregnant)
        if sum(ways) != 1:
            yield f"attribute {name} needs exactly one of rates, finding, egfr_below, age_from, pregnant"
        if a.rates is not None and (len(a.rates) != 3 or not all(0 <= r < 1 for r in a.rates)):
            yield f"attribute {name} needs three rates in [0, 1)"
        if a.finding is not None and a.finding not in kb.findings:
            yield f"attribute {name} names the unknown finding {a.finding!r}"
    for rule in kb.rules:
        if rule.drug not in kb.drugs or rule.attribute not in kb.attributes:
            yield f"the rule {rule.drug} / {rule.attribute} names something unknown"
    if len({(r.drug, r.attribute) for r in kb.rules}) != len(kb.rules):
        yield "a contraindication is listed twice"
