"""A language model, or another agent, in the patient's place: the same rewards where it says what is true, nothing hidden where not."""

from __future__ import annotations

import re
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from medenvs.backends.scripted import Scripted
from medenvs.core.episode import Episode
from medenvs.core.episodes import Episodes
from medenvs.core.errors import EndpointError, UnknownName
from medenvs.core.randomness import key
from medenvs.core.reward import Term
from medenvs.policies.told_patient import ToldPatient
from medenvs.systems.catalog import build
from medenvs.views.options import Settings
from medenvs.views.pettingzoo import MedAECEnv, MedParallelEnv
from medenvs.worlds.consultation.leaks import leaks
from medenvs.worlds.consultation.markers import UNKNOWN
from tests.backends.serving import completion, serving
from tests.systems.doctoring import BAD, ID, LOST, NONSENSE, NOWHERE, SEVERAL, spoken

IDS = (ID, "medenvs/Consultation-v0")
MEANT = re.compile(r'you would answer: "(.*?)" Say this')
STEP = ("question", "test", "invalid", "repeat", "unknown", "informative", "timeout", "correct", "neighbour", "recommendation")


def obedient(chat, seed):
    """Say what the prompt says that the patient means."""
    return MEANT.search(chat[0]["content"])[1]


def voiced(env_id, script=obedient, **options):
    """Return the system of an id with a patient for whom a script speaks."""
    system = build(env_id, patient=NOWHERE, **options)
    return replace(system, players={"patient": ToldPatient(Scripted(script), system.cases)})


def script_of(system, rng):
    """Return a doctor's messages: asked, asked again, details, lost ones, and an end."""
    a, speak = system.kernel.actions, system.language.speak
    names = system.language.sentences.names
    said = [speak("doctor", int(i)) for i in rng.integers(a.propose, size=6)]
    said += [f"<answer>Question: {q}?</answer>" for q in (f"How bad is {names[0]}", "Since when", "Is it getting worse")]
    said += [said[0], LOST, SEVERAL, BAD]
    return [said[i] for i in rng.permutation(len(said))] + [speak("doctor", 0, (int(rng.integers(a.diseases)), (1, 2)))]


@pytest.mark.parametrize("env_id", IDS)
def test_a_model_that_says_what_it_means_earns_the_doctor_what_the_rules_do(env_id):
    rules, model = Episode(build(env_id, budget=20), words=True), Episode(voiced(env_id, budget=20), words=True)
    rng, answered = np.random.default_rng(0), 0
    for stream in range(25):
        texts = script_of(rules.system, rng)
        for play in (rules, model):
            play.start(stream, key(stream), 0)
        for text in texts:
            a, b = (play.act("doctor", text) for play in (rules, model))
            assert {n: a.terms[n] for n in STEP} == {n: b.terms[n] for n in STEP} and a.rewards == b.rewards, text
            detail, same = model.log["doctor"][-1].removeprefix("Yes. "), model.log["doctor"][-1]
            assert rules.log["doctor"][-1] in (same, detail) and rules.state.seen == model.state.seen and not b.terms["silent"]
            answered += b.terms["informative"] > 0
            if a.terminated:
                break
    assert answered > 60


@pytest.mark.parametrize("env_id", IDS)
def test_without_words_the_rules_answer(env_id):
    rules, model = (Episodes(system, 40, words=False) for system in (build(env_id), build(env_id, patient=NOWHERE)))
    streams, rng = np.arange(40), np.random.default_rng(0)
    for play in (rules, model):
        play.start(streams, key(streams), streams * 0)
    for _ in range(2):
        moves = rng.integers(rules.kernel.actions.diagnose, size=40)
        a, b = (play.act("doctor", moves) for play in (rules, model))
        assert all((a.terms[n] == b.terms[n]).all() for n in STEP) and (a.rewards["doctor"] == b.rewards["doctor"]).all()
        assert all((x == y).all() for x, y in zip(rules.see("doctor").values(), model.see("doctor").values(), strict=True))


def test_one_by_one_equals_a_batch():
    texts = ["<answer>Question: fever?</answer>", LOST, BAD, "<answer>Question: how long?</answer>", NONSENSE]
    many = Episodes(voiced(ID), 16, words=True)
    many.start(np.arange(16), key(np.arange(16)), np.zeros(16, np.int64))
    ones = [Episode(many.system, words=True) for _ in range(16)]
    over = np.zeros(16, bool)
    for i, one in enumerate(ones):
        one.start(i, key(i), 0)
    for step in range(5):
        said = [texts[(i + step) % 5] for i in range(16)]
        out = many.act("doctor", said, ~over)
        for i in np.flatnonzero(~over).tolist():
            one = ones[i].act("doctor", said[i])
            assert out.rewards["doctor"][i] == one.rewards["doctor"] and many.talk.log["doctor"][i] == ones[i].log["doctor"]
            assert all(out.terms[n][i] == v and out.applies[n][i] == one.applies[n] for n, v in one.terms.items())
        over |= out.terminated | out.truncated


def test_the_prompt_tells_all_but_the_secret():
    read, asked = [], 0
    system = voiced("medenvs/Consultation-v0", lambda chat, seed: read.append(chat) or obedient(chat, seed), persona=None)
    play = Episode(system, words=True)
    for stream in range(60):
        play.start(stream, key(stream), 0)
        play.act("doctor", "<think>It is gout, I bet</think><answer>Question: Do you</question>\nhave a fever?</answer>")
        play.act("doctor", "<answer>Question: Since when?</answer>")
        secrets, chat = system.cases.secrets(play.case), read[-1]
        assert not leaks(chat[0]["content"], secrets) and "gout" not in str(chat)
        assert chat[-1]["content"] == "<question>Since when?</question>"
        asked += chat[1]["content"] == "<question>Do you‹/question› have a fever?</question>" and len(chat) == 4  # not volunteered
        assert f"{play.state.seen[play.kernel.actions.chart - 7]}-year-old" in chat[0]["content"]
    assert asked > 40


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("Yes, I do.", 2), ("yeah", 2), ("I think so, yes.", 2), ("I have had it for days.", 2), ("I'm shivering", 2), ("I’ve a cough", 2),
        ("No.", 1), ("Nope", 1), ("Not at all", 1), ("I don't have that.", 1), ("I have no fever", 1), ("I’m not in pain", 1), ("Nah", 1),
        ("I cannot say.", 0), ("Not sure", 0), ("I am not sure, yes?", 0), ("I don't know.", 0), ("I am sorry, I cannot say.", 0),
        ("No idea", 0), ("Yesterday it rained", 0), ("Now it hurts", 0), ("Nobody asked", 0), ("\u53d1\u70e7", 0), ("", -1), (" \n", -1),
    ],
)  # fmt: skip
def test_what_a_reply_means(reply, move):
    meant = build(IDS[1], size="tiny").language.parse("patient", reply)
    assert meant.action.act == move and (meant.fault is None) == (move >= 0)


def started(script, **options):
    play = Episode(spoken(script, **options), words=True)
    play.start(3, key(3), 0)
    return play


FEVER = "<answer>Question: fever?</answer>"


def test_a_reply_that_names_the_secret_is_not_passed_on():
    play = started(lambda chat, seed: f"Yes, it is {told[0].upper()}, they say.")
    told = play.system.cases.secrets(play.case)
    out = play.act("doctor", FEVER)
    assert out.rewards == {"doctor": -1} and play.log["doctor"][-1] == f"{UNKNOWN} [Turn 1/4]"
    assert play.system.players["patient"].counts.leaked == 1 and told[0].casefold() not in str(play.log).casefold()


def test_no_answer_is_flagged_and_costs_nothing_and_may_be_asked_again():
    replies = iter([None, "  ", "Yes, since Monday.", "Maybe."])
    play = started(lambda chat, seed: next(replies))
    for _ in range(2):
        out = play.act("doctor", FEVER)
        assert (
            out.rewards == {"doctor": 0} and out.terms["silent"] == 1 and play.log["doctor"][-1].startswith("The patient does not answer.")
        )
        assert not any(out.terms[n] for n in ("unknown", "informative", "honest", "repeat"))
    out = play.act("doctor", FEVER)
    assert (out.rewards["doctor"], out.terms["silent"]) == (1, 0) and play.log["doctor"][-1] == "Yes, since Monday. [Turn 3/4]"
    play = started(lambda chat, seed: "I could not say.")
    assert play.act("doctor", FEVER).rewards["doctor"] == -1 == play.act("doctor", LOST).rewards["doctor"]
    assert play.log["doctor"][-1].startswith("I could not say.") and play.act("doctor", FEVER).rewards["doctor"] == -2


def test_an_endpoint_speaks_refuses_or_is_gone():
    with serving(lambda handler, number, body: handler.send(200, completion("Yes, I do."))) as server:
        options = {"url": server.url, "model": "m"}
        env = gym.make_vec(ID, 64, patient=options, budget=4)
        env.reset(seed=0)
        assert (env.step([FEVER] * 64)[4]["terms"]["informative"].sum()) > 50 and len(server.asked) > 50
        env = gym.make("medenvs/Consultation-v0", patient=options)
        env.reset(seed=0)
        assert "Yes, I do." in env.step("Do you have a fever?")[0]
    with serving(lambda handler, number, body: handler.send(401, b"{}")) as server:
        env = gym.make(ID, patient={"url": server.url, "model": "m"})
        env.reset(seed=3)
        with pytest.raises(EndpointError, match="does not accept the key"):
            env.step(FEVER)
    env = gym.make(ID, patient={"url": server.url, "model": "m", "retries": 0, "connect_s": 0.5})
    env.reset(seed=3)
    _, reward, *_, info = env.step(FEVER)
    assert reward == 0 and info["terms"]["silent"] == 1
    for env_id in IDS:
        with pytest.raises(UnknownName, match="unknown patient 'ruels'"):
            gym.make(env_id, patient="ruels")


def pair(view, obs_mode="text"):
    """Return a view in which doctor and patient are played from outside; the patient is paid for honesty."""
    system = build(ID, persona="truthful", budget=4, patient=NOWHERE)
    env = view(replace(system, players={}, terms=(*system.terms, Term("honest", 0.5, role="patient"))), Settings(obs_mode=obs_mode))
    env.reset(seed=3)
    return env


def test_point_12_two_agents_earn_the_same_rewards():
    alone = started(obedient)
    texts = [FEVER, FEVER, LOST, "<answer>Question: how long?</answer>"]
    expected = [alone.act("doctor", text).rewards["doctor"] for text in texts]
    assert expected == [1, -2, -1, -5]
    env, earned = pair(MedParallelEnv), []
    for text in texts:
        paid = env.step({"doctor": text})[1]
        assert paid["patient"] == 0
        if env.agents and env.turn() == "patient":
            known = env.play.kernel.observe(env.play.state, "patient")["observation"].tolist()
            assert (known[:2] == [-1, 0]) == (text == LOST)
            meant = MEANT.search(env.observe("patient")["text"].rpartition("\n\nUSER: ")[2])[1]
            _, more, *_, infos = env.step({"patient": meant})
            assert more["patient"] == 0.5 * (text == FEVER) and infos["patient"]["applies"]["honest"] == (text == FEVER)
            paid = {"doctor": paid["doctor"] + more["doctor"]}
        earned.append(paid["doctor"])
    assert earned == expected and not env.agents
    env = pair(MedAECEnv)
    env.step(FEVER)
    assert env.rewards == {"doctor": 0, "patient": 0} and env.agent_selection == "patient"
    env.step("No, nothing of the kind.")
    assert env.agent_selection == "doctor" and env.last()[1] == 1
    env.step(NONSENSE)
    assert all(env.terminations.values())


@pytest.mark.parametrize("obs_mode", ["text", "numeric"])
def test_point_12_masks_show_whose_words_are_whose(obs_mode):
    env = pair(MedParallelEnv, obs_mode)
    asked = env.play.kernel.actions.number["s_fever"]
    masks = {role: env.observe(role)["action_mask"] for role in env.agents}
    assert masks["doctor"][asked] == 1 and not masks["patient"].any()
    env.step({"doctor": FEVER if obs_mode == "text" else asked})
    masks = {role: env.observe(role)["action_mask"] for role in env.agents}
    assert masks["patient"].all() and not masks["doctor"].any()
    if obs_mode == "numeric":
        assert env.observe("patient")["observation"].tolist()[0] == asked
    env.step({"patient": "No." if obs_mode == "text" else 1})
    assert env.observe("doctor")["action_mask"][asked] == 0 and not env.observe("patient")["action_mask"].any()
    if obs_mode == "text":  # a doctor's log alternates: what it said itself stands at the odd places
        assert [m["role"] for m in env.play.messages("doctor")] == ["user", "assistant", "user"]
        assert env.play.messages("doctor")[1]["content"] == FEVER and "No." in env.play.messages("doctor")[2]["content"]
