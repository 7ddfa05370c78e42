"""What a text means does not depend on what is said beside it, nor on which of the three ways of reading is taken."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.envs.consultation.format import HARDENED, ORIGINAL
from medenvs.envs.consultation.kernel import ConsultationKernel
from medenvs.envs.consultation.language import ConsultationLanguage

FORMATS = {"original": ORIGINAL, "hardened": HARDENED}
SCRIPTS = (
    "你发烧吗？",
    "¿Tiene fiebre?",
    "У вас жар?",
    "هل لديك حمى؟",
    "熱はありますか？",
    "كم عمرك",
    "🤒?",
    "\ud800 fever?",
    "fe\udfffver",
    "\u200bfever\u200b?",
)
HUGE = ("fever " * 20_000, "<answer>" * 9_000, "?" * 60_000, "<answer>Question: " + "a" * 90_000 + "?</answer>", "發燒" * 30_000)
AROUND = (
    "",
    " ",
    "\n",
    "x ",
    "<think>",
    "</think>",
    "<think>Hm: fever?</think>",
    "<answer>",
    "</answer>",
    "Question: ",
    "Diagnosis: ",
    "?",
)


@cache
def language(name: str) -> ConsultationLanguage:
    return ConsultationLanguage("tiny", FORMATS[name])


def known(name: str) -> list[str]:
    """Return the messages that are looked up, a few of each kind."""
    return list(language(name)._known)[::7]


def texts(name: str) -> st.SearchStrategy[list[str]]:
    said = st.sampled_from([*known(name), *SCRIPTS, *HUGE, "Since when?", "<answer>Diagnosis: flu\nRecommendation: rest</answer>"])
    framed = st.builds("{}{}{}".format, st.sampled_from(AROUND), said, st.sampled_from(AROUND))
    anything = st.text(max_size=60) | st.text(st.characters(categories=["Cs", "Lo", "Mn", "Nd", "Po", "So", "Zs", "Cf"]), max_size=40)
    return st.lists(said | framed | anything | st.sampled_from(known(name)), max_size=7)


@pytest.mark.parametrize("role", ["doctor", "patient"])
@pytest.mark.parametrize("name", FORMATS)
@settings(derandomize=True, deadline=None, max_examples=120)
@given(st.data())
def test_each_text_of_a_list_is_read_as_it_is_alone(name, role, data):
    said = data.draw(texts(name))
    alone = [language(name).parse(role, text) for text in said]
    assert language(name).parse_each(role, said) == alone
    assert language(name).parse_each(role, said[::-1]) == alone[::-1]


@pytest.mark.parametrize("name", FORMATS)
@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.data())
def test_what_is_read_at_one_glance_is_what_is_read_one_by_one(name, data):
    glance = st.lists(st.builds("{}{}".format, st.sampled_from(AROUND), st.sampled_from(known(name))), max_size=6)
    said = data.draw(texts(name) | glance)
    alone, together = [language(name).parse("doctor", text) for text in said], language(name).parse_many("doctor", said)
    assert language(name).parse_many("patient", said) is None
    if together is None:
        assert set(said) - set(known(name))
        return
    moves, terms = together
    packed = ConsultationKernel("tiny", 0).pack([a.action for a in alone]) if alone else None
    assert packed is None or ((moves.act == packed.act).all() and moves.items.shape == packed.items.shape)
    assert not any(a.fault for a in alone) and list(terms) == ["format"]
    assert np.array_equal(terms["format"], [a.terms["format"] for a in alone])


def test_looking_up_is_taken_where_it_can_be():
    for name in FORMATS:
        messages = known(name)
        assert language(name).parse_many("doctor", messages) is not None
        assert language(name).parse_many("doctor", [f"<think>Hm.</think>{messages[0]}"]) is not None
        for around in ("x ", "<think>", "</answer>"):
            assert language(name).parse_many("doctor", [around + messages[0]]) is None
