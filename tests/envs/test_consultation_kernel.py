"""The rules of a consultation: one source text on plain numbers, NumPy and torch; prices, details, follow-ups, ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.cases.consultation import ConsultationCases
from medenvs.core.errors import BadValue, UnknownName
from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes
from medenvs.envs.consultation.kernel import ConsultationKernel
from medenvs.envs.consultation.rules import Game
from medenvs.systems.catalog import build
from medenvs.systems.consultation import TERMS
from medenvs.worlds.consultation.actions import Actions, Move, actions
from medenvs.worlds.consultation.knowledge import SIZES, knowledge
from medenvs.worlds.consultation.prices import DEAREST, LONGEST, NEIGHBOUR, QUESTION, RIGHT, UNIT

GAMES = (Game(), Game(original=True), Game(open=True))
NOTHING: tuple[int, int] = (0, 0)


def drawn(rng: np.random.Generator, a: Actions, words: bool) -> Any:
    """Return a random move: a number, or what words can mean."""
    if not words:
        return int(rng.integers(-1, a.discrete + 2))
    lost = (a.nowhere, a.several, -1, a.unnamed, a.between(a.topics[3], a.topics[5]), a.between(a.topics[0], None))
    which = rng.integers(10)
    if which < 4:
        return Move(int(rng.integers(a.discrete)), ())
    if which < 6:
        return Move(int(a.detail + rng.integers(3 * a.asks)), ())
    if which < 8:
        return Move(int(a.follow + rng.integers(4)) if which < 7 else int(rng.choice(lost)), ())
    return Move(int(a.diagnose + rng.integers(a.diseases)), tuple(rng.integers(-1, a.drugs + 1, rng.integers(5)).tolist()))


def batch(lanes: Lanes, moves: Sequence[Any], kernel: Any) -> Any:
    """Return moves as a batch of these lanes."""
    if not isinstance(moves[0], Move):
        return lanes.table(np.array(moves))
    packed = kernel.pack(moves)
    return Move(lanes.table(packed.act), lanes.table(packed.items))


def columns(source: ConsultationCases, cases: np.ndarray, lanes: Lanes) -> dict[str, Any]:
    return {name: lanes.table(column) for name, column in source.columns(cases).items()}


def duel(lanes: Lanes, size: str, game: Game, n: int, steps: int) -> None:
    """Play the same moves in a batch of `lanes` and one by one on plain numbers; every number must agree."""
    source, a, rng = ConsultationCases(size, budget=(2, 20)), actions(size), np.random.default_rng(1)
    many = ConsultationKernel(size, 7, game, lanes)
    one = many.on(PLAIN)
    crowd = many.reset(columns(source, np.arange(n), lanes), NOTHING, n)
    alone = [one.reset(source.columns(i), NOTHING, None) for i in range(n)]
    live = np.ones(n, bool)
    for t in range(steps):
        role = "patient" if game.open and t % 2 else "doctor"
        moves = [drawn(rng, a, t % 3 > 0) if role == "doctor" else int(rng.integers(-1, 4)) for _ in range(n)]
        rows = live & (np.asarray(many.mover(crowd)) == (role == "patient"))
        crowd, turn = many.step(crowd, {role: batch(lanes, moves, many)}, lanes.table(rows))
        for i in np.flatnonzero(rows).tolist():
            alone[i], mine = one.step(alone[i], {role: moves[i]}, True)
            assert {k: float(v) for k, v in mine.terms.items()} == {k: float(turn.terms[k][i]) for k in mine.terms}, (t, i, moves[i])
            assert {k: float(v) for k, v in mine.costs.items()} == {k: float(turn.costs[k][i]) for k in mine.costs}
            assert (bool(mine.terminated), bool(mine.truncated)) == (bool(turn.terminated[i]), bool(turn.truncated[i]))
            assert {k: bool(v) for k, v in mine.absent.items()} == {k: bool(turn.absent[k][i]) for k in mine.absent}
        for name in ("doctor", "patient")[: 1 + game.open]:
            seen = many.observe(crowd, name)
            for i in range(0, n, 7):
                assert all((np.asarray(v) == np.asarray(seen[k][i])).all() for k, v in one.observe(alone[i], name).items())
        live &= ~(rows & np.asarray(turn.terminated | turn.truncated))


@pytest.mark.parametrize("game", GAMES, ids=["hardened", "original", "open"])
@pytest.mark.parametrize("size", SIZES)
def test_numpy_equals_plain(size: str, game: Game) -> None:
    duel(numpy_lanes(), size, game, 60, 14)


@pytest.mark.torch
@pytest.mark.parametrize("game", GAMES, ids=["hardened", "original", "open"])
def test_torch_equals_plain(game: Game) -> None:
    from medenvs.backends.torch_lanes import torch_lanes

    duel(torch_lanes(), "small", game, 40, 10)


def test_a_thousand_cases_are_equal_across_batch_sizes() -> None:
    a = actions("full")

    def played(n: int) -> list[tuple[Any, ...]]:
        """Ask five things of each case and diagnose; return all that is seen, earned and paid, case by case."""
        env = gym.make_vec("medenvs/Consultation-v0", num_envs=n, obs_mode="numeric", autoreset_mode="Disabled")
        found: list[tuple[Any, ...]] = []
        for start in range(0, 1_000, n):
            cases, log = np.arange(start, start + n), list[Any]()
            env.reset(seed=0, options={"case": cases})
            for t in range(6):
                moves = (cases * 31 + t * 17) % a.propose if t < 5 else a.diagnose + cases % a.diseases
                seen, reward, terminated, _, info = env.step(moves)
                assert terminated.all() if t == 5 else not terminated.any()
                log += [[*map(bytes, seen["observation"])], [*map(bytes, seen["action_mask"])], reward.tolist(), info["cost"].tolist()]
            found += zip(*log, strict=True)
        return found

    whole = played(1_000)
    assert whole == played(125) == played(8) and len({row[0] for row in whole}) > 990, "patients differ, and each is always the same"


def single(**options: Any) -> Any:
    return gym.make("medenvs/Consultation-v0", obs_mode="numeric", reveal=True, **options)


def play(env: Any, moves: Sequence[int], **options: Any) -> list[tuple[float, dict[str, Any], bool]]:
    env.reset(seed=0, options=options)
    return [(r, info, over) for _, r, over, _, info in map(env.step, moves)]


def test_prices_and_ends_are_the_cards() -> None:
    a, env = actions("full"), single(budget=3)
    first = env.reset(seed=0)[0]["action_mask"]
    ask = int(np.flatnonzero(first[: a.asks])[0])
    (r1, i1, _), (r2, i2, _), (r3, i3, over) = play(env, [ask, ask, -1])
    assert (r1, r2, r3) == (-0.02, -0.02, -0.02) and over
    assert i1["terms"]["repeat"] == 0 and i2["terms"]["repeat"] == 1 and i3["terms"]["invalid"] == 1 and i3["terms"]["timeout"] == 1
    test = a.number["chest_xray"]
    ((r, info, _),) = play(env, [test])
    assert r == -40 / 5000 and info["terms"]["test"] == 40 and info["terms"]["question"] == 0


def test_proposals_take_no_turn_and_are_paid_only_with_the_right_diagnosis() -> None:
    env, a, kb = single(budget=2), actions("full"), knowledge("full")
    env.reset(seed=5)
    disease, items = env.unwrapped.play.truth()["kind"]
    names = list(kb.diseases)
    near = [i for i, d in enumerate(names) if d in kb.diseases[names[disease]].neighbours]
    far = next(i for i in range(a.diseases) if i != disease and i not in near)
    for diagnosis, earned in ((disease, 1.5), (near[0], 0.3), (far, 0.0)):
        env.reset(seed=5)
        total = sum(env.step(move)[1] for move in [*(a.propose + i for i in items), a.diagnose + diagnosis])
        assert total == earned


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 1 << 20), st.integers(2, 31), st.integers(0, 1 << 16))
def test_any_right_diagnosis_beats_any_wrong_one(case: int, budget: int, seed: int) -> None:
    kernel, a, rng = ConsultationKernel("full", 7), actions("full"), np.random.default_rng(seed)
    state = kernel.reset({**ConsultationCases().columns(case), "budget": budget}, NOTHING, None)
    weights, total = {t.name: t.weight for t in TERMS}, 0.0
    dear = [a.number[t] for t in sorted(kernel.kb.tests, key=lambda t: -kernel.kb.tests[t].cost)]
    for t in range(budget - 1):
        move = dear[t] if rng.random() < 0.7 else int(rng.integers(-1, a.propose))
        state, turn = kernel.step(state, {"doctor": move}, True)
        total += sum(weights[k] * v for k, v in turn.terms.items())
    assert -total <= DEAREST * UNIT + 1e-9 and state.spent <= DEAREST
    _, turn = kernel.step(state, {"doctor": a.diagnose + state.disease}, True)
    assert total + turn.terms["correct"] > 0.3


def test_a_few_more_turns_would_let_a_wrong_diagnosis_earn_as_much() -> None:
    assert QUESTION * (LONGEST + 4 - 1) == DEAREST and DEAREST * UNIT < RIGHT - NEIGHBOUR <= (DEAREST + QUESTION) * UNIT


def test_an_order_that_is_too_dear_is_refused_and_masked() -> None:
    a, env = actions("full"), single(budget=30)
    seen, _ = env.reset(seed=0)
    test = a.number["colonoscopy"]
    assert seen["action_mask"][test] == 0 and seen["action_mask"][a.number["blood_count"]] == 1
    _, reward, _, _, info = env.step(test)
    assert reward == -0.02 and info["terms"]["invalid"] == 1 and info["terms"]["test"] == 0


def say(env: Any, *texts: str) -> list[str]:
    return [env.step(text)[0].rpartition("USER: ")[2] for text in texts]


def test_details_and_follow_ups_are_told_apart() -> None:
    env = gym.make("medenvs/Consultation-v0", persona="truthful", reveal=True)
    env.reset(seed=1)
    has = env.unwrapped.play.state
    kernel, kb = env.unwrapped.play.kernel, knowledge("full")
    named = list(kb.findings)[has.first]
    phrase = kb.findings[named].lay[0]
    told = say(
        env, f"<answer>Question: {phrase}?</answer>", "How long has that been going on?", "How bad is it?", "How long have you had that?"
    )
    assert told[0].startswith("As I said before: Yes, ") and told[1].startswith("It ") and told[2].startswith("It is ")
    assert told[3].startswith("As I said before: It "), "asked twice"
    assert kernel.actions.topics[env.unwrapped.play.state.topic] == named


def test_without_a_question_before_a_follow_up_means_nothing() -> None:
    env = gym.make("medenvs/Consultation-v0")
    env.reset(seed=1)
    assert say(env, "How long has that been going on?")[0].startswith("I am sorry")


def test_a_missed_red_flag_and_needless_tests_are_told_at_the_end_only() -> None:
    kb, a, env = knowledge("full"), actions("full"), single()
    env.reset(seed=2)
    truth = env.unwrapped.play.truth()
    disease = kb.diseases[truth["disease"]]
    near = {f for d in (truth["disease"], *disease.neighbours) for f in kb.diseases[d].findings}
    needless = next(t for t in kb.tests if not near.intersection(f for f, row in kb.findings.items() if row.test == t))
    _, _, _, _, info = env.step(a.number[needless])
    assert not any(info["costs"].values())
    env.step(a.number[needless])
    volunteered = {list(kb.findings)[i] for i in (env.unwrapped.play.state.first, env.unwrapped.play.state.second) if i >= 0}
    *_, info = env.step(a.diagnose + truth["kind"][0])
    left = [f for f in disease.red_flags if f not in volunteered and kb.findings[f].test != needless]
    assert info["costs"] == {"missed_red_flag": pytest.approx(len(left) / len(disease.red_flags)), "contraindicated": 0, "needless_test": 1}


def test_contraindicated_advice_costs() -> None:
    source, a = ConsultationCases(), actions("full")
    kernel = ConsultationKernel("full", 7)
    case = next(c for c in range(200) if source.columns(c)["against0"])
    against = source.columns(case)["against0"]
    drug = next(i for i in range(60) if against >> i & 1)
    state = kernel.reset(source.columns(case), NOTHING, None)
    _, turn = kernel.step(state, {"doctor": Move(a.diagnose, (drug, drug, a.other))}, True)
    assert turn.costs["contraindicated"] == 1 and state.said == 2, "known items count once, unknown ones always"


def test_the_budget_may_be_drawn_fixed_or_set_and_a_persona_too() -> None:
    env = gym.make_vec("medenvs/Consultation-v0", num_envs=64, group_size=8, budget=(2, 9), obs_mode="numeric")
    seen, _ = env.reset(seed=0)
    left = seen["observation"][:, actions("full").chart - 2]
    assert set(left.tolist()) <= set(range(2, 10)) and len(set(left.tolist())) > 3
    assert (left.reshape(8, 8) == left.reshape(8, 8)[:, :1]).all()
    seen, _ = env.reset(options={"budget": 5, "persona": "anxious"})
    basics = seen["observation"][:, actions("full").chart - 7 : actions("full").chart]
    assert (basics[:, 5] == 5).all() and (basics[:, 4] == 4).all()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"budget": 1}, BadValue, "2 to 31"),
        ({"budget": 32}, BadValue, "2 to 31"),
        ({"budget": "many"}, BadValue, "2 to 31"),
        ({"budget": (3, 9, 4)}, BadValue, "2 to 31"),
        ({"persona": "grumpy"}, UnknownName, "anxious"),
        ({"budgt": 3}, UnknownName, "Did you mean 'budget'"),
    ],
)
def test_bad_reset_options_are_refused(options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        single().reset(seed=0, options=options)
    if "budgt" not in options:
        with pytest.raises(error, match=says):
            build("medenvs/Consultation-v0", **options)


def test_shaping_pays_the_same_whatever_is_done() -> None:
    """What it adds up to over an episode depends on the case alone, so it moves no optimum."""
    a = actions("small")
    for case in range(40):
        earned: list[float] = []
        for moves in ([a.diagnose], [3, 11, 25, a.number["ecg"], 3, a.diagnose + 2], [*range(19)]):
            env = gym.make("medenvs/Consultation-v0", obs_mode="numeric", size="small", shaping=1.0)
            env.reset(seed=0, options={"case": case})
            total = 0.0
            for move in [*moves, a.diagnose + 1]:
                _, _, over, _, info = env.step(move)
                total += info["terms"]["shaping"]
                if over:
                    break
            earned.append(total)
        assert earned == pytest.approx([earned[0]] * 3) and earned[0] > 0


def test_a_shaped_batch_equals_shaped_episodes() -> None:
    rng, a = np.random.default_rng(0), actions("small")
    many = gym.make_vec("medenvs/Consultation-v0", num_envs=30, obs_mode="numeric", size="small", shaping=0.5, autoreset_mode="Disabled")
    many.reset(seed=0, options={"case": np.arange(30)})
    moves = rng.integers(0, a.propose, (5, 30))
    rewards = [many.step(row)[1] for row in moves]
    for case in range(30):
        one = gym.make("medenvs/Consultation-v0", obs_mode="numeric", size="small", shaping=0.5)
        one.reset(seed=0, options={"case": case})
        assert [one.step(int(row[case]))[1] for row in moves] == [r[case] for r in rewards]
