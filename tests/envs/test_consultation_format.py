"""A doctor's message: every rule of the two presets, and that no text breaks the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medenvs.envs.consultation.format import HARDENED, ORIGINAL, Said, concluded, read

PRESETS = {"original": ORIGINAL, "hardened": HARDENED}
ASKED = Said("question", "Since when?", "", None)
NAMED = Said("diagnosis", "Influenza", "rest; fluids", None)


def kind(text, preset):
    return read(text, preset).kind


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_what_every_preset_reads_alike(preset):
    assert read("<think>Hm: fever?</think><answer>Question: Since when?</answer>", preset) == ASKED
    assert read("<answer>Question: Since when?</answer>\n", preset) == ASKED
    assert read("<answer>Diagnosis: Influenza\nRecommendation: rest; fluids</answer>", preset) == NAMED
    assert read("<answer>Diagnosis：Influenza\nRecommendation： rest; fluids\n</answer>", preset) == NAMED
    assert read("<answer>Diagnosis: Influenza</answer>", preset) == NAMED._replace(recommendation="")
    for text in ("", " \n", "<answer></answer>", "<answer> \n </answer>", "<answer>Question: Since when?", "Question: when?</answer>"):
        assert kind(text, preset) == "malformed", text
    for behind in (" and more", "<answer>", "</answer>", "\nx"):
        assert kind(f"<answer>Question: Since when?</answer>{behind}", preset) == "malformed", behind


def test_the_original_demands_tags_and_one_question_mark():
    assert kind("Question: Since when?", ORIGINAL) == "malformed"
    assert kind("<answer>Question: Since when?</answer>\n\n", ORIGINAL) == "malformed"
    for body in ("Question: When? Where?", "Question: When？Where?", "Question: tell me", "Question:"):
        said = read(f"<answer>{body}</answer>", ORIGINAL)
        assert said.kind == "several" and "question" in said.fault, body
    assert kind("<answer>Question: Since when？</answer>", ORIGINAL) == "question"
    assert read("<answer>Diagnosis: Flu\nRecommendation: rest\nfluids</answer>", ORIGINAL).recommendation == "rest"


def test_the_original_takes_diagnosis_wherever_it_stands():
    assert read("<answer>Question: Did they say Diagnosis: flu?</answer>", ORIGINAL)[:2] == ("diagnosis", "flu?")
    assert read("<answer>My Diagnosis is: wait. Diagnosis: flu</answer>", ORIGINAL)[:2] == ("diagnosis", "flu")
    assert read("<answer>Recommendation: rest\nDiagnosis: flu</answer>", ORIGINAL) == Said("diagnosis", "flu", "rest", None)
    assert read("<answer>Diagnosis: flu\nRecommendation:\nrest</answer>", ORIGINAL) == Said("diagnosis", "flu", "", None)
    assert kind("<answer>Diagnosis : flu</answer>", ORIGINAL) == "several"  # the colon must follow at once
    assert kind("<answer>Question: Do you know your Diagnosis?</answer>", ORIGINAL) == "question"
    assert kind("<answer>The Diagnosis is flu</answer>", ORIGINAL) == "several"  # no colon, no question mark
    assert kind("<answer>diagnosis: flu</answer>", ORIGINAL) == "several"  # case counts
    assert read("<answer>Diagnosis:</answer>", ORIGINAL) == Said("diagnosis", "", "", None)


def test_the_original_cuts_questions_at_colons_and_needs_no_label():
    assert read("<answer>Question: Did it start at 8:30?</answer>", ORIGINAL)[:2] == ("question", "Did it start at 8")
    assert read("<answer>Since when?</answer>", ORIGINAL) == ASKED
    assert read("<answer>a<answer>Since when?</answer>", ORIGINAL)[:2] == ("question", "a<answer>Since when?")


def test_what_is_concluded_is_what_the_original_reads():
    assert concluded("<answer>Diagnosis: flu\nRecommendation: rest</answer>") == ("flu", "rest")
    assert concluded("<answer>Diagnosis: flu</answer>") == ("flu", "")
    assert concluded("<answer>Since when?</answer>") is concluded("Diagnosis: flu") is None


def test_hardened_reads_bare_texts_and_four_labels():
    for text, said in {
        "Since when?": ("question", "Since when?"),
        "QUESTION : Since when": ("question", "Since when"),
        "examine： skin": ("examine", "skin"),
        "<think>b</think>\nOrder: ECG": ("order", "ECG"),
        "  diagnosis: flu": ("diagnosis", "flu"),
        "Any fever? Any cough?": ("question", "Any fever? Any cough?"),
        "Has anyone given a diagnosis: flu?": ("question", "Has anyone given a diagnosis: flu?"),
        "Question: what was the Diagnosis: flu?": ("question", "what was the Diagnosis: flu?"),
        "Is it 38 < 39 or > 40?": ("question", "Is it 38 < 39 or > 40?"),
        "<think><answer>no</answer></think><answer>Order: ECG</answer>\n\n": ("order", "ECG"),
    }.items():
        assert read(text, HARDENED) == Said(*said, "", None), text
    assert read("Diagnosis: flu. Recommendations: rest;\nfluids", HARDENED) == Said("diagnosis", "flu.", "rest;\nfluids", None)
    for text in ("<think>Any fever?", "Examine:", "order: ", "Question:", "Diagnosis: \nRecommendation: rest", "<think>a</think> "):
        said = read(text, HARDENED)
        assert said.kind == "malformed" and said.fault, text


@given(st.text(st.sampled_from("<>/answerthinkQq:：?？\nDdiagosRcmu \ud800")) | st.text(), st.sampled_from(list(PRESETS.values())))
def test_any_text_has_a_meaning(text, preset):
    for message in (text, f"<answer>{text}</answer>", f"Diagnosis: {text}"):
        said = read(message, preset)
        assert (said.fault is None) == (said.kind not in ("malformed", "several"))
        assert said.kind == "diagnosis" or not said.recommendation


@pytest.mark.parametrize("piece", ["<answer>", "</answer>", "<think>", "Diagnosis", "Diagnosis:", "Recommendation ", "?", " "])
@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_long_repetitions_are_read(piece, preset):
    assert read(piece * 20_000, preset).kind
    assert read(f"<answer>Diagnosis: {piece * 20_000}</answer>", preset).kind
