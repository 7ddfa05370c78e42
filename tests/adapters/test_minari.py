"""Minari sets: Minari itself reads them, the environment comes back and plays the same, and the way back is bit for bit."""

import json

import gymnasium as gym
import numpy as np
import pytest

from medenvs.adapters import minari as ours
from medenvs.core.errors import BadData, BadValue, MissingExtra, UnknownName
from medenvs.systems.sepsis_logs import logged
from medenvs.systems.sepsis_references import normalised
from tests.cases.wards_logged import ward

theirs = pytest.importorskip("minari")
pytest.importorskip("h5py")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("world", [{}, {"effect": "null", "interval": 1}, {"box": True}], ids=str)
def test_minari_reads_it_and_the_environment_plays_the_same(root, world):
    data = logged("low", 6, 2, **world)
    name = ours.save(data)
    assert ours.load(name).same(data)
    found = theirs.load_dataset(name)
    assert (found.total_episodes, found.total_steps) == (6, data.rows)
    env = found.recover_environment()
    assert env.spec.id == data.about["env"] and env.observation_space == found.observation_space and env.action_space == found.action_space
    for i, (episode, more) in enumerate(zip(found, found.storage.get_episode_metadata(range(6)), strict=True)):
        seen, _ = env.reset(seed=more["seed"], options={"case": int(more["options"]["case"])})
        assert env.observation_space.contains(seen) and np.array_equal(seen, episode.observations[0])
        for step, action in enumerate(episode.actions):
            seen, reward, terminated, truncated, info = env.step(action)
            assert np.array_equal(seen, episode.observations[step + 1])
            assert (reward, terminated, truncated) == (episode.rewards[step], episode.terminations[step], episode.truncations[step])
            assert info["cost"] == episode.infos["cost"][step + 1]
            assert list(info["costs"].values()) == episode.infos["costs"][step + 1].tolist()
        assert np.array_equal(episode.infos["propensity"][1:], data.propensities[data.starts[i] : data.starts[i + 1]])
        assert episode.infos["cost"][0] == 0 and np.isnan(episode.infos["propensity"][0])


def test_scores_are_normalised_as_here(root):
    data = logged("high", 20)
    found = theirs.load_dataset(ours.save(data))
    assert 100 * theirs.get_normalized_score(found, data.returns.mean()) == pytest.approx(normalised(float(data.returns.mean())))
    assert found.id == "medenvs/sepsis/high-20-v0" and found.storage.metadata["algorithm_name"] == "high"


@pytest.mark.parametrize("box", [False, True])
def test_data_without_an_environment_are_kept_too(root, box):
    data = ward(box=box, about={"credentialed": True, "title": "mine"})
    name = ours.save(data)
    assert name == "medenvs/sepsis/mine-v0" and ours.load(name).same(data)
    assert (root / name).stat().st_mode & 0o077 == 0
    found = theirs.load_dataset(name)
    assert found.env_spec is None and found.action_space.contains(found[0].actions[0])


def test_names_are_checked_and_kept(root):
    for name in ("../x-v0", "x", "a b-v0", "/x-v0", "x-v0/../y-v0", "x-v"):
        with pytest.raises(BadValue, match="no Minari id"):
            ours.save(ward(), name=name)
    ours.save(ward(), name="x-v0")
    with pytest.raises(BadValue, match="--force"):
        ours.save(ward(seed=1), name="x-v0")
    assert ours.load("x-v0").same(ward())
    ours.save(ward(seed=1), root, "x-v0", force=True)
    assert ours.load("x-v0", root).same(ward(seed=1)) and sorted(p.name for p in root.iterdir() if p.suffix == ".part") == []


def test_a_stopped_run_leaves_nothing(root):
    def stop(label, done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ours.save(ward(), name="x-v0", progress=stop)
    assert list(root.rglob("*")) == []


def test_a_set_names_no_environment_of_its_own(root):
    """What a file says is looked up in the catalogue, never imported or built from it."""
    for env in ("os:System-v0", "CartPole-v1"):
        with pytest.raises(UnknownName, match="environment id"):
            ours.save(ward(about={"env": env}), name="x-v0")
    with pytest.raises(BadData, match="no environment of doses"):
        ours.save(ward(about={"env": "medenvs/MedCalc-v0", "arguments": {"data": "x.csv"}}), name="x-v0")
    with pytest.raises(UnknownName, match="option"):
        ours.save(ward(about={"env": "medenvs/Sepsis-v0", "arguments": {"entry_point": "os:system"}}), name="x-v0")


def test_other_sets_are_refused_and_build_nothing(root, monkeypatch):
    monkeypatch.setattr(gym, "make", lambda *_, **__: pytest.fail("an environment was built"))
    name = ours.save(ward(), name="x-v0")
    place = root / name / "data" / "metadata.json"
    held = json.loads(place.read_text())
    for wrong in (
        {"medenvs": "{}"},
        {"medenvs": 3},
        {"observation_space": None},
        {"action_space": None, "env_spec": "{}"},
        {"total_episodes": 9},
        {"total_episodes": "x"},
        {"data_format": "pickle"},
    ):
        place.write_text(json.dumps(held | wrong))
        with pytest.raises(BadData, match="x-v0"):
            ours.load(name)
    place.write_text(json.dumps(held))
    assert ours.load(name).patients == 3
    with pytest.raises(BadData, match="nowhere-v0"):
        ours.load("nowhere-v0")


def test_without_minari_the_remedy_is_named(root, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "minari.dataset.minari_storage", None)
    with pytest.raises(MissingExtra, match=r"medenvs\[data\]"):
        ours.save(ward(), name="x-v0")
