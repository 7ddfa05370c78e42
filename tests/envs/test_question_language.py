"""The shortcut for many bare answers means exactly what parsing them one by one means, whatever the texts try."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medenvs.core.language import Utterance
from medenvs.core.markup import block
from medenvs.core.speech import Hearing
from medenvs.envs.question.kernel import QuestionKernel
from medenvs.envs.question.language import AnswerLanguage
from medenvs.rewards.numbers import read

LANGUAGE = AnswerLanguage(SimpleNamespace(prompts=lambda state, rows: []))
PACK = QuestionKernel(0, 1).pack
PIECES = ["<answer>", "</answer>", "<", ">", "\0", "\n", " ", "5", "-2.5", "12,3", "1e3", "٣", "think", "<b>", "\ud800", "/2", "nan"]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.floats(-1e6, 1e6).map(lambda x: f"so <answer>{x:.4f}</answer>\n"),
    st.text(max_size=20),
)


def alone(texts: list[str]) -> list[Utterance]:
    return [Hearing(LANGUAGE, "solver", 64)(text)[1] for text in texts]


def slowly(text: str) -> tuple[int, float] | None:
    """Return kind and value by the long way only: strict block, then the grammar of numbers."""
    body, fault = block(text, "answer")
    reading = None if fault else read(body)[0]
    return None if reading is None else (reading.kind, reading.value)


@settings(max_examples=600)
@given(st.lists(TEXTS, min_size=1, max_size=6))
@example(["<answer>1</answer><answer>2</answer>", "nothing"])  # as many brackets as two answers have
@example(["<answer>1</answer>\0<answer>2</answer>", "x"])  # reaches for its neighbour's row
@example(["<b> <answer>1</answer>", "<answer>2"])
@example(["<answer>1</answer>", "<answer>2</answer>"])
def test_many_texts_mean_what_each_means(texts: list[str]) -> None:
    heard = Hearing(LANGUAGE, "solver", 64).many(texts, PACK)
    each = alone(texts)
    assert heard.actions.kind.tolist() == [u.action.kind for u in each]
    assert heard.actions.value.tolist() == [u.action.value for u in each]
    assert heard.terms["format"].tolist() == [u.terms["format"] for u in each]
    assert heard.faults == {i: u.fault for i, u in enumerate(each) if u.fault is not None}


@settings(max_examples=600)
@given(TEXTS)
def test_the_short_way_of_one_text_is_the_long_way(text: str) -> None:
    action: Any = LANGUAGE.parse("solver", text).action
    found = slowly(text)
    assert (action.kind, action.value) == (found if found is not None else (-1, 0.0))


def test_the_shortcut_is_taken_for_bare_answers_and_only_for_them() -> None:
    assert LANGUAGE.parse_many("solver", ["<answer>1</answer>", "so <answer>-2.5</answer>\n"]) is not None
    for other in (
        "<answer>1</answer><answer>2</answer>",
        "\0<answer>1</answer>",
        "<answer>1,000</answer>",
        "no",
        "<think>x</think><answer>1</answer>",
    ):
        assert LANGUAGE.parse_many("solver", ["<answer>1</answer>", other]) is None


@pytest.mark.parametrize("word", range(0, 40_000, 997))
def test_samples_are_understood(word: int) -> None:
    assert LANGUAGE.parse("solver", LANGUAGE.sample("solver", word)).fault is None
