"""Which diagnosis and which items a doctor's words name: every name and synonym, whatever stands around it."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medenvs.envs.consultation.vocabulary import Names, Vocabulary
from medenvs.worlds.consultation.actions import MOST_ITEMS, actions
from medenvs.worlds.consultation.knowledge import SIZES, knowledge


@cache
def vocabulary(size: str = "full") -> Vocabulary:
    return Vocabulary(knowledge(size), actions(size))


@pytest.mark.parametrize("size", SIZES)
def test_names_and_synonyms_name_their_disease(size: str) -> None:
    known = vocabulary(size)
    for i, disease in enumerate(knowledge(size).diseases.values()):
        for name in (disease.name, *disease.synonyms):
            for text in (name, name.upper(), f"  {name.lower()}.\n", f"I am sure that it is {name}, {name}!"):
                assert known.diagnosis(text) == known.actions.diagnose + i, text


def test_two_diagnoses_or_none_are_refused() -> None:
    names = [d.name for d in list(knowledge().diseases.values())[:2]]
    assert "one diagnosis" in str(vocabulary().diagnosis(" or ".join(names)))
    for text in ("", "zzz", "流感", "\ud800"):
        assert "not known here" in str(vocabulary().diagnosis(text))


@pytest.mark.parametrize("size", SIZES)
def test_every_item_is_read_alone_and_beside_others(size: str) -> None:
    known, drugs = vocabulary(size), knowledge(size).drugs
    assert [known.recommendation(drug) for drug in drugs] == [(i,) for i in range(len(drugs))]
    for joined in ("{}; {}", "{}, {}", "{} and {}", "Give {} PLUS {}", "{}\n{}", "{} with {}s."):
        assert known.recommendation(joined.format(drugs[0], drugs[1])) == (0, 1), joined


def test_unknown_items_count_and_only_the_first_items_are_heard() -> None:
    known, drugs = vocabulary(), knowledge().drugs
    other = known.actions.other
    assert known.recommendation(f"{drugs[3]}; prayer; ; …; a long walk") == (3, other, other)
    assert known.recommendation("") == known.recommendation(" ;,\n") == ()
    assert known.recommendation("; ".join(drugs[:40])) == tuple(range(MOST_ITEMS))
    assert known.recommendation(" ".join(drugs[:40])) == tuple(range(MOST_ITEMS))
    assert len(known.recommendation("prayer;" * 100_000)) == MOST_ITEMS


def test_the_longest_name_counts() -> None:
    names = Names([("heart", 0), ("heart failure", 1), ("failure", 2)])
    assert names.within("Heart failure; a weak heart in renal failure") == [1, 0, 2]


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    known = vocabulary("tiny")
    assert isinstance(known.diagnosis(text), (int, str))
    assert all(0 <= item <= known.actions.other for item in known.recommendation(text))
