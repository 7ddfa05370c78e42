"""The paper's reward table, row by row and in its precedence; budgets, ends, scripts with returns by hand; one episode equals a batch."""

from __future__ import annotations

import pickle

import gymnasium as gym
import numpy as np
import pytest

from medenvs.cases.recorded import LONGEST_BUDGET
from medenvs.core.episode import Episode
from medenvs.core.episodes import Episodes
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key
from medenvs.envs.consultation.dialogue import DIAGNOSIS, QUESTION, SEVERAL, DialogueKernel
from medenvs.envs.consultation.format import concluded
from medenvs.envs.consultation.rules import LAST_MESSAGE
from medenvs.evaluation.conformance import Target, check
from medenvs.views.gymnasium import MedEnv
from medenvs.views.options import Settings
from medenvs.worlds.consultation.markers import REPEAT, UNKNOWN
from tests.residents.dialogue import Told, cases, dialogue
from tests.residents.playing import Batch, Single

ASK, TWO, BAD = "<answer>Question: Any fever?</answer>", "<answer>Question: Fever? Cough?</answer>", "Any fever?"
WRONG = "<answer>Diagnosis: nothing at all\nRecommendation: wait</answer>"


def playing(budget=4, reply="It hurts.", **more):
    """Return an episode with a scripted patient."""
    play = Episode(dialogue(budget=budget, patient=Told(reply), **more), words=True)
    play.start(1, key(1), 0)
    return play


def rewards(play, *texts):
    return [play.act("doctor", text).rewards["doctor"] for text in texts]


def gold(play):
    return play.system.language.speak("doctor", DIAGNOSIS, play.case)


def test_row_1_nothing_follows_the_end():
    for ending in (ASK, WRONG):
        play = playing(budget=1)
        first = play.act("doctor", ending)
        assert first.terminated
        for text in (ASK, TWO, BAD, gold(play)):
            out = play.act("doctor", text)
            assert out.terminated and not out.truncated
            assert not any(out.terms[name] for name in play.kernel.spec.terms)


@pytest.mark.parametrize("text", [BAD, "", "<answer></answer>", f"{ASK}</answer>", f"{ASK} and more", "<answer>Question: Any fever?"])
def test_row_2_malformed(text):
    play = playing()
    out = play.act("doctor", text)
    assert out.rewards["doctor"] == -2 and not out.terminated and not out.truncated
    assert play.log["doctor"][-1].startswith("[Not understood: ") and play.log["doctor"][-1].endswith("\nTurn 1/4.")


def test_row_3_a_diagnosis_is_scored_and_ends():
    play = playing()
    out = play.act("doctor", gold(play))
    assert out.rewards["doctor"] == 10 and out.terminated and out.terms["diagnosis_f1"] == out.terms["recommendation_f1"] == 1
    play = playing()
    diagnosis = gold(play).partition("\n")[0] + "</answer>"
    out = play.act("doctor", diagnosis)
    assert out.rewards["doctor"] == 5 and out.applies["diagnosis_f1"] and not out.applies["recommendation_f1"]
    play = playing()
    illness = play.truth()["diagnosis"].removeprefix("You have ")
    out = play.act("doctor", f"<answer>Diagnosis: {illness} or a cold\nRecommendation: rest</answer>")
    words = len(illness.replace("'", " ").split())
    assert out.terms["diagnosis_f1"] == pytest.approx(2 * words / (2 * words + 1))  # P w/(w+1) ("cold"), R 1
    assert out.terms["recommendation_f1"] == pytest.approx(2 / (1 + 3 + words))  # "rest" of rest, drink, tea and the name


def test_row_4_the_last_turn_is_too_late_for_anything_else():
    for text in (ASK, TWO):
        play = playing(budget=2)
        out = [play.act("doctor", t) for t in (ASK, text)]
        assert [o.rewards["doctor"] for o in out] == [1, -5] and out[1].terminated and not out[1].truncated
        assert play.system.players["patient"].calls == 1 and "no turn is left" in play.log["doctor"][-1]


def test_row_5_several_questions():
    play = playing()
    assert rewards(play, TWO, "<answer>Question: Tell me more.</answer>") == [-2, -2] and play.system.players["patient"].calls == 0
    assert play.log["doctor"][-1] == "Ask one question at a time.\nTurn 2/4."


def test_row_6_a_repeat():
    play = playing(reply=REPEAT)
    out = play.act("doctor", ASK)
    assert out.rewards["doctor"] == -2 and out.terms["repeat"] == 1 and play.log["doctor"][-1] == f"{REPEAT}\nTurn 1/4."


@pytest.mark.parametrize(("reply", "paid"), [(UNKNOWN, -1), ("I am Sorry to say: yes", -1), ("I am sorry to say: yes", 1)])
def test_row_7_unknown(reply, paid):
    assert rewards(playing(reply=reply), ASK) == [paid]


def test_row_8_an_answer():
    play = playing()
    out = play.act("doctor", ASK)
    assert out.rewards["doctor"] == 1 and not out.terminated and play.log["doctor"][-1] == "It hurts.\nTurn 1/4."


def test_precedence_in_the_last_turn():
    for text, paid, over in ((BAD, -2, False), (TWO, -5, True), (ASK, -5, True), (WRONG, 0, True)):
        play = playing(budget=1)
        out = play.act("doctor", text)
        assert (out.rewards["doctor"], out.terminated) == (paid, over), text
    play = playing(budget=1)
    assert rewards(play, BAD, gold(play)) == [-2, 10]  # the table looks for a diagnosis before it looks at the clock
    assert rewards(playing(budget=1), BAD, ASK) == [-2, -5]


@pytest.mark.parametrize("budget", [2, 10, 13])
def test_messages_that_cannot_be_read_are_cut_off(budget):
    play, most = playing(budget=budget), max(budget, LAST_MESSAGE)
    out = [play.act("doctor", BAD) for _ in range(most)]
    assert [o.truncated for o in out] == [False] * (most - 1) + [True] and not any(o.terminated for o in out)
    assert [o.rewards["doctor"] for o in out] == [-2] * most and play.act("doctor", BAD).terms["malformed"] == 0


def test_no_answer_costs_nothing_and_is_said():
    play = playing(reply="")
    out = play.act("doctor", ASK)
    assert out.rewards["doctor"] == 0 and out.terms["silent"] == 1 and "does not answer" in play.log["doctor"][-1]
    assert out.terms["unknown"] == out.terms["informative"] == 0


def test_scripted_doctors_earn_what_was_reckoned():
    for budget in (2, 6, 10):
        late, asks = playing(budget=budget), playing(budget=budget)
        assert sum(rewards(late, *[ASK] * budget)) == budget - 1 - 5
        assert sum(rewards(asks, *[ASK] * (budget - 1), gold(asks))) == budget - 1 + 10
    play = Episode(dialogue(budget=6), words=True)  # the recorded patient: two answers, a repeat, something off the record
    play.start(3, key(3), 0)
    texts = [f"<answer>Question: {q}?</answer>" for q in ("When did it start", "Do you smoke", "Did it start at once", "Is it your ear")]
    assert rewards(play, *texts, gold(play)) == [1, 1, -2, -1, 10]


def test_what_each_side_reads():
    play = playing(budget=5)
    opening = play.log["doctor"][0]
    assert opening.startswith(play.system.cases.report(play.case)) and "5" not in opening.partition("\n\n")[2]
    play.act("doctor", "<think>secret</think><answer>Question: Any\nfever?</answer>")
    play.act("doctor", ASK)
    read = play.system.players["patient"].read
    assert read[0] == f"{play.system.cases.profile(play.case)}\n\nThe doctor asks: Any fever?" and read[1] == "The doctor asks: Any fever?"


def test_the_budget_hangs_on_the_case():
    source = cases()
    drawn = source.columns(np.arange(120))["budget"]
    assert set(drawn.tolist()) == set(range(2, 11)) and [source.columns(i)["budget"] for i in range(120)] == drawn.tolist()
    assert (cases(budget=7).columns(np.arange(9))["budget"] == 7).all()
    play = Episodes(dialogue(), 8, words=True)
    streams = np.repeat([4, 5], 4)
    play.start(streams, key(streams), np.zeros(8, np.int64))
    assert len(set(play.state.budget[:4].tolist())) == len(set(play.cases[:4].tolist())) == 1


def test_a_batch_asks_the_patient_and_the_judge_once():
    patient = Told()
    play = Episodes(dialogue(patient=patient, budget=3), 16, words=True)
    play.start(np.arange(16), key(np.arange(16)), np.zeros(16, np.int64))
    play.act("doctor", [ASK, BAD, WRONG, TWO] * 4)
    assert patient.calls == 1 and len(patient.read) == 4


def test_a_patient_from_outside_earns_the_doctor_the_same():
    inside, outside = playing(), Episode(dialogue(budget=4, patient="outside"), words=True)
    outside.start(1, key(1), 0)
    assert rewards(outside, ASK) == [0] and outside.mover() == "patient"
    out = outside.act("patient", "It hurts.")
    assert [out.rewards["doctor"]] == rewards(inside, ASK) == [1] and out.rewards["patient"] == 0
    assert outside.log["doctor"] == inside.log["doctor"] and outside.mover() == "doctor"


def test_the_longest_budget_can_be_observed():
    env = MedEnv(dialogue(budget=LONGEST_BUDGET), Settings(obs_mode="numeric"))
    assert env.observation_space.contains(env.reset(seed=0)[0])


def test_a_budget_may_be_set_at_reset():
    env = MedEnv(dialogue(), Settings())
    env.reset(seed=0, options={"budget": 1})
    assert env.step(ASK)[1:3] == (-5, True)


@pytest.mark.parametrize("words", [True, False])
def test_one_by_one_equals_a_batch(words):
    batch = Batch(dialogue(), words, range(50, 90))
    told = batch.go_on(24)
    single = Single(dialogue(), words)
    assert [single(50 + i, 24) for i in range(40)] == told
    copy = pickle.loads(pickle.dumps(batch))
    assert copy.go_on(6) == batch.go_on(6)


def test_lanes_play_alike():
    plain, arrays = DialogueKernel(1, dict), DialogueKernel(1, dict).on(numpy_lanes())
    moves = np.random.default_rng(0).integers(-1, 3, (40, 30))
    ones = [plain.on(PLAIN).reset({"case": i, "budget": 2 + i % 9}, (0, 0), None) for i in range(40)]
    many = arrays.reset({"case": np.arange(40), "budget": 2 + np.arange(40) % 9}, (0, 0), 40)
    for step in range(30):
        turned = np.array([int(plain.mover(s)) for s in ones])
        assert (arrays.mover(many) == turned).all()
        for role, number in (("doctor", 0), ("patient", 1)):
            many, turn = arrays.step(many, {role: moves[:, step]}, turned == number)
            for i in np.flatnonzero(turned == number).tolist():
                ones[i], one = plain.step(ones[i], {role: int(moves[i, step])}, True)
                assert {k: v[i] for k, v in turn.terms.items()} == one.terms
                assert (turn.terminated[i], turn.truncated[i]) == (one.terminated, one.truncated)
    assert {QUESTION, SEVERAL, DIAGNOSIS} == set(range(3))


def test_nobody_speaks_out_of_turn():
    kernel = DialogueKernel(1, dict)
    state = kernel.reset({"case": 0, "budget": 5}, (0, 0), None)
    assert not any(kernel.step(state, {"patient": 0}, True)[1].terms.values())
    kernel.step(state, {"doctor": QUESTION}, True)
    assert not any(kernel.step(state, {"doctor": DIAGNOSIS}, True)[1].terms.values()) and (state.turn, state.over) == (1, 0)
    assert kernel.step(state, {"patient": 0}, True)[1].terms["informative"] == 1


def test_every_sample_and_spoken_text_is_read_as_meant():
    language = dialogue().language
    for word in range(64):
        assert all(language.parse(role, language.sample(role, word)).fault is None for role in ("doctor", "patient"))
    assert [language.parse("patient", language.speak("patient", a)).action for a in (-1, 0, 1, 2)] == [-1, 0, 1, 2]
    acts = (QUESTION, SEVERAL, DIAGNOSIS)
    assert tuple(language.parse("doctor", language.speak("doctor", a, 5)).action for a in acts) == acts
    assert concluded(language.speak("doctor", DIAGNOSIS, 5)) == tuple(language.records.golds(5).values())


@pytest.mark.parametrize("obs_mode", ["text", "numeric"])
def test_what_a_good_environment_does(obs_mode):
    where = Target("dialogue", lambda: MedEnv(dialogue(), Settings(obs_mode=obs_mode)))
    assert [f for f in check(where) if not f.passed] == []
    assert isinstance(where.make(), gym.Env)
