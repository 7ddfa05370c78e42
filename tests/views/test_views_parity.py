"""The native vector view equals Gymnasium's SyncVectorEnv over the single view: observations, rewards, flags and infos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparing import OLD, differences, modes, moves, sync

from medenvs.core.errors import BadValue
from medenvs.core.system import System
from medenvs.views.autoreset import AutoresetMode
from medenvs.views.gymnasium import MedEnv
from medenvs.views.options import Settings
from medenvs.views.vector import MedVectorEnv
from tests.residents.playing import PLAYED, RESIDENTS

N, STEPS = 7, 70
MODES = [(name, mode) for name, words in PLAYED for mode in (("text", "messages") if words else ("numeric",))]
each_mode = pytest.mark.parametrize("autoreset", modes(), ids=lambda m: m.name)
each_face = pytest.mark.parametrize(("name", "face"), MODES)


def pair(name: str, face: str, autoreset: AutoresetMode, **settings: Any) -> tuple[MedVectorEnv, Any, System]:
    s = Settings(obs_mode=face, **settings)
    theirs = sync([lambda: MedEnv(RESIDENTS[name](), s)] * N, autoreset)
    return MedVectorEnv(RESIDENTS[name](), N, s, autoreset_mode=autoreset), theirs, RESIDENTS[name]()


@each_mode
@each_face
def test_native_equals_sync(name: str, face: str, autoreset: AutoresetMode) -> None:
    native, theirs, system = pair(name, face, autoreset)
    assert not differences(native.reset(seed=20), theirs.reset(seed=20))
    ended = 0
    for step in range(STEPS):
        here, there = native.step(moves(system, face, step, range(N))), theirs.step(moves(system, face, step, range(N)))
        assert not differences(here, there), f"step {step}"
        over = there[2] | there[3]
        ended += int(over.sum())
        if autoreset is AutoresetMode.DISABLED and over.any():
            assert not differences(*(env.reset(options={"reset_mask": over.copy()}) for env in (native, theirs)))
    assert ended > N


@pytest.mark.skipif(OLD, reason="gymnasium 1.0 cannot reset some rows")
@each_mode
@each_face
def test_resets_in_the_middle(name: str, face: str, autoreset: AutoresetMode) -> None:
    native, theirs, system = pair(name, face, autoreset)
    some = np.arange(N) % 3 == 0
    resets: list[dict[str, Any]] = [
        {"seed": [3, 1, 4, 1, 5, 9, 2]},
        {"seed": 40, "options": {"reset_mask": some}},
        {"options": {"reset_mask": ~some, "split": "test"}},
        {"seed": [None, 6, None, 5, None, 3, None]},
        {"options": {"split": "validation"}},
        {},
    ]
    for number, given in enumerate(resets):
        asked = [{k: dict(v) if isinstance(v, dict) else v for k, v in given.items()} for _ in range(2)]  # sync empties its options
        assert not differences(native.reset(**asked[0]), theirs.reset(**asked[1])), given
        for step in range(3):
            if autoreset is AutoresetMode.DISABLED and native._done.any():
                break
            here, there = (env.step(moves(system, face, 10 * number + step, range(N))) for env in (native, theirs))
            assert not differences(here, there), given


@each_face
def test_every_row_waits_at_once(name: str, face: str) -> None:
    """A shorter limit from outside ends all rows together, then all rows wait together."""
    native, theirs, system = pair(name, face, AutoresetMode.NEXT_STEP)
    native.limit = 1
    assert not differences(native.reset(seed=0), theirs.reset(seed=0))
    truncated = native.step(moves(system, face, 0, range(N)))[3]
    assert truncated.all()
    seen, rewards, terminated, truncated, info = native.step(moves(system, face, 1, range(N)))
    assert not differences((seen, info), theirs.reset())
    assert not (rewards.any() or terminated.any() or truncated.any())


@each_mode
@each_face
def test_reveal_is_the_same_in_both(name: str, face: str, autoreset: AutoresetMode) -> None:
    native, theirs, system = pair(name, face, autoreset, reveal=True)
    assert not differences(native.reset(seed=1), theirs.reset(seed=1))
    for step in range(12):
        here, there = native.step(moves(system, face, step, range(N))), theirs.step(moves(system, face, step, range(N)))
        assert not differences(here, there)
        if autoreset is AutoresetMode.DISABLED and (there[2] | there[3]).any():
            break


@each_face
def test_weights_and_cuts(name: str, face: str) -> None:
    weights = {RESIDENTS[name]().terms[0].name: 3.0}
    native, theirs, system = pair(name, face, modes()[-1 if OLD else 1], weights=weights, longest=16, transcript=40)
    assert not differences(native.reset(seed=1), theirs.reset(seed=1))
    cut = False
    for step in range(20):
        here, there = native.step(moves(system, face, step, range(N))), theirs.step(moves(system, face, step, range(N)))
        assert not differences(here, there)
        cut |= bool(there[4].get("clipped", np.zeros(N)).any()) or bool(there[4].get("final_info", {}).get("clipped", np.zeros(N)).any())
    assert cut == (face != "numeric")


@each_face
def test_groups_share_their_stream(name: str, face: str) -> None:
    env, system = MedVectorEnv(RESIDENTS[name](), 8, Settings(obs_mode=face), group_size=4), RESIDENTS[name]()
    alone = MedVectorEnv(RESIDENTS[name](), 2, Settings(obs_mode=face))
    grouped, single = env.reset(seed=5)[0], alone.reset(seed=5)[0]
    for step in range(30):
        if isinstance(single, dict):
            assert all((grouped[k] == np.repeat(single[k], 4, 0)).all() for k in single)
        else:
            assert all(np.array_equal(grouped[i], single[i // 4]) for i in range(8))
        grouped = env.step(moves(system, face, step, np.repeat([5, 6], 4)))[0]
        single = alone.step(moves(system, face, step, (5, 6)))[0]


def test_rows_without_a_seed_begin_anywhere() -> None:
    first, second, third = (MedVectorEnv(RESIDENTS["consultation"](), 64, Settings(obs_mode="numeric")) for _ in range(3))
    first.reset()
    second.reset()
    third.reset(seed=[None, 5] * 32)
    assert len(set(first.play.cases.tolist())) > 60
    assert len({*first.play.cases.tolist(), *second.play.cases.tolist(), *third.play.cases[::2].tolist()}) > 150
    assert len(set(third.play.cases[1::2].tolist())) == 1


def test_bad_calls_name_the_remedy() -> None:
    env = MedVectorEnv(RESIDENTS["consultation"](), 4, Settings(obs_mode="numeric"), autoreset_mode="Disabled")
    with pytest.raises(BadValue, match="call reset"):
        env.step(np.zeros(4, int))
    with pytest.raises(BadValue, match="first reset"):
        env.reset(options={"reset_mask": np.array([True, False, False, False])})
    env.reset(seed=0)
    with pytest.raises(BadValue, match="3 seeds for 4 rows"):
        env.reset(seed=[1, 2, 3])
    for mask in (np.zeros(4, bool), np.ones(3, bool), [True] * 4):
        with pytest.raises(BadValue, match="reset_mask"):
            env.reset(options={"reset_mask": mask})
    with pytest.raises(BadValue, match="3 actions for 4 rows"):
        env.step(np.zeros(3, int))
    env.step(np.full(4, 12))
    with pytest.raises(BadValue, match="have ended"):
        env.step(np.full(4, 12))
    with pytest.raises(BadValue, match="divisor"):
        MedVectorEnv(RESIDENTS["consultation"](), 4, group_size=3)
