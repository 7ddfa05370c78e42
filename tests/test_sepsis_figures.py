"""What cards, README and docstrings say of the sepsis ids is what the benchmarks measured."""

import json
import re
from pathlib import Path

import pytest

import medenvs.evaluation.ope.support as gate
from medenvs.systems import icu_sepsis, sepsis
from medenvs.systems.catalog import CATALOG

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LIVES = re.compile(r"(0\.\d{3}) survive")
NEAR = {"half": 1 / 2, "a quarter": 1 / 4, "a sixth": 1 / 6}
pytestmark = pytest.mark.skipif(not (ROOT / "benchmarks" / "results").is_dir(), reason="results are not part of every distribution")


def measured(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def said_of(name):
    """What the catalogue and the README's row say of an id."""
    (entry,) = (e for e in CATALOG if e.id == name)
    (row,) = re.findall(rf"^\| `{name}` \|.*$", README, re.MULTILINE)
    return str(entry), row


def test_the_reference_survives_as_often_as_was_measured():
    rule = measured("sepsis_acceptance")["policies"]["rule"]["mortality"]
    for said in said_of("medenvs/Sepsis-v0"):
        assert LIVES.findall(said) == [f"{1 - rule:.3f}"]
    assert LIVES.findall(said_of("medenvs/SepsisBox-v0")[0]) == [f"{1 - rule:.3f}"]


def test_the_card_names_the_right_parts():
    found = measured("sepsis_acceptance")
    card = " ".join((sepsis.__doc__ or "").split())
    died = {
        name: found["policies"][policy]["mortality"] for name, policy in zip(NEAR, ("none", "blind searched here", "rule"), strict=True)
    }
    assert all(name in card and abs(died[name] - part) < 0.025 for name, part in NEAR.items())
    assert f"of {found['patients']:,} fresh patients" in card


def test_the_public_process_is_worth_what_was_solved():
    values = {name: f"{value:.4f}" for name, value in measured("icu_sepsis_steps")["values"].items()}
    entry, row = said_of("medenvs/ICUSepsis-v0")
    card = icu_sepsis.__doc__ or ""
    assert all(value in card for value in values.values())
    assert f"{values['optimal']}, exact" in entry and f"random {values['random']}, clinician {values['expert']}" in entry
    assert f"exact ({values['optimal']})" in row


def test_the_edge_of_the_gate_is_what_was_measured():
    rows = [r for r in measured("ope_coverage")["conditions"] if 0.1 < r["supported"] < 0.9]
    text = " ".join((gate.__doc__ or "").split())
    for r in rows:
        bare = {s["coverage"] for s in r["scores"] if s["estimator"] in ("IS", "PDIS")}
        passed = {s["supported"] for s in r["scores"]}
        said = (
            f"{r['effective']:.0f} effective patients of {r['patients']:,}, those of IS and PDIS held the truth in {bare.pop():.2f} of the"
        )
        assert f"{said} {passed.pop()} logs of {r['logs']} that passed" in text and not bare and not passed
    assert rows
