"""Scripted doctors: how they read and number things, what they expect to learn, and what that is worth to them."""

from functools import cache
from itertools import product

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401 registers the ids
from medenvs.core.errors import BadValue, UnknownName
from medenvs.policies.consultation.ceiling import ceiling, everything
from medenvs.policies.consultation.doctors import Immediate, Protocol, RandomQuestions, inquiries_made, mind, protocol
from medenvs.policies.consultation.gain import earnings
from medenvs.policies.consultation.greedy import Greedy
from medenvs.policies.consultation.reading import size_of
from medenvs.worlds.consultation.knowledge import SIZES, knowledge
from medenvs.worlds.consultation.personas import NO, UNASKED, UNKNOWN, YES
from medenvs.worlds.consultation.prices import DEAREST, UNIT
from tests.policies.clinic import CEILING, Clinic

ALL = (Immediate, Protocol, RandomQuestions, Greedy)


@cache
def played(size, kind, n, **options):
    return Clinic(size, np.arange(n), options.pop("budget", 20)).play(kind(**options))


def accuracy(clinic):
    return (clinic.named == clinic.who["disease"]).mean()


@pytest.mark.parametrize("size", SIZES)
def test_prices_are_the_cards(size):
    assert mind(size).prices == pytest.approx(Clinic(size, np.arange(1)).prices) and pytest.approx(CEILING) == DEAREST * UNIT


@pytest.mark.parametrize("size", SIZES)
def test_an_observation_is_read_as_it_was_written(size):
    clinic = Clinic(size, np.arange(30))
    clinic.play(Greedy())
    seen = mind(size).reading(clinic.observations(np.arange(30)))
    for name in ("sex", "age", "pregnancy", "persona", "first", "second"):
        assert (seen.who[name] == clinic.who[name]).all()
    assert (seen.answers[clinic.codes == 0] == UNASKED).all() and (seen.answers[clinic.codes >= 2] == YES).all()
    assert (seen.answers[clinic.codes == -1] == UNKNOWN).all() and (seen.answers[clinic.codes == -2] == NO).all()
    assert (seen.left == clinic.left).all()
    assert (seen.charted == clinic.charted).all() and (seen.proposed == clinic.proposed).all()
    informed = [len(r) > 0 and all(clinic.codes[i, f] for f in r) for i in range(30) for r in mind(size).actions.shown]
    assert inquiries_made(mind(size).actions, seen).sum() == sum(informed) - (clinic.codes >= 3).sum()


def test_another_world_is_refused():
    seen = Clinic("tiny", np.arange(1)).observations(np.arange(1))
    with pytest.raises(BadValue, match="doctor of the same size"):
        mind("small").reading(seen)
    with pytest.raises(BadValue, match="of no consultation"):
        size_of(7)
    with pytest.raises(BadValue, match="numeric"):
        Greedy().bind(gym.spaces.Text(5), gym.spaces.Text(5))
    with pytest.raises(UnknownName):
        mind("huge")


def entropy(log):
    p = np.exp(log - log.max())
    p = p[p > 0] / p.sum()
    return -(p * np.log(p)).sum()


@pytest.mark.parametrize(("size", "seed"), [("tiny", 1), ("small", 2), ("full", 3), ("full", 4)])
def test_expectations_equal_a_sum_over_answers(size, seed):
    """Information, and earnings one step ahead, by asking the posterior about every answer that could be given."""
    known, clinic = mind(size), Clinic(size, np.array([seed]))
    seen = known.reading(clinic.observations(np.array([0])))
    log, p = known.posterior.log_joint(seen.who, seen.answers)[0], known.posterior.of(seen.who, seen.answers)[0]
    told = known.gain.information(p[None], seen.who["persona"], seen.who["sex"])[0]
    waiting = np.flatnonzero(known.reading.open_moves(seen)[0])
    panel = max(range(len(known.actions.shown)), key=lambda i: len(known.actions.shown[i]))
    settled = {int(seen.who["first"][0]), int(seen.who["second"][0])}
    number = list(known.kb.findings).index
    joined = [i for i, r in enumerate(known.actions.shown) if any({number(g[0]), number(g[1])} <= set(r) for g in known.kb.groups)]
    assert bool(joined) == (size == "full")
    for j in {panel, *joined[:3], *np.random.default_rng(seed).choice(waiting, 8, replace=False).tolist()}:
        rows = known.actions.shown[j]
        if settled.intersection(rows) or any(settled.intersection(map(number, g)) for g in known.kb.groups):
            continue
        expected, earned = entropy(log), 0.0
        for answer in product((UNKNOWN, NO, YES), repeat=len(rows)) if j < known.actions.asks else product((NO, YES), repeat=len(rows)):
            after = seen.answers.copy()
            after[0, list(rows)] = answer
            later = known.posterior.log_joint(seen.who, after)[0]
            chance = np.exp(later - log.max()).sum() / np.exp(log - log.max()).sum()
            expected -= chance * entropy(later)
            earned += chance * (known.posterior.of(seen.who, after)[0] @ known.gain.pays).max()
        assert told[j] == pytest.approx(expected, abs=1e-9)
        assert known.gain.ahead(p, seen.who["persona"][0], seen.who["sex"][0], j) == pytest.approx(earned, abs=1e-9)


def test_earnings_are_those_of_the_reward():
    kb = knowledge("tiny")
    pays, names = earnings(kb), list(kb.diseases)
    assert pays[names.index("influenza"), names.index("influenza")] == 1.5
    assert pays[names.index("influenza"), names.index("covid")] == 0.3
    assert pays[names.index("strep"), names.index("pneumonia")] == 0.0


@pytest.mark.parametrize("kind", ALL)
def test_alone_and_in_a_batch(kind):
    clinic = Clinic("full", np.arange(12))
    seen = clinic.observations(np.arange(12))
    doctor = kind()
    doctor.reset(5)
    together = doctor.act_batch(seen, [{}] * 12)
    assert [doctor.act(o, {}) for o in seen] == together
    assert all(o["action_mask"][m] for o, m in zip(seen, together, strict=True))


def test_the_mask_is_kept():
    clinic = Clinic("small", np.arange(20))
    moves = mind("small").actions
    for seen in clinic.observations(np.arange(20)):
        first = Greedy(questions=1).act(seen, {})
        assert first < moves.propose
        seen["action_mask"][first] = 0
        assert Greedy(questions=1).act(seen, {}) != first
        seen["action_mask"][: moves.diagnose] = 0
        assert Greedy().act(seen, {}) >= moves.diagnose


def test_random_questions_depend_on_seed_and_case():
    seen = Clinic("full", np.arange(40)).observations(np.arange(40))
    doctor = RandomQuestions()
    draws = []
    for seed in (1, 1, 2):
        doctor.reset(seed)
        draws.append(doctor.act_batch(seen, [{}] * 40))
    assert draws[0] == draws[1] != draws[2] and len(set(draws[0])) > 25


def test_how_many_questions_are_asked():
    assert (played("full", RandomQuestions, 60, questions=5).questions == 5).all()
    assert (played("full", Greedy, 60, questions=6).questions == 6).all()
    assert (played("full", Immediate, 60).questions == 0).all()
    assert (played("full", Greedy, 60, questions=9, budget=4).questions == 3).all()
    same = protocol("full")[:5]
    clinic = played("full", Protocol, 60, questions=5)
    wanted = {mind("full").actions.shown[i][0] for i in same}
    assert ((clinic.codes != 0).sum(1) - (clinic.codes >= 3).sum(1) == clinic.questions).all()
    assert {f for row in clinic.codes for f in np.flatnonzero((row != 0) & (row < 3))} == wanted


def test_without_orders_nothing_is_ordered():
    clinic = played("full", Greedy, 60, questions=12, orders=False)
    shown = [f for r in mind("full").actions.shown[mind("full").actions.orders :] for f in r]
    assert not clinic.codes[:, shown].any() and (clinic.questions == 12).all()


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_what_is_on_the_chart_settles_the_recommendation(size):
    clinic = played(size, Greedy, 300)
    right = clinic.named == clinic.who["disease"]
    assert clinic.f1[right].mean() > (0.999 if size == "tiny" else 0.98)


def test_a_tied_finding_changes_the_advice():
    """Asthma answered yes takes away what asthma forbids; unasked it is taken to be absent."""
    known, kb = mind("full"), knowledge("full")
    forbidden = [kb.drugs.index(r.drug) for r in kb.rules if r.attribute == "asthma"]
    row, names = list(kb.findings).index("h_asthma"), list(kb.diseases)
    seen = known.reading(Clinic("full", np.zeros(len(names), int)).observations(np.arange(len(names))))
    seen.charted[:] = False
    items = {}
    for answer in (UNASKED, NO, YES):
        seen.answers[:, row] = answer
        items[answer] = known.advice.items(seen, np.arange(len(names)))
    other = np.array([d for d in range(len(names)) if "h_asthma" not in kb.diseases[names[d]].findings])
    assert (items[UNASKED] == items[NO])[other].all() and items[NO][:, forbidden].any() and not items[YES][other][:, forbidden].any()


def test_it_asks_what_the_recommendation_hangs_on():
    """On the full world most contraindications must be asked for; a doctor who asks for information alone does not."""
    asking, not_asking = played("full", Greedy, 200), played("full", Greedy, 200, questions=8)
    f1 = [c.f1[c.named == c.who["disease"]].mean() for c in (asking, not_asking)]
    assert f1[0] > 0.92 > f1[1]


def test_information_beats_chance_and_the_reference_beats_all():
    """On 200 cases of the full world: the curve rises, random questions are far below at 8, and stopping in time pays."""
    curve = [accuracy(played("full", Greedy, 200, questions=q)) for q in (0, 4, 8)]
    assert curve[0] < curve[1] - 0.1 < curve[2] - 0.1 and curve[2] < 0.93
    assert accuracy(played("full", RandomQuestions, 200, questions=8)) < curve[2] - 0.15
    best = played("full", Greedy, 200).earned.mean()
    others = [played("full", kind, 200) for kind in (Immediate, Protocol, RandomQuestions)]
    assert best > max(c.earned.mean() for c in others) + 0.15


def test_nothing_more_can_be_known_than_everything():
    clinic = Clinic("small", np.arange(400))
    best = ceiling("small", clinic.key, clinic.who)
    sure = everything("small", clinic.key, clinic.who).max(1)
    assert abs(best.mean() - sure.mean()) < 0.03
    assert best.mean() > 0.93 and best.mean() > accuracy(played("small", Greedy, 400)) - 0.02


def test_the_clinic_is_the_environment():
    """What the tests' own consultation earns a doctor is what the environment pays, case by case."""
    env = gym.make("medenvs/Consultation-v0", obs_mode="numeric", reveal=True)
    doctor, cases, earned = Greedy(), [], []
    doctor.bind(env.observation_space, env.action_space)
    for seed in range(25):
        seen, info = env.reset(seed=seed)
        cases.append(info["privileged"]["case"])
        total, over = 0.0, False
        while not over:
            seen, reward, terminated, truncated, _ = env.step(doctor.act(seen, {}))
            total, over = total + float(reward), terminated or truncated
        earned.append(total)
    assert Clinic("full", np.array(cases)).play(doctor).earned == pytest.approx(earned, abs=1e-9)
