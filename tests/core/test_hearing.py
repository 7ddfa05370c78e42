"""Any string is a legal action: it has a defined meaning, found in linear work, and remembering it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medenvs.core.errors import BadValue
from medenvs.core.language import Language, Utterance, sanitised
from medenvs.core.markup import block, first_tag
from medenvs.core.speech import Hearing, told
from medenvs.envs.question.kernel import QuestionKernel
from medenvs.envs.question.language import AnswerLanguage
from tests.residents.consultation_words import Conversation

repeatable = settings(derandomize=True, deadline=None, max_examples=300)
LONGEST = 512
LANGUAGES: dict[tuple[str, str], Language[Any]] = {
    ("consultation", "doctor"): Conversation(),
    ("consultation", "patient"): Conversation(),
    ("question", "solver"): AnswerLanguage(None),  # type: ignore[arg-type]  # parsing needs no cases
}
NOTHING = {"consultation": -1, "question": QuestionKernel.nothing}
each_language = pytest.mark.parametrize("name", LANGUAGES, ids="-".join)

CHARACTERS = st.characters() | st.characters(categories=["Cs", "Cc", "Cf"]) | st.sampled_from("<>/0123456789٣１²½᧐")
PIECES = st.sampled_from(
    [
        "<ask>",
        "</ask>",
        "<diagnose>",
        "</diagnose>",
        "<answer>",
        "</answer>",
        "fever",
        "redpox",
        "12",
        "1e999",
        "1/0",
        "nan",
        "-",
        ",",
        "٣",
        " ",
        "\n",
    ]
)
TEXTS = st.one_of(st.text(CHARACTERS, max_size=60), st.lists(PIECES | st.text(CHARACTERS, max_size=4), max_size=12).map("".join))
AWKWARD = (
    "",
    "\0",
    "\ud800",
    "\udfff\ud800",
    "\ud83d\ude00",
    "\x1b[2J<ask>fever</ask>",
    "<ask>" * 300,
    "<ask>" * 50 + "fever" + "</ask>" * 50,
    "<answer>" + "9" * 400 + "</answer>",
    "<answer>٣</answer>",
    "<answer>１２</answer>",
    "<answer>\ud800</answer>",
    "<ask>fever</ask></ask>",
    "<ask>fever</ask>\u200b",
    "x" * (LONGEST - 16) + "<ask>fever</ask>",
    "x" * (LONGEST - 15) + "<ask>fever</ask>",
    "a" * 1_000_000,
    "<" * 1_000_000,
    "\ud800" * 300_000,
    "<answer>" * 125_000,
)


def checked(name: tuple[str, str], text: str) -> None:
    hear, language = Hearing(LANGUAGES[name], name[1], LONGEST), LANGUAGES[name]
    kept, meaning, cut = hear(text)
    assert cut == (len(text) > LONGEST)
    kept.encode("utf-8")  # whatever came in, it can be written
    assert kept == sanitised(text[:LONGEST])
    assert set(meaning.terms) == set(language.terms)
    assert all(isinstance(value, float) for value in meaning.terms.values())
    if meaning.fault is not None:
        assert meaning.action == NOTHING[name[0]]
        assert 0 < len(meaning.fault) < 200
    assert meaning == language.parse(name[1], kept)
    again = hear(text)
    assert again == (kept, meaning, cut)
    assert Hearing(language, name[1], LONGEST)(text) == again


@each_language
@repeatable
@given(text=TEXTS)
def test_any_text_has_a_meaning(name: tuple[str, str], text: str) -> None:
    checked(name, text)


@each_language
@pytest.mark.parametrize("text", AWKWARD, ids=lambda t: f"{t[:12]!a}*{len(t)}")
def test_awkward_texts_have_a_meaning(name: tuple[str, str], text: str) -> None:
    checked(name, text)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("<ask>fever</ask>", 0),
        ("I wonder. <ask> Fever </ask>\n", 0),
        ("<diagnose>redpox</diagnose>", 12),
        ("<ask>fever</ask> please", -1),
        ("<ask>fever</ask><ask>cough</ask>", -1),
        ("<ask>fever", -1),
        ("</ask> <ask>fever</ask>", -1),
        ("<ask></ask>", -1),
        ("<ask><b>fever</b></ask>", -1),
        ("<diagnose>fever</diagnose>", -1),
        ("x" * 16 + "<ask>fever</ask>", 0),
    ],
)
def test_tags_are_strict(text: str, action: int) -> None:
    meaning = Conversation().parse("doctor", text)
    assert (meaning.action, meaning.fault is None, meaning.terms) == (action, action >= 0, {"format": float(action >= 0)})


def test_a_cut_text_says_so_and_is_never_remembered() -> None:
    hear = Hearing(Conversation(), "doctor", 16)
    assert hear("<ask>fever</ask>") == ("<ask>fever</ask>", Utterance(0, None, {"format": 1.0}), False)
    kept, meaning, cut = hear("<ask>fever</ask> ")
    assert (kept, cut, meaning.action) == ("<ask>fever</ask>", True, 0)
    assert hear("x" * 17)[1].fault is not None
    assert set(hear.known) == {"<ask>fever</ask>"}


def test_memory_is_bounded_and_for_short_texts() -> None:
    hear = Hearing(Conversation(), "doctor", 4096)
    for i in range(70_000):
        hear(str(i))
    assert len(hear.known) <= 65_536
    hear("y" * 2000)
    assert all(len(text) <= 1024 for text in hear.known)


@pytest.mark.parametrize("action", [None, 3, b"<ask>fever</ask>", ["<ask>fever</ask>"], 1.5])
def test_what_is_no_text_is_refused_with_a_remedy(action: Any) -> None:
    with pytest.raises(BadValue, match=r"must be a str.*numeric"):
        Hearing(Conversation(), "doctor", LONGEST)(action)


@given(text=st.text(CHARACTERS, max_size=40))
@example("\ud83d\ude00")
@example("\ud800a")
@repeatable
def test_sanitised_texts_can_be_written_and_stay_so(text: str) -> None:
    clean = sanitised(text)
    assert clean.encode("utf-8").decode("utf-8") == clean == sanitised(clean)
    assert clean == text or any(0xD800 <= ord(c) < 0xE000 for c in text)


def test_a_fault_is_told_above_what_follows() -> None:
    assert told("The note.", "no tag") == "[Not understood: no tag.]\nThe note."
    assert told("The note.", None) == "The note."
    blocks = [{"type": "text", "text": "The note."}]
    assert told(blocks, "no tag") == [{"type": "text", "text": "[Not understood: no tag.]"}, *blocks]


class Counted(str):
    """A string that counts how many characters its searches may have looked at."""

    looked = 0

    def find(self, sub: str, start: int = 0, end: int | None = None) -> int:
        place = super().find(sub, start) if end is None else super().find(sub, start, end)
        type(self).looked += (len(self) if place < 0 else place + len(sub)) - start
        return place

    def __getitem__(self, at: Any) -> str:
        part = super().__getitem__(at)
        type(self).looked += len(part)
        return part


def tower(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


@pytest.mark.parametrize("unit", ["a", "<", "<ask>", "</ask>", "<ask>fever</ask>", "<ask", "<ask></diagnose>", " ", "<ask>x</ask> "])
def test_work_is_linear_in_the_text(unit: str) -> None:
    looked = []
    for size in (1_000, 10_000, 100_000):
        Counted.looked = 0
        text = Counted(tower(unit, size))
        first_tag(text, ("ask", "diagnose"))
        block(text, "ask")
        looked.append(Counted.looked / size)
    assert max(looked) <= 8
    assert looked[2] <= looked[0] + 0.5
