"""The exact optimum of the tiny consultation against plain recursion, against its own play, and against the reference."""

from functools import cache

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.policies.consultation.doctors import Immediate, Protocol, mind
from medenvs.policies.consultation.greedy import Greedy
from medenvs.policies.consultation.optimal import Optimal, solve
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.personas import NAMES, channels, topic
from tests.policies.clinic import Clinic
from tests.policies.deciding import worth

KB = knowledge("tiny")
PERSONAS = range(len(NAMES))


@cache
def openings(n, budget=20):
    clinic = Clinic("tiny", np.arange(n), budget)
    return clinic.observations(np.arange(n))


def by_recursion(weights, sex, persona, left, turns):
    """Return the best expected return, times the probability of getting here; findings in `left` may still be asked for."""
    names, told = list(KB.findings), channels()
    ill = list(KB.diseases.values())
    near = [[1.5 if a is b else 0.3 if b.id in a.neighbours else 0.0 for b in ill] for a in ill]
    best = max(sum(w * near[i][j] for i, w in enumerate(weights)) for j in range(len(ill)))
    for f in left if turns > 1 else ():
        row = KB.findings[names[f]]
        price = 0.02 if row.test is None else KB.tests[row.test].cost / 5000
        value = -price * sum(weights)
        for answer in (1, 2, 3):
            absent, present = told[persona, topic(row), :, answer]
            chances = [KB.chance(d.id, row.id, ("male", "female")[sex]) for d in ill]
            after = [w * (present * p + absent * (1 - p)) for w, p in zip(weights, chances, strict=True)]
            if sum(after) > 0:
                value += by_recursion(after, sex, persona, [g for g in left if g != f], turns - 1)
        best = max(best, value)
    return best


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("turns", [2, 3, 20])
def test_it_equals_plain_recursion(persona, turns):
    """With all but three or four findings answered, at random, by patients of every persona, with few turns and many."""
    clinic = Clinic("tiny", np.arange(8), turns, persona)
    known = mind("tiny")
    rng = np.random.default_rng(persona)
    for i, seen in enumerate(clinic.observations(np.arange(8))):
        open_ones = np.flatnonzero(clinic.codes[i] == 0)
        left = sorted(rng.choice(open_ones, 3 + i % 2, replace=False).tolist())
        for f in set(open_ones.tolist()) - set(left):
            seen["observation"][f] = rng.choice([-2, 2])
        me = known.reading([seen])
        expected = by_recursion(known.posterior.of(me.who, me.answers)[0].tolist(), int(clinic.who["sex"][i]), persona, left, turns)
        assert Optimal().value(seen) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("budget", [3, 20])
def test_its_play_is_worth_its_value_and_nobody_does_better(budget):
    """By following every possible answer: exact, nothing is drawn."""
    for seen in openings(8, budget):
        best = Optimal().value(seen)
        assert worth(Optimal(), seen) == pytest.approx(best, abs=1e-9)
        assert max(worth(doctor, seen) for doctor in (Greedy(), Immediate(), Protocol(3))) <= best + 1e-9


def test_the_reference_is_near_the_optimum():
    """The expected loss of the greedy doctor, over the openings as they come, is far below 0.03, which is what it must keep."""
    lost = [Optimal().value(seen) - worth(Greedy(), seen) for seen in openings(24)]
    assert min(lost) > -1e-9
    assert np.mean(lost) < 0.006  # 0.0031 [0.0028, 0.0035] over 400 openings
    assert max(lost) < 0.1


def test_a_better_diagnosis_is_worth_a_price_by_itself():
    """With information worth nothing the reference still asks what is expected to pay at once."""
    seen = openings(24)
    assert np.mean([worth(Greedy(0.0), o) - worth(Immediate(), o) for o in seen]) > 0.15


def test_simulated_returns_agree_with_the_value():
    """2,000 cases of the commonest openings: the mean return lies within its interval around the mean value."""
    who = Clinic("tiny", np.arange(60_000)).who
    opening = np.stack([who[n] for n in ("sex", "persona", "first", "second")] + [np.digitize(who["age"], [16, 30, 46, 60, 70])])
    _, number, count = np.unique(opening, axis=1, return_inverse=True, return_counts=True)
    common = np.flatnonzero(np.isin(number.ravel(), np.argsort(-count)[:16]))[:2000]
    assert len(common) == 2000
    clinic = Clinic("tiny", common)
    values = np.array([Optimal().value(seen) for seen in clinic.observations(np.arange(2000))])
    error = clinic.play(Optimal()).earned - values
    assert abs(error.mean()) < 3 * error.std() / 2000**0.5
    assert (clinic.questions > 0).mean() > 0.5


def test_off_its_plan_it_plans_anew():
    """After a question the optimum would not have asked, it goes on as the optimum from there."""
    seen = {name: part.copy() for name, part in openings(1)[0].items()}
    known = mind("tiny")
    first = Optimal().act(seen, {})
    other = next(i for i in range(known.actions.asks) if i != first and seen["observation"][known.actions.shown[i][0]] == 0)
    seen["observation"][known.actions.shown[other][0]] = -1
    seen["observation"][known.reading.place("left")] -= 1
    assert worth(Optimal(), seen) == pytest.approx(Optimal().value(seen), abs=1e-9)


def test_when_all_is_answered_it_diagnoses():
    known = mind("tiny")
    for seen in openings(5):
        full = {**seen, "observation": seen["observation"].copy()}
        full["observation"][:12] = np.where(seen["observation"][:12] == 0, -2, seen["observation"][:12])
        me = known.reading([full])
        assert Optimal().act(full, {}) >= known.actions.propose
        assert Optimal().value(full) == pytest.approx((known.posterior.of(me.who, me.answers) @ known.gain.pays).max())


def test_one_turn_left_means_diagnose():
    known = mind("tiny")
    for seen in openings(5, 2):
        short = {**seen, "observation": seen["observation"].copy()}
        short["observation"][known.reading.place("left")] = 1
        assert Optimal().act(short, {}) >= known.actions.propose


def test_a_larger_world_is_refused():
    with pytest.raises(BadValue, match="size='tiny'"):
        Optimal().act(Clinic("small", np.arange(1)).observations(np.arange(1))[0], {})
    with pytest.raises(BadValue, match="states are too many"):
        solve(np.ones(2), [np.ones((3, 2))] * 11, [0.0] * 11, np.eye(2), 20)
