"""Hindsight against the environment itself: the same posterior, prices, faults and reference play, from texts and from numbers."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from medenvs.core.errors import BadValue, UnknownName
from medenvs.policies.consultation.doctors import mind
from medenvs.policies.consultation.greedy import Greedy
from medenvs.policies.consultation.hindsight import hindsight, suits
from medenvs.worlds.consultation.knowledge import knowledge
from tests.residents.consultation import consultation

ID = "medenvs/Consultation-v0"
SIZE = "small"


def made(**more: Any) -> Any:
    return gym.make(ID, size=SIZE, obs_mode="numeric", reveal=True, **more).unwrapped


def played(env: Any, doctor: Any, **given: Any) -> tuple[list[int], list[Any], list[float], dict[str, Any]]:
    """Return (moves, what was seen, rewards, the last info) of one episode."""
    seen, info = env.reset(**given)
    moves, shown, rewards, over = [], [seen], [], False
    while not over:
        moves.append(int(doctor(seen)))
        seen, reward, over, _, info = env.step(moves[-1])
        shown.append(seen)
        rewards.append(reward)
    return moves, shown, rewards, info


def hasty(rng: np.random.Generator) -> Any:
    """A doctor that asks at random, proposes now and then, and diagnoses after a while."""
    a = mind(SIZE).actions

    def move(seen: Any) -> int:
        kind = rng.random()
        low, high = (0, a.propose) if kind < 0.65 else (a.propose, a.diagnose) if kind < 0.9 else (a.diagnose, a.discrete)
        return int(rng.integers(low, high))

    return move


def test_what_it_tells_is_what_the_environment_says() -> None:
    env, rng, forbidden, missed = made(budget=(3, 15)), np.random.default_rng(0), 0, 0
    for seed in range(60):
        moves, _, rewards, info = played(env, hasty(rng), seed=seed)
        truth = info["privileged"]
        seen = hindsight(env.system, truth["case"], moves)
        assert (seen.diagnosis, "; ".join(seen.recommendation)) == (truth["diagnosis"], truth["recommendation"])
        assert seen.yours.named == truth["said_diagnosis"] and seen.yours.earned == sum(rewards)
        assert len(seen.yours.forbidden) == info["costs"]["contraindicated"] and set(seen.yours.forbidden) <= set(seen.against)
        assert not set(seen.recommendation) & set(seen.against)
        assert len(seen.missed) == pytest.approx(info["costs"]["missed_red_flag"] * seen.flags)
        names = [f.clinical[0] if f.measured else f.lay[0] for f in knowledge(SIZE).findings.values()]
        assert all(there == (names.index(name) in truth["present"]) for name, there in seen.missed.items())
        assert sum(seen.yours.paid.values()) == pytest.approx(-sum(r for r in rewards if r < 0), abs=1e-9)
        forbidden, missed = forbidden + len(seen.yours.forbidden), missed + len(seen.missed)
    assert forbidden > 10 and missed > 30


def test_turns_hold_the_posterior_of_what_was_seen_and_the_reference_plays_as_ever() -> None:
    known, rng = mind(SIZE), np.random.default_rng(1)
    names = [d.name for d in known.kb.diseases.values()]
    for seed in range(8):
        env = made()
        moves, shown, _, info = played(env, hasty(rng), seed=seed)
        seen, case = hindsight(env.system, info["privileged"]["case"], moves), info["privileged"]["case"]
        doctor = Greedy()
        _, theirs, rewards, told = played(env, lambda o, doctor=doctor: doctor.act(o, {}), options={"case": case})
        assert (seen.reference.earned, seen.reference.named) == (sum(rewards), told["privileged"]["said_diagnosis"])
        for side, observations in ((seen.yours, shown), (seen.reference, theirs)):
            read = known.reading(observations)
            p = known.posterior.of(read.who, read.answers)
            first = np.unique(-read.left, return_index=True)[1][: len(side.turns)]  # one row for each message that took a turn
            assert [t.chance for t in side.turns] == p[first, names.index(seen.diagnosis)].tolist()
            assert [t.likeliest for t in side.turns] == [names[i] for i in p[first].argmax(1)]
            assert [t.share for t in side.turns] == p[first].max(1).tolist()
        assert seen.yours.turns[0] == seen.reference.turns[0] and [t.turn for t in seen.yours.turns] == list(range(len(seen.yours.turns)))


def test_texts_numbers_and_knobs() -> None:
    env, rng = made(), np.random.default_rng(2)
    moves, _, _, info = played(env, lambda o: rng.choice(np.flatnonzero(o["action_mask"][:40])), seed=4, options={"persona": "anxious"})
    case, said = info["privileged"]["case"], [env.system.language.speak("doctor", m) for m in moves]
    by_number, by_text = (hindsight(env.system, case, given, {"persona": "anxious"}) for given in (moves, said))
    assert by_number == by_text and len(by_text.yours.turns) == 21 and by_text.yours.named == ""
    assert by_text != hindsight(env.system, case, said, {"persona": "reticent"})
    assert len(hindsight(env.system, case, said, {"budget": 5}).yours.turns) == 6
    assert any(x[0] == "+" for t in by_text.yours.turns for x in t.learnt)
    assert len(hindsight(env.system, case, []).yours.turns) == 1


def test_what_has_no_hindsight_is_refused() -> None:
    for other in (consultation("outside"), consultation("inside"), consultation(), gym.make("medenvs/DoctorAgentRL-v0").unwrapped.system):
        assert not suits(other)
        with pytest.raises(BadValue, match="has no hindsight"):
            hindsight(other, 0, [])
    assert all(suits(gym.make(ID, size=size).unwrapped.system) for size in ("tiny", "small", "full"))
    with pytest.raises(UnknownName, match="Did you mean 'persona'"):
        hindsight(made().system, 0, [], {"person": "anxious"})
