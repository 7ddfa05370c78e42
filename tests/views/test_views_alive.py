"""Live environments under Gymnasium's checker, its wrappers, and pickling."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from comparing import differences, modes, moves, sync
from gymnasium import wrappers
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import CustomSpaceError
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv
from gymnasium.wrappers import vector as vector_wrappers

import medenvs
from medenvs.views.autoreset import AutoresetMode
from medenvs.views.gymnasium import MedEnv
from medenvs.views.options import Settings
from medenvs.views.vector import MedVectorEnv
from tests.residents.playing import PLAYED, RESIDENTS, scripted

N = 5
each_face = pytest.mark.parametrize(("name", "face"), [(name, "text" if words else "numeric") for name, words in PLAYED])
assert medenvs.__version__  # importing it registers the ids


def single(name: str, face: str, **more: Any) -> MedEnv:
    return MedEnv(RESIDENTS[name](), Settings(obs_mode=face), **more)


def vector(name: str, face: str, **more: Any) -> MedVectorEnv:
    return MedVectorEnv(RESIDENTS[name](), N, Settings(obs_mode=face), **more)


def play(env: Any, name: str, face: str, steps: range) -> list[Any]:
    """Return what a single environment shows, restarted when an episode ends."""
    told: list[Any] = []
    for step in steps:
        told.append(env.step(scripted(RESIDENTS[name](), face != "numeric", 9, step)))
        if told[-1][2] or told[-1][3]:
            told.append(env.reset())
    return told


@each_face
@pytest.mark.parametrize("render", [None, "ansi", "rgb_array"])
def test_gymnasiums_checker_is_content(name: str, face: str, render: str | None) -> None:
    env = single(name, face, render_mode=render)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*(env.spec|spec is None|render modes|Box observation space|Box action space).*")
        check_env(env, skip_render_check=render is None)


@each_face
@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["deepcopy", "pickle"])
def test_live_environments_go_on_identically(name: str, face: str, again: Callable[[Any], Any]) -> None:
    env = single(name, face)
    env.reset(seed=4)
    play(env, name, face, range(5))
    twin = again(env)
    assert not differences(play(env, name, face, range(5, 40)), play(twin, name, face, range(5, 40)))


@each_face
@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["deepcopy", "pickle"])
def test_live_vectors_go_on_identically(name: str, face: str, again: Callable[[Any], Any]) -> None:
    env, system = vector(name, face), RESIDENTS[name]()
    env.reset(seed=4)
    for step in range(7):
        env.step(moves(system, face, step, range(N)))
    twin = again(env)
    for step in range(7, 30):
        here, there = (e.step(moves(system, face, step, range(N))) for e in (env, twin))
        assert not differences(here, there)
    before = differences(env.reset(seed=1), twin.reset(seed=1))
    assert not before


@each_face
@pytest.mark.parametrize("autoreset", modes(), ids=lambda m: m.name)
def test_a_time_limit_is_the_same_in_both(name: str, face: str, autoreset: AutoresetMode) -> None:
    theirs = sync([lambda: wrappers.TimeLimit(single(name, face), 3)] * N, autoreset)
    ours, system = vector(name, face, autoreset_mode=autoreset, max_episode_steps=3), RESIDENTS[name]()
    assert not differences(ours.reset(seed=2), theirs.reset(seed=2))
    truncated = 0
    for step in range(20):
        a, b = ours.step(moves(system, face, step, range(N))), theirs.step(moves(system, face, step, range(N)))
        assert not differences(a, b), f"step {step}"
        truncated += int(b[3].sum())
        over = b[2] | b[3]
        if autoreset is AutoresetMode.DISABLED and over.any():
            assert not differences(*(env.reset(options={"reset_mask": over.copy()}) for env in (ours, theirs)))
    assert truncated or "MedCalc" in name  # an answer ends that episode before any limit


@each_face
@pytest.mark.parametrize("autoreset", [m for m in modes() if m is not AutoresetMode.DISABLED], ids=lambda m: m.name)
def test_episode_statistics_of_vectors(name: str, face: str, autoreset: AutoresetMode) -> None:
    ours: Any = vector_wrappers.RecordEpisodeStatistics(vector(name, face, autoreset_mode=autoreset))
    theirs: Any = vector_wrappers.RecordEpisodeStatistics(sync([lambda: single(name, face)] * N, autoreset))
    system = RESIDENTS[name]()
    ours.reset(seed=2)
    theirs.reset(seed=2)
    for step in range(30):
        ours.step(moves(system, face, step, range(N)))
        theirs.step(moves(system, face, step, range(N)))
    assert ours.episode_count == theirs.episode_count > 0
    assert list(ours.return_queue) == list(theirs.return_queue)
    assert list(ours.length_queue) == list(theirs.length_queue)


@each_face
def test_episode_statistics_of_single_environments(name: str, face: str) -> None:
    env = wrappers.RecordEpisodeStatistics(single(name, face))
    env.reset(seed=0)
    rewards, episodes = 0.0, 0
    for _, reward, *ends, info in (turn for turn in play(env, name, face, range(40)) if len(turn) == 5):
        rewards += reward
        if any(ends):
            assert info["episode"]["r"] == pytest.approx(rewards)
            rewards, episodes = 0.0, episodes + 1
    assert episodes


@pytest.mark.parametrize("name", RESIDENTS)
def test_flattened_observations(name: str) -> None:
    env = wrappers.FlattenObservation(single(name, "numeric"))
    seen, _ = env.reset(seed=0)
    assert isinstance(env.observation_space, gym.spaces.Box)
    assert seen.shape == env.observation_space.shape
    assert env.observation_space.contains(seen)


def test_a_video_is_recorded(tmp_path: Path) -> None:
    pytest.importorskip("moviepy")
    pytest.importorskip("PIL")
    env = wrappers.RecordVideo(single("consultation", "text", render_mode="rgb_array"), str(tmp_path / "video"), disable_logger=True)
    env.reset(seed=0)
    play(env, "consultation", "text", range(4))
    env.close()
    assert any(file.stat().st_size > 1000 for file in tmp_path.glob("video/*.mp4"))


def test_texts_do_not_travel_through_shared_memory() -> None:
    with pytest.raises((CustomSpaceError, ValueError), match="shared_memory=False") as caught:
        AsyncVectorEnv([lambda: single("consultation", "text")] * 2)
    cause = caught.value.__cause__ or caught.value  # gymnasium wraps it in advice of its own
    assert isinstance(cause, CustomSpaceError)
    assert "texts cannot travel" in str(cause)


@pytest.mark.parametrize("face", ["text", "numeric"])
def test_asynchronous_vectors_without_shared_memory(face: str) -> None:
    theirs = AsyncVectorEnv([lambda: single("consultation", face)] * N, shared_memory=False)
    ours, system = vector("consultation", face), RESIDENTS["consultation"]()
    try:
        assert not differences(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
        for step in range(15):
            acts = moves(system, face, step, range(N))
            assert not differences(ours.step(acts)[:4], theirs.step(acts)[:4])
    finally:
        theirs.close()


@pytest.mark.parametrize("id", [name for name in RESIDENTS if name.startswith("medenvs/")])
def test_specs_survive_json(id: str) -> None:
    env = gym.make(id, obs_mode="text", reveal=True)
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert not differences(again.reset(seed=6), env.reset(seed=6))
    assert again.spec == env.spec


@each_face
def test_observations_and_actions_lie_in_their_spaces(name: str, face: str) -> None:
    env, many = single(name, face), vector(name, face)
    seen, _ = env.reset(seed=0)
    for space in (env.action_space, many.action_space, many.single_action_space):
        space.seed(1)
    for _ in range(30):
        assert env.observation_space.contains(seen)
        action = env.action_space.sample()
        assert env.action_space.contains(action)
        seen, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            seen, _ = env.reset()
    seen, _ = many.reset(seed=0)
    for _ in range(10):
        assert many.observation_space.contains(seen)
        seen = many.step(many.action_space.sample())[0]
