"""The posterior is exact: it equals enumeration and Bayes' rule by simulation, and its certainty is earned."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from medenvs.core.errors import BadValue
from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import below, key
from medenvs.worlds.consultation.knowledge import SIZES, knowledge
from medenvs.worlds.consultation.model import Knowledge
from medenvs.worlds.consultation.patients import FERTILE, ODD_AGE, PREGNANT, TRIES, Patients, complaint_chances
from medenvs.worlds.consultation.personas import NAMES, UNASKED, YES, channels, topic
from medenvs.worlds.consultation.posterior import Posterior

STREAM = 40_012
N = 20_000


def heard(kb: Knowledge, n: int, questions: int) -> tuple[dict[str, Any], np.ndarray]:
    """Return patients and what they answered to questions drawn at random."""
    patients, k = Patients(kb, numpy_lanes()), key(STREAM, np.arange(n))
    who, width = patients.columns(k), len(kb.findings)
    answers, line = np.zeros((n, width), np.int64), np.arange(n)
    asking = key(STREAM + 1, line)
    for i in range(questions):
        f = below(asking, i, width)
        answers[line, f] = patients.answer(k, who, f)
    return who, answers


def by_enumeration(kb: Knowledge, who: dict[str, Any], answers: np.ndarray) -> np.ndarray:
    """Return the posterior of one patient of a world without groups by adding up every set of facts there could be."""
    chances, q, told = kb.chances, complaint_chances(kb), channels()
    joint = np.zeros(len(kb.diseases))
    asked, sex = np.flatnonzero(answers), who["sex"]
    topics = [topic(f) for f in kb.findings.values()]
    for d, ill in enumerate(kb.diseases.values()):
        p = ill.weight * (ill.female_fraction if sex else 1 - ill.female_fraction)
        usual = ill.ages[0] <= who["age"] <= ill.ages[1]
        p *= ODD_AGE / 100 + (1 - ODD_AGE) * usual / (ill.ages[1] - ill.ages[0] + 1)
        if sex and FERTILE[0] <= who["age"] <= FERTILE[1]:
            p *= PREGNANT[who["pregnancy"]]
        a, b = who["first"], who["second"]
        draws = [q[d, sex, a] ** (i + 1) * q[d, sex, b] for i in range(TRIES)] if b >= 0 else [q[d, sex, a] ** (TRIES + 1)]
        total = 0.0
        for facts in product((0, 1), repeat=len(asked)):
            share = 1.0
            for f, fact in zip(asked, facts, strict=True):
                if f in {a, b}:
                    share *= fact * (answers[f] == YES)
                else:
                    share *= (chances[d, sex, f] if fact else 1 - chances[d, sex, f]) * told[who["persona"], topics[f], fact, answers[f]]
            total += share
        joint[d] = p * sum(draws) * total
    return joint / joint.sum()


def test_on_tiny_it_equals_enumeration() -> None:
    kb = knowledge("tiny")
    who, answers = heard(kb, 300, 8)
    found = Posterior(kb).of(who, answers)
    for case in range(0, 300, 3):
        me = {name: lane[case].item() for name, lane in who.items()}
        assert found[case] == pytest.approx(by_enumeration(kb, me, answers[case]), abs=1e-12)


@pytest.mark.parametrize(("size", "questions"), [("full", 0), ("full", 60), ("full", 250), ("small", 12), ("tiny", 4)])
def test_certainty_is_earned(size: str, questions: int) -> None:
    """Expected calibration error of the likeliest diagnosis, ten bins, below 0.01 on 20,000 cases of all personas."""
    kb = knowledge(size)
    who, answers = heard(kb, N, questions)
    p = Posterior(kb).of(who, answers)
    sure, right = p.max(1), p.argmax(1) == who["disease"]
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))
    assert error < 0.01
    freed = p.mean(0) - np.bincount(who["disease"], minlength=len(kb.diseases)) / N
    assert np.abs(freed).max() < 0.005


@pytest.mark.parametrize("size", SIZES)
def test_alone_and_in_a_batch(size: str) -> None:
    kb = knowledge(size)
    who, answers = heard(kb, 64, 30)
    posterior = Posterior(kb)
    whole, turned = posterior.of(who, answers), np.arange(64)[::-1]
    for i in range(64):
        rows = slice(i, i + 1)
        assert (posterior.of({n: lane[rows] for n, lane in who.items()}, answers[rows])[0] == whole[i]).all()
    assert (posterior.of({n: lane[turned] for n, lane in who.items()}, answers[turned])[::-1] == whole).all()


def test_answers_of_an_exclusive_group_are_weighed_together() -> None:
    """Two answers to one group, through a lying channel, against the sum over its states written out."""
    kb = knowledge()
    posterior, told = Posterior(kb), channels()
    gain, loss = (list(kb.findings).index(f) for f in ("s_weight_gain", "s_weight_loss"))
    fever = list(kb.findings).index("s_fever")
    who = {n: np.array([v]) for n, v in {"sex": 1, "age": 50, "pregnancy": 0, "first": fever, "second": -1}.items()}
    who["persona"] = np.array([NAMES.index("anxious")])
    answers = np.full((1, len(kb.findings)), UNASKED)
    before = posterior.of(who, answers)[0]
    answers[0, [gain, loss]] = YES
    p = kb.chances[:, 1]
    yes = told[NAMES.index("anxious"), 0, :, YES]
    weight = p[:, gain] * yes[1] * yes[0] + p[:, loss] * yes[0] * yes[1] + (1 - p[:, gain] - p[:, loss]) * yes[0] * yes[0]
    expected = before * weight / (before * weight).sum()
    assert posterior.of(who, answers)[0] == pytest.approx(expected, abs=1e-12)


def test_asking_about_a_complaint_again_teaches_nothing() -> None:
    kb = knowledge()
    who, answers = heard(kb, 200, 20)
    posterior, line = Posterior(kb), np.arange(200)
    again = answers.copy()
    again[line, who["first"]] = YES
    assert (posterior.of(who, again) == posterior.of(who, np.where(again == answers, answers, UNASKED))).all()


def test_answers_of_another_world_are_refused() -> None:
    who, answers = heard(knowledge("tiny"), 4, 2)
    with pytest.raises(BadValue, match="patients by findings"):
        Posterior(knowledge("small")).of(who, answers)
