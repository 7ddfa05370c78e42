"""The checklist of what a faithful DoctorAgent-RL environment must do, point by point; the reward table has a file of its own."""

from __future__ import annotations

import copy
import socket
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from medenvs.backends.scripted import Scripted
from medenvs.core.errors import BadData, BadValue
from medenvs.envs.consultation.format import concluded
from medenvs.evaluation.consultation import consult, table
from medenvs.rewards.conclusions import GradedJudge
from medenvs.systems.catalog import build
from medenvs.views.gymnasium import MedEnv
from medenvs.views.options import Settings
from medenvs.views.vector import MedVectorEnv
from medenvs.worlds.consultation.leaks import leaks
from tests.residents.dialogue import item, written
from tests.systems.doctoring import BAD, ID, LOST, NONSENSE, NOWHERE, ending, fresh, gold, playing, say, spoken


def test_point_1_an_id_with_texts_and_nothing_left_to_chance():
    first, second = gym.make(ID, reveal=True), gym.make(ID, reveal=True)
    assert isinstance(first.action_space, gym.spaces.Text) and isinstance(first.observation_space, gym.spaces.Text)
    budgets = set()
    for seed in range(40):
        (seen, info), (again, same) = first.reset(seed=seed), second.reset(seed=seed)
        truth = info["privileged"]
        assert seen == again and truth == same["privileged"]
        budgets.add(truth["budget"])
        (_, there), (_, fixed) = (first.reset(options={"case": truth["case"], **more}) for more in ({}, {"budget": 7}))
        assert there["privileged"] == truth and fixed["privileged"] == {**truth, "budget": 7}
    assert budgets == set(range(2, 11))


def test_point_3_overlap_of_words():
    seed = next(s for s in range(99) if playing(s).play.truth()["recommendation"].count("; ") == 2)
    env = playing(seed)
    truth = env.play.truth()
    name, items = truth["diagnosis"], truth["recommendation"].split("; ")
    assert ending(env, gold(env)) == (10, {"diagnosis_f1": 1, "recommendation_f1": 1})
    assert ending(playing(seed), f"<answer>Diagnosis: {name.upper()}</answer>") == (5, {"diagnosis_f1": 1})
    assert ending(playing(seed), f"<answer>Diagnosis: zz\nRecommendation: {'; '.join(items[::-1])}</answer>")[0] == 5
    said, true = len(items[0].split()), len(" ".join(items).replace("-", " ").split())
    reward, parts = ending(playing(seed), f"<answer>Diagnosis: {name} zz\nRecommendation: {items[0]}</answer>")
    words = len(name.replace("-", " ").split())
    assert parts == pytest.approx({"diagnosis_f1": 2 * words / (2 * words + 1), "recommendation_f1": 2 * said / (said + true)})
    assert reward == pytest.approx(5 * sum(parts.values())) and playing(seed).system.judges[0].marks == {"judge": "token F1, words"}


@pytest.mark.parametrize(("verdict", "points"), [("5", 5), ("0", 0), ("7", None), ("-1", None), ("five", None), (None, None)])
def test_point_3_a_judge_gives_0_to_5_or_nothing(verdict, points):
    system = build(ID, score="judge", judge=NOWHERE, budget=4)
    script = Scripted(lambda chat, seed: None if verdict is None else f"<verdict>{verdict}</verdict>")
    env = MedEnv(replace(system, judges=(GradedJudge(script, concluded),)), Settings())
    env.reset(seed=0)
    found = {} if points is None else {"diagnosis_grade": points, "recommendation_grade": points}
    assert ending(env, gold(env)) == (2 * points if points else 0, found)
    assert {t.name: t.weight for t in system.terms if t.source == "judge"} == {"diagnosis_grade": 1, "recommendation_grade": 1}


def test_point_3_numbers_are_scored_as_words_are():
    rng = np.random.default_rng(0)
    numbers = gym.make(ID, obs_mode="numeric", reveal=True).unwrapped
    for seed in range(60):
        texts = playing(seed, persona=None, budget=(2, 10))
        numbers.reset(seed=seed)
        a, truth = texts.play.kernel.actions, numbers.play.truth()
        disease = truth["kind"][0] if seed % 3 else int(rng.integers(a.diseases))
        items = sorted({*truth["kind"][1][: seed % 4], *rng.integers(a.drugs, size=seed % 3).tolist()})
        asked = int(rng.integers(a.propose))
        speak = texts.system.language.speak
        paid = [texts.step(speak("doctor", asked))[1], texts.step(speak("doctor", 0, (disease, items)))[1]]
        told = [numbers.step(x)[1:4:2] for x in (asked, *(a.propose + i for i in items), a.diagnose + disease)]
        assert [told[0][0], told[-1][0]] == paid and not any(reward for reward, _ in told[1:-1])


def test_point_4_the_budget_is_fixed_or_uniform_and_is_told():
    env = gym.make_vec(ID, 1000, reveal=True)
    env.reset(seed=0)
    many = np.bincount(env.play.state.budget, minlength=11)
    assert not many[:2].any() and (abs(many[2:] - 1000 / 9) < 4 * np.sqrt(1000 / 9)).all()
    for budget in (2, 7):
        env = playing(budget=budget)
        for turn, text in enumerate(fresh(env, budget - 1), 1):
            env.step(text)
            assert env.play.log["doctor"][-1].endswith(f"[Turn {turn}/{budget}]")
        assert env.step(LOST)[1:3] == (-5, True)
    assert "7" not in playing(budget=7).play.log["doctor"][0].partition("Decide")[2]  # the first message does not tell it
    for bad in (1, 99, (5, 4), "many"):
        with pytest.raises((BadValue, TypeError)):
            gym.make(ID, budget=bad)


def test_point_5_a_timeout_is_fined_once_and_nothing_is_paid_later():
    env = gym.make_vec(ID, 4, budget=2, autoreset_mode="Disabled")
    env.reset(seed=0)
    env.step([LOST] * 4)
    assert env.step([LOST, LOST, NONSENSE, LOST])[1].tolist() == [-5, -5, 0, -5]
    with pytest.raises(BadValue, match="have ended"):
        env.step([NONSENSE] * 4)
    env = gym.make_vec(ID, 1, budget=2)  # the next step begins anew
    env.reset(seed=0)
    assert [env.step([LOST])[1][0] for _ in range(6)] == [-1, -5, 0, -1, -5, 0]


def test_point_6_the_patient_tells_what_it_has_and_never_what_it_is():
    env = playing(persona=None, size="small", budget=30)
    for seed in range(20):
        env.reset(seed=seed)
        secrets = env.system.cases.secrets(env.play.case)
        answers = {}
        for text in fresh(env, 29):
            env.step(text)
            answers[text] = env.play.log["doctor"][-1].partition(" [Turn")[0]
            assert not leaks(answers[text], secrets)
        env.reset(options={"case": env.play.case})
        for text in list(answers)[:10]:
            say(env, text, text)
            assert env.play.log["doctor"][-3].startswith(answers[text])  # another time, in another order
            assert env.play.log["doctor"][-1].startswith(f"As I said before: {answers[text]}")
        assert say(env, LOST) == [-1] and env.play.log["doctor"][-1].startswith("I am sorry")


def test_point_7_a_paraphrase_is_a_repeat_and_another_slot_is_not():
    for seed, question, other, slots in (
        (
            3,
            "Do you have a fever?",
            "Have you been running a temperature?",
            ("Since when have you had a fever?", "Is the fever getting worse?"),
        ),
        (3, "Do you have a headache?", "Does your head hurt?", ("When did the headache begin?", "How bad is the headache?")),
    ):
        first, second, *rest = (f"<answer>Question: {q}</answer>" for q in (question, other, *slots))
        env = playing(seed, budget=10)
        assert say(env, first, second, *rest, *rest) == [1, -2, 1, 1, -2, -2], env.play.log["doctor"]


@pytest.mark.parametrize("budget", [2, 5, 10])
def test_point_8_scripted_doctors_earn_what_was_reckoned(budget):
    oracle = playing(budget=budget)
    assert sum(say(oracle, *fresh(oracle, budget - 1), gold(oracle))) == budget - 1 + 10
    at_once, late, silent, slow = (playing(budget=budget) for _ in range(4))
    assert say(at_once, gold(at_once)) == [10] and say(playing(budget=budget), NONSENSE) == [0]
    assert sum(say(late, *fresh(late, budget))) == budget - 1 - 5
    assert sum(say(slow, *[LOST] * budget)) == -(budget - 1) - 5
    same = fresh(silent, 1) * budget
    assert sum(say(silent, *same)) == 1 - 2 * (budget - 2) - 5


def test_point_8_a_random_doctor_earns_what_its_moves_are_worth():
    env = gym.make(ID, reveal=True).unwrapped
    space, worth = env.action_space, {"invalid": -2, "repeat": -2, "unknown": -1, "informative": 1, "timeout": -5}
    space.seed(0)
    for seed in range(60):
        env.reset(seed=seed)
        over, earned, turns = False, 0.0, 0
        while not over:
            _, reward, ended, cut, info = env.step(space.sample())
            terms, over, turns = info["terms"], ended or cut, turns + 1
            named = sum(worth[name] * terms[name] for name in worth)
            assert reward == pytest.approx(named + 5 * terms["diagnosis_f1"] + 5 * terms["recommendation_f1"])
            assert sum(terms[name] for name in worth) == (0 if info["applies"]["diagnosis_f1"] else 1)
            earned += reward
        assert turns <= (budget := env.play.state.budget) and -2 * budget - 3 <= earned <= budget + 9


@pytest.mark.parametrize("obs_mode", ["text", "numeric"])
def test_point_9_a_group_shares_case_seed_and_budget(obs_mode):
    env = gym.make_vec(ID, 64, group_size=8, obs_mode=obs_mode, reveal=True)
    for _ in range(3):
        _, info = env.reset(seed=5)
        for name, kinds in (("case", 8), ("budget", 4)):
            groups = info["privileged"][name].reshape(8, 8)
            assert (groups == groups[:, :1]).all() and len(set(groups[:, 0].tolist())) >= kinds
    for _ in range(25):  # still so when the rows have ended at different times and begun again
        env.step([env.single_action_space.sample() for _ in range(64)])
    begun = {}
    for i in range(64):
        begun.setdefault((i // 8, int(env._episodes[i])), set()).add((int(env.play.cases[i]), int(env.play.state.budget[i])))
    assert len(begun) > 8 and all(len(found) == 1 for found in begun.values())


def test_point_9_a_copy_is_independent():
    env = playing(budget=10)
    first, second, third = fresh(env, 3)
    say(env, first)
    other = copy.deepcopy(env)
    assert say(other, second, third, gold(other)) == [1, 1, 10]
    assert env.play.state.turn == 1 and len(env.play.log["doctor"]) == 3 and say(env, second, first) == [1, -2]


def test_point_10_splits_share_no_case_and_files_no_state(tmp_path):
    drawn = {s: {gym.make(ID, split=s, reveal=True).reset(seed=i)[1]["privileged"]["case"] for i in range(50)} for s in ("train", "test")}
    assert not drawn["train"] & drawn["test"]
    one, two = (written(tmp_path / f"{n}.json", [item(i) for i in rows]) for n, rows in (("one", range(12)), ("two", range(12, 30))))
    envs = [gym.make(ID, data=path, budget=4).unwrapped for path in (one, two)]
    starts = [{env.reset(options={"case": i})[0].partition("\n")[0] for i in range(12)} for env in envs]
    assert len(starts[0]) == 12 and not starts[0] & starts[1]
    both = gym.make(ID, data={"train": one, "test": two}, reveal=True, split="test").unwrapped
    assert both.reset(seed=0)[0].partition("\n")[0] in {
        f"Case {i}: I have {item(i)['self_report'].split('have ')[1]}" for i in range(12, 30)
    }
    shared = written(tmp_path / "shared.json", [item(i) for i in range(5, 8)])
    with pytest.raises(BadData, match="share 3"):
        gym.make(ID, data={"train": one, "test": shared})


def test_point_11_one_patient_call_and_one_judge_call_for_each_step():
    patient, judge = Scripted(lambda chat, seed: "No, I do not."), Scripted(lambda chat, seed: "<verdict>3</verdict>")
    system = spoken(lambda chat, seed: "", budget=(2, 4), persona=None)
    system.players["patient"]._generator = patient
    graded = build(ID, score="judge", judge=NOWHERE, patient=NOWHERE)
    system = replace(system, judges=(GradedJudge(judge, concluded),), terms=graded.terms)
    env = MedVectorEnv(system, 64)
    env.reset(seed=0)
    texts = ["<answer>Question: fever?</answer>", LOST, BAD, NONSENSE] * 16
    env.step(texts)
    assert (patient.calls, judge.calls) == (1, 1) and system.judges[0].asked == 32
    for _ in range(12):
        before = patient.calls, judge.calls
        env.step(texts[:])
        assert patient.calls - before[0] <= 1 and judge.calls - before[1] <= 1
        texts = texts[1:] + texts[:1]
    other = MedVectorEnv(replace(system), 64)
    assert other.reset(seed=0)[0] == MedVectorEnv(system, 64).reset(seed=0)[0]


class Curious:
    """Asks one thing and names anything."""

    def act(self, observation, info):
        return NONSENSE if "[Turn 1/" in observation else LOST


def test_point_13_the_metrics_are_there():
    envs = [gym.make(ID, reveal=True) for _ in range(4)]
    envs[0].reset(seed=0)
    lines = table(consult(envs, Curious(), range(24)))
    everybody = lines[0].metrics
    assert {"diagnosis", "recommendation", "score", "turns", "recall", "invalid", "repeat", "unknown", "dei", "return"} <= set(everybody)
    told = {name: everybody[name].mean for name in ("return", "score", "turns", "unknown", "repeat", "invalid")}
    assert told == {"return": -1, "score": 0, "turns": 2, "unknown": 0.5, "repeat": 0, "invalid": 0}
    assert {line.group for line in lines} == {"all", "system", "sex", "age"}


def test_point_14_nothing_but_the_package_is_needed(monkeypatch):
    def refuse(*_):
        raise AssertionError("somebody reached for the network")

    for name in ("socket", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    env = playing()
    truth = env.play.truth()
    assert truth["synonyms"] and truth["present"] and say(env, *fresh(env, 2), gold(env)) == [1, 1, 10]
    assert env.system.judges[0].discloses == ""
