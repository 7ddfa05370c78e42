"""The eight rows of DoctorAgent-RL's reward table, in their precedence, on the simulated patients; and what ends an episode."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.envs.consultation.format import HARDENED, ORIGINAL, read
from medenvs.envs.consultation.language import ConsultationLanguage
from tests.systems.doctoring import BAD, ID, LOST, NONSENSE, SEVERAL, fresh, gold, playing, say

MALFORMED = (
    "",
    BAD,
    "<answer></answer>",
    "<answer>  \n</answer>",
    "Question: Any fever?</answer>",
    "<answer>Question: Any fever?",
    "<answer>Question: Any fever?</answer> I wait.",
    "<answer>Question: Any fever?</answer>\n\n",
    "</answer><answer>Question: Any fever?</answer>",
    "<answer>Question: Any fever?</answer><answer>Question: Any cough?</answer>",
)


def test_row_1_nothing_counts_after_the_end():
    env = playing()
    say(env, gold(env))
    with pytest.raises(BadValue, match="over"):
        env.step(gold(env))
    rows = gym.make_vec(ID, 2, budget=2)
    rows.reset(seed=0)
    assert rows.step([NONSENSE, BAD])[1].tolist() == [0, -2] and rows.step([NONSENSE, NONSENSE])[1].tolist() == [0, 0]


@pytest.mark.parametrize("text", MALFORMED)
def test_row_2_a_malformed_message(text):
    env = playing(budget=2)
    told = [env.step(text) for _ in range(3)]
    assert [t[1] for t in told] == [-2, -2, -2] and not any(t[2] or t[3] for t in told)  # the last turn is no exception
    assert told[0][4]["terms"]["invalid"] == 1 and "understood" in env.play.log["doctor"][2]


def test_row_2_what_is_tolerated():
    for text in (
        "<answer>Question: fever?</answer>\n",
        "<think>x</think> so: <answer>Question: fever?</answer>",
        "<answer>fever?</answer>",
    ):
        assert say(playing(seed=3), text) == [1]


def test_row_3_a_diagnosis_ends_and_is_scored_wherever_it_stands():
    for budget in (2, 4):
        env = playing(budget=budget)
        asked = fresh(env, budget - 1)
        assert say(env, *asked, gold(env)) == [1] * (budget - 1) + [10]
    env = playing(budget=2)
    assert say(env, BAD, BAD, BAD, gold(env)) == [-2, -2, -2, 10]  # the table looks for a diagnosis before it looks at the clock
    env = playing()
    name = env.play.truth()["diagnosis"]
    _, reward, over, _, info = env.step(f"<answer>Question: Is the Diagnosis: {name}?</answer>")
    assert over and 0 < reward <= 5 and info["terms"]["informative"] == 0
    assert say(playing(), NONSENSE) == [0]


def test_row_4_the_last_turn_comes_before_what_stands_below_it():
    for last in (SEVERAL, LOST, "same", "new"):
        env = playing(budget=2)
        first, second = fresh(env, 2)
        env.step(first)
        _, reward, over, cut, info = env.step({"same": first, "new": second}.get(last, last))
        assert (reward, over, cut) == (-5, True, False), last
        assert {k: v for k, v in info["terms"].items() if v and k not in ("format", "test", "question")} == {"timeout": 1.0}


def test_row_5_not_exactly_one_question_mark():
    for text in (SEVERAL, "<answer>Question: Tell me about fever.</answer>"):
        _, reward, over, _, info = (env := playing()).step(text)
        assert (reward, over, info["terms"]["invalid"]) == (-2, False, 1) and "One question" in env.play.log["doctor"][-1]
    assert say(playing(seed=3), "<answer>Question: fever？</answer>") == [1]


def test_row_6_a_repeat():
    env = playing()
    (question,) = fresh(env, 1)
    assert say(env, question, question) == [1, -2] and env.play.log["doctor"][-1].startswith("As I said before: ")


def test_row_7_nothing_is_known():
    env = playing()
    _, reward, _, _, info = env.step(LOST)
    assert reward == -1 and info["terms"]["unknown"] == 1 and info["terms"]["informative"] == 0
    forgot = 0
    for seed in range(20):
        env = playing(seed, persona="low_literacy", budget=10)
        for text in fresh(env, 9):
            _, reward, _, _, info = env.step(text)
            known = "know" not in env.play.log["doctor"][-1]
            assert (reward, info["terms"]["unknown"]) == ((1, 0) if known else (-1, 1))
            forgot += not known
    assert 5 < forgot < 100


def test_row_8_an_answer():
    env = playing()
    _, reward, over, _, info = env.step(fresh(env, 1)[0])
    assert (reward, over, info["terms"]["informative"]) == (1, False, 1) and env.play.log["doctor"][-1].endswith("[Turn 1/4]")


@pytest.mark.parametrize("budget", [2, 10, 13])
def test_malformed_messages_are_cut_off_and_are_not_late(budget):
    env, most = playing(budget=budget), max(10, budget)
    told = [env.step(BAD) for _ in range(most)]
    assert [t[1] for t in told] == [-2] * most and [t[3] for t in told] == [False] * (most - 1) + [True]
    assert not any(t[2] for t in told) and told[-1][4]["terms"]["timeout"] == 0
    env = playing(budget=2)
    assert say(env, BAD, BAD, LOST) == [-2, -2, -5]


def test_nothing_is_too_dear_here():
    env = gym.make(ID, obs_mode="numeric", budget=10, reveal=True).unwrapped
    seen, _ = env.reset(seed=0)
    a, prices = env.play.kernel.actions, env.play.kernel.tables.list_prices
    orders = (a.propose - len(prices) + np.argsort(-prices))[:9].tolist()
    assert prices[np.argsort(-prices)[:9]].sum() > 3_400 and all(seen["action_mask"][orders])
    assert [env.step(order)[1] for order in orders] == [1] * 9


@pytest.mark.parametrize("preset", [ORIGINAL, HARDENED], ids=["original", "hardened"])
def test_known_phrases_are_read_as_everything_else_is(preset):
    """A message with a phrase of the knowledge base takes a shortcut; what stands around it must count all the same."""
    language, around = (
        ConsultationLanguage("tiny", preset),
        ("", "x ", "<think>", "<think>a</think>", "</answer>", "</think>", "<answer>"),
    )
    for before in around:
        for after in ("", "\n", "</answer>", " x"):
            text = f"{before}<answer>Question: {language.sentences.names[0]}?</answer>{after}"
            said, meant = read(text, preset), language.parse("doctor", text)
            assert (meant.fault, meant.action.act) == (None, 0) if said.kind == "question" else meant.fault, text
