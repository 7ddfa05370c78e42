"""Who speaks is a role, who marks is a judge: how often they are called, on what, and who is paid for it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from medenvs.core.episode import Episode
from medenvs.core.episodes import Episodes
from medenvs.core.randomness import key
from medenvs.core.reward import Term
from medenvs.core.system import System
from tests.residents.consultation import ConsultationKernel, HonestPatient, StubJudge, consultation
from tests.residents.playing import Batch, Single, scripted

N, STEPS = 96, 12
both_modes = pytest.mark.parametrize("words", [False, True], ids=["numeric", "text"])


def begun(system: System, words: bool, n: int = N) -> Episodes:
    play, streams = Episodes(system, n, words=words), np.arange(n)
    play.start(streams, key(streams), np.zeros(n, np.int64))
    return play


def moves(system: System, words: bool, step: int, n: int = N) -> Any:
    acts = [scripted(system, words, i, step) for i in range(n)]
    return acts if words else np.array(acts)


@both_modes
def test_a_served_patient_is_called_once_a_vector_step(words: bool) -> None:
    system = consultation("inside")
    patient = system.players["patient"]
    assert isinstance(patient, HonestPatient)
    play, running = begun(system, words), np.ones(N, bool)
    for step in range(STEPS):
        before = patient.calls
        out = play.act("doctor", moves(system, words, step), running)
        asked = int((running & (out.terms["ask"] > 0)).sum())
        assert patient.calls - before == min(asked, 1)
        assert not asked or patient.rows[-1] == asked
        running = running & ~out.terminated
        if not running.any():
            break
    assert patient.calls > 3


@both_modes
def test_a_served_patient_equals_the_closed_one(words: bool) -> None:
    closed, served = begun(consultation(), words), begun(consultation("inside"), words)
    running = np.ones(N, bool)
    for step in range(STEPS):
        acts = moves(closed.system, words, step)
        here, there = (play.act("doctor", acts, running) for play in (closed, served))
        for a, b in ((here.rewards["doctor"], there.rewards["doctor"]), (here.terminated, there.terminated)):
            assert (a == b)[running].all()
        for name in here.terms:
            assert (here.terms[name] == there.terms[name])[running].all(), name
            assert (here.applies[name] == there.applies[name]).all(), name
        running = running & ~here.terminated
        for field in fields(closed.state):
            for a, b in zip(*(np.atleast_1d(getattr(play.state, field.name)) for play in (closed, served)), strict=True):
                assert field.name == "mover" or (a == b).all(), field.name
        assert closed.see("doctor") == served.see("doctor") if words else _same(closed.see("doctor"), served.see("doctor"))
        if not running.any():
            return
    raise AssertionError("some consultation never ended")


def _same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all((a[k] == b[k]).all() for k in a)


@both_modes
def test_a_judge_is_called_once_a_vector_step_before_reset(words: bool) -> None:
    system = consultation(judged=True)
    (judge,) = system.judges
    assert isinstance(judge, StubJudge)
    batch, calls = Batch(system, words, range(N)), 0
    for _ in range(STEPS):
        playing, seen = batch.play.cases.copy(), len(judge.seen)
        told = [len(row) for row in batch.told]
        batch.go_on(1)
        over = [bool(row[n][5] or row[n][6]) for row, n in zip(batch.told, told, strict=True)]
        calls += any(over)
        assert judge.calls == calls
        ended = judge.seen[seen:]
        assert [e.case for e in ended] == playing[over].tolist()
        assert all(e.truth["case"] == e.case and e.role == "doctor" for e in ended)
        assert all(e.messages[-1]["content"].endswith(("That was it.", "not it.", "left.")) for e in ended if words)
        assert words or all(e.messages == [] for e in ended)
    assert calls > STEPS // 2


def paid(system: System, terms: dict[str, Any], applies: dict[str, Any], row: int) -> float:
    """Return the doctor's reward by the plain rule: a term pays where it applies and its gate is positive."""
    total = 0.0
    for term in system.terms:
        gate = term.gate is None or (applies[term.gate][row] and terms[term.gate][row] > 0)
        if not term.role and applies[term.name][row] and gate:
            total += term.weight * float(terms[term.name][row])
    return total


@both_modes
def test_absent_is_not_zero_and_gates_hold(words: bool) -> None:
    system = consultation("inside", judged=True)
    play, running, seen = begun(system, words, 600), np.ones(600, bool), {"gate": 0, "absent": 0, "zero": 0}
    for step in range(STEPS):
        acts = moves(system, words, step, 600)
        if step == 1:  # half of the doctors know
            for i in range(0, 600, 2):
                gold = play.truth(i)["action"]
                acts[i] = system.language.speak("doctor", gold) if words else gold  # type: ignore[attr-defined]
        out = play.act("doctor", acts, running)
        over = running & out.terminated
        verdict = play.cases % 3 != 2
        assert (out.applies["manner"] == (over & verdict)).all()
        assert (out.terms["manner"] == np.where(over & verdict, play.cases % 3, 0)).all()
        assert (out.applies["correct"] == over).all()
        assert (out.applies["honest"] == (running & (out.terms["ask"] > 0))).all()
        for i in np.flatnonzero(running).tolist():
            assert out.rewards["doctor"][i] == pytest.approx(paid(system, out.terms, out.applies, i), abs=1e-12)
        seen["gate"] += int((over & (out.terms["thorough"] > 0) & (out.terms["correct"] == 0)).sum())
        seen["absent"] += int((over & ~verdict).sum())
        seen["zero"] += int((out.applies["manner"] & (out.terms["manner"] == 0)).sum())
        running = running & ~out.terminated
        if not running.any():
            break
    assert all(seen.values()), seen


def test_terms_of_a_role_are_paid_to_it_alone() -> None:
    play = Episode(consultation("outside"), words=True)
    play.start(3, key(3), 0)
    asked = play.act("doctor", "<ask>fever</ask>")
    assert play.mover() == "patient"
    assert asked.rewards == {"doctor": pytest.approx(0.05 - 0.01), "patient": 0.0}
    honest = "Yes." if play.state.true == 2 else "No."
    answered = play.act("patient", honest)
    assert answered.terms["honest"] == answered.terms["format"] == 1.0
    assert answered.rewards == {"doctor": 0.0, "patient": 0.75}
    play.act("doctor", "<ask>rash</ask>")
    mumbled = play.act("patient", "Well …")
    assert (mumbled.terms["honest"], mumbled.applies["honest"]) == (0.0, True)
    assert mumbled.rewards == {"doctor": 0.0, "patient": 0.0}
    assert play.messages("doctor")[-1]["content"].startswith("Well …")
    assert play.messages("patient")[-2]["content"].startswith("Do you have rash?")


@both_modes
def test_two_roles_outside_play_the_same_alone_and_in_a_batch(words: bool) -> None:
    system, n = consultation("outside"), 40
    play = begun(system, words, n)
    alone = [Episode(consultation("outside"), words=words) for _ in range(n)]
    for i, episode in enumerate(alone):
        episode.start(i, key(i), 0)
    running = np.ones(n, bool)
    for step in range(2 * STEPS):
        mover = np.broadcast_to(play.kernel.mover(play.state), (n,)).copy()
        for number, role in enumerate(system.roles):
            now = running & (mover == number)
            if not now.any():
                continue
            spoken = ("Yes.", "no", "hm") if words else (2, 1, 0)
            acts: Any = moves(system, words, step, n) if role == "doctor" else [spoken[(i + step) % 3] for i in range(n)]
            out = play.act(role, acts, now)
            for i in np.flatnonzero(now).tolist():
                assert alone[i].mover() == role
                single = alone[i].act(role, acts[i])
                assert single.rewards == {r: v[i] for r, v in out.rewards.items()}
                assert single.terms == {t: v[i] for t, v in out.terms.items()}
                assert single.applies == {t: v[i] for t, v in out.applies.items()}
                assert single.terminated == out.terminated[i]
            running = running & ~(now & out.terminated)
    assert not running.any()
    if words:
        assert all(alone[i].messages(r) == play.messages(i, r) for i in range(n) for r in system.roles)


class Volunteering(ConsultationKernel):
    """The patient speaks first."""

    def on(self, lanes: Any) -> Volunteering:
        return Volunteering(True, lanes)

    def reset(self, case: Any, keys: Any, n: int | None) -> Any:
        state = super().reset(case, keys, n)
        state.last, state.mover, state.true = state.last + 4, state.mover + 1, self.fact(state, state.last + 4)
        return state


@both_modes
def test_an_inside_player_may_move_first(words: bool) -> None:
    system = replace(consultation("inside"), kernel=Volunteering(True))
    batch = Batch(system, words, range(30))
    assert (batch.play.state.answers[:, 3] > 0).all()
    assert (batch.play.kernel.mover(batch.play.state) == 0).all()
    told, single = batch.go_on(20), Single(system, words)
    assert all(single(i, 20) == told[i] for i in range(30))


def test_weights_change_what_is_paid_and_nothing_else() -> None:
    plain, heavy = consultation(), consultation().weighing({"ask": -1.0})
    assert isinstance(heavy.terms[3], Term)
    a, b = (Batch(system, False, range(20)).go_on(8) for system in (plain, heavy))
    for x, y in zip(a, b, strict=True):
        for here, there in zip(x, y, strict=True):
            assert here[0] == there[0] if isinstance(here, tuple) else here == there
            if isinstance(here, tuple):
                assert there[1]["doctor"] == pytest.approx(here[1]["doctor"] - 0.99 * here[2]["ask"])
