"""Notes: long enough, complete, distinct, and the same everywhere; every difficulty adds what it says."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pytest

from medenvs.cases.medcalc import LEVELS, MedCalcCases
from medenvs.core.randomness import key, unmix
from medenvs.worlds.calculators.drawing import decimals, shown
from medenvs.worlds.calculators.model import Calculator, Flag, Level, Number
from medenvs.worlds.calculators.registry import CALCULATORS, VARIANTS
from medenvs.worlds.vignettes.note import LONGEST, SHORTEST
from medenvs.worlds.vignettes.words import data, units

FAMILIES = sorted({c.family for c in CALCULATORS})
EACH = pytest.mark.parametrize("asked", CALCULATORS, ids=lambda c: c.id)


def notes(asked: Calculator, difficulty: int, n: int) -> list[tuple[str, dict[str, object]]]:
    """Return n notes with the columns of their cases."""
    source = MedCalcCases(difficulty, [asked.id])
    found = []
    for i in range(n):
        case = unmix(i * 7_001 + 13)
        c = source.columns(case)
        text = source.prompt(case, c["variant"], c["facts"], c["shown"])
        found.append((text.split("\n\n")[0].removeprefix("Clinical note (simulated):\n"), dict(c)))
    return found


@EACH
def test_notes_have_sixty_to_two_hundred_words(asked: Calculator) -> None:
    for difficulty in LEVELS:
        for text, _ in notes(asked, difficulty, 40):
            assert SHORTEST <= len(text.split()) <= LONGEST, (difficulty, len(text.split()), text)
            assert not re.search(r"[{}]|%%|  | \.|\.\.", text), text


@EACH
def test_every_value_is_in_the_note(asked: Calculator) -> None:
    """What the formula needs can be read, in the unit that was drawn (ages from difficulty 4 on stand as birthdays)."""
    for difficulty in (1, 2, 3):
        for text, c in notes(asked, difficulty, 25):
            for i, value, unit in zip(asked.inputs, c["facts"], c["shown"], strict=False):  # type: ignore[call-overload]
                if isinstance(i, Number) and i.key not in ("dose_1", "dose_2", "times_1", "times_2"):
                    other = units()[i.key][unit - 1] if unit else None
                    said = f"{shown(value, other):.{other.digits}f}" if other else f"{value:.{decimals(i.step)}f}"
                    assert re.search(rf"(?<![\d.]){re.escape(said)}(?![\d]|\.\d)", text), (i.key, said, text)


@EACH
def test_criteria_are_said_in_words_of_their_own(asked: Calculator) -> None:
    """At difficulty 1 a met criterion and an unmet one never read alike."""
    for i in asked.inputs:
        if isinstance(i, Flag) and i.key != "female":
            words = data("flags")[i.key]
            assert len(words["yes"]) >= 3 and len(words["no"]) >= 3 and words["implied"] and words["decoy"], i.key
            assert not {*words["yes"], *words["implied"]} & {*words["no"], *words["decoy"]}
        elif isinstance(i, Level) and not i.key.startswith("drug"):
            grades = data("flags")[i.key]["levels"]
            assert len(grades) == len(i.chances) and all(grades), i.key


def test_birthdays_give_the_age() -> None:
    seen = 0
    for text, c in notes(next(k for k in CALCULATORS if k.id == "ckd_epi_2021"), 4, 200):
        said = re.search(r"born on (.*?) \(seen on (.*?)\)", text)
        assert said is not None
        born, at = (datetime.datetime.strptime(d, "%d %B %Y").date() for d in said.groups())  # noqa: DTZ007  a calendar day
        age = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
        assert age == c["facts"][0]  # type: ignore[index]
        seen += 1
    assert seen == 200


def test_changes_add_up_to_the_value() -> None:
    """At difficulty 5 an earlier value and a change give the value that the formula needs."""
    checked = 0
    asked = next(k for k in CALCULATORS if k.id == "anion_gap")
    for text, c in notes(asked, 5, 300):
        for was, verb, by in re.findall(r"sodium had been (\d+) mmol/L at first and has since (risen|fallen) by (\d+)", text):
            assert int(was) + (int(by) if verb == "risen" else -int(by)) == c["facts"][0]  # type: ignore[index]
            checked += 1
    assert checked >= 5


def test_difficulties_add_what_they_say() -> None:
    asked = next(k for k in CALCULATORS if k.id == "cockcroft_gault")
    metric = re.compile(r"reatinine[^.]*µmol/L")
    assert not any(metric.search(text) for text, _ in notes(asked, 2, 60))
    assert any(metric.search(text) for text, _ in notes(asked, 3, 60))
    assert not any("born on" in text for text, _ in notes(asked, 3, 60))
    assert all("born on" in text for text, _ in notes(asked, 4, 60))
    numbers = [np.mean([len(re.findall(r"\d+", t)) for t, _ in notes(asked, d, 60)]) for d in (1, 2)]
    assert numbers[1] > numbers[0] + 1
    kinds = {c["variant"] for _, c in notes(asked, 5, 60)}
    assert {VARIANTS[k].id for k in kinds} == {"cockcroft_gault", "cockcroft_gault+weight"}  # type: ignore[index]


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_has_twelve_templates(family: str) -> None:
    templates = data("templates")[family]
    assert len(templates) >= 12
    assert len({t["open"] for t in templates}) == len(templates)


def test_notes_are_distinct() -> None:
    source = MedCalcCases(5)
    texts = set()
    for i in range(3_000):
        case = unmix(i * 1_000_003)
        c = source.columns(case)
        texts.add(source.prompt(case, c["variant"], c["facts"], c["shown"]))
    assert len(texts) >= 2_999


def test_the_note_says_nothing_of_the_answer_beyond_the_facts() -> None:
    """With the facts held fixed, template and phrasing vary freely with the case: the words are drawn apart from the values."""
    k = key(1, 2)
    from medenvs.worlds.vignettes.note import Writer

    writer = Writer(next(c for c in CALCULATORS if c.id == "anion_gap"))
    low = writer.write(k, [140, 100, 24], [0, 0, 0], 1)
    high = writer.write(k, [150, 90, 10], [0, 0, 0], 1)
    assert re.sub(r"\d+", "#", low) == re.sub(r"\d+", "#", high)
