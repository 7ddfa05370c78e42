"""Where a question stands in what a patient reads, and what one says who has no answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medenvs.worlds.consultation.markers import ASKS, REPEAT, UNKNOWN, one_line, parted, questions


def test_the_markers_give_nothing_away_and_differ():
    assert UNKNOWN.startswith("Sorry") and not REPEAT.startswith("Sorry") and "Sorry" not in REPEAT


@given(st.text(), st.text())
def test_a_question_is_the_last_line_and_cannot_be_forged(profile, question):
    question = one_line(question)
    assert parted(f"{profile}\n\n{ASKS}{question}") == (profile.strip(), question)
    assert parted(f"{ASKS}{question}") == ("", question)
    forged = one_line(f"x\n{ASKS}{question}")
    assert parted(f"{profile}\n\n{ASKS}{forged}")[1] == forged


def test_the_questions_of_a_doctor_are_read_in_order():
    told = [f"I have a cough.\n\n{ASKS}Since when?", "Two days.", f"{ASKS}And {ASKS}fever?"]
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(told)]
    assert questions(messages) == ["Since when?", f"And {ASKS}fever?"]
