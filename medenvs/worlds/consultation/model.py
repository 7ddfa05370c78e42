"""What the consultation's world is made of: findings, diseases, tests, care. Frozen values; the numbers are in the JSON files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SEXES = ("male", "female")
KINDS = ("history", "symptom", "exam", "lab", "imaging")
URGENCIES = ("emergency", "urgent", "routine")
PREGNANCIES = ("not pregnant", "first half of pregnancy", "second half of pregnancy")
OLDEST = 99  # years


@dataclass(frozen=True)
class Finding:
    """One fact that is present or absent; `clinical` and `lay` are noun phrases. A `test` shows it, at that test's cost."""

    id: str
    kind: str  # one of KINDS
    clinical: tuple[str, ...]
    lay: tuple[str, ...]  # as the patient says it
    leak: float  # how often it is there for another reason
    test: str | None = None
    sensitive: bool = False  # a reticent patient holds it back
    sex: str | None = None  # who alone can have it

    @property
    def measured(self) -> bool:
        """Whether it is seen or measured, not told."""
        return self.kind in KINDS[2:]

    @property
    def name(self) -> str:
        """What one calls it: as it is examined or measured, or as a patient says it."""
        return self.clinical[0] if self.measured else self.lay[0]


@dataclass(frozen=True)
class Test:
    """An order that shows its findings; `cost` is an illustrative list price."""

    id: str
    name: str
    cost: float


@dataclass(frozen=True)
class Disease:
    """One diagnosis. `findings` maps a finding to its probability through this disease alone (the leak comes on top)."""

    id: str
    name: str
    synonyms: tuple[str, ...]
    system: str
    urgency: str
    weight: float  # relative prevalence
    ages: tuple[int, int]  # years, both included
    female_fraction: float
    pregnancy: tuple[float, ...] | None  # over PREGNANCIES; None: as everybody of that age and sex
    findings: Mapping[str, float]
    red_flags: tuple[str, ...]
    neighbours: tuple[str, ...]  # easily confused, and as urgent
    key_test: str
    care: tuple[str, ...]  # needs, see Knowledge.needs
    sources: tuple[str, ...]
    reviewed_by: str


@dataclass(frozen=True)
class Attribute:
    """What can speak against a drug: drawn at `rates` (below 18, 18 to 59, from 60 years), or read off a finding or a column."""

    id: str
    text: str
    rates: tuple[float, ...] | None = None
    finding: str | None = None
    egfr_below: float | None = None  # ml/min/1.73 m²
    age_from: int | None = None
    pregnant: bool = False


@dataclass(frozen=True)
class Rule:
    """`drug` is contraindicated in who has `attribute`."""

    drug: str
    attribute: str
    why: str


@dataclass(frozen=True)
class Knowledge:
    """All that is known in a world of one size. Order is meaning: findings, diseases and attributes are numbered by it."""

    size: str
    findings: Mapping[str, Finding]
    diseases: Mapping[str, Disease]
    groups: tuple[tuple[str, ...], ...]  # at most one finding of a group is present
    tests: Mapping[str, Test]
    needs: Mapping[str, tuple[str, ...]]  # what a need is met with, best first
    attributes: Mapping[str, Attribute]
    rules: tuple[Rule, ...]

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The number of each finding."""
        return {f: i for i, f in enumerate(self.findings)}

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """The number of the draw that decides each finding: one per finding, one for all of an exclusive group."""
        first = {f: self.number[group[0]] for group in self.groups for f in group}
        return tuple(first.get(f, i) for f, i in self.number.items())

    @cached_property
    def drugs(self) -> tuple[str, ...]:
        """Everything that can be recommended."""
        return tuple(dict.fromkeys(drug for ladder in self.needs.values() for drug in ladder))

    @cached_property
    def chances(self) -> np.ndarray:
        """P(finding present | disease, sex), not volunteered, as (diseases, sexes, findings)."""
        return np.array([[[self.chance(d, f, sex) for f in self.findings] for sex in SEXES] for d in self.diseases])

    def chance(self, disease: str, finding: str, sex: str) -> float:
        """Return P(finding present | disease, sex): noisy-or with the leak, a tenth where the disease has another of its group."""
        f, own = self.findings[finding], self.diseases[disease].findings
        if f.sex not in {None, sex}:
            return 0.0
        if finding in own:
            return 1 - (1 - own[finding]) * (1 - f.leak)
        rivals = (g for group in self.groups if finding in group for g in group)
        return f.leak * 0.1 if any(g in own for g in rivals) else f.leak
