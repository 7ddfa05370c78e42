"""d3rlpy's data set from logged episodes, where d3rlpy is installed (nox -s offline); the remedy where it is not."""

import importlib.util

import numpy as np
import pytest

from medenvs.adapters import d3rlpy as ours
from medenvs.core.errors import BadData, MissingExtra
from medenvs.systems.sepsis_logs import logged
from tests.cases.wards_logged import ward

here = pytest.mark.skipif(importlib.util.find_spec("d3rlpy") is None, reason="d3rlpy has an environment of its own: nox -s offline")


@here
@pytest.mark.parametrize("box", [False, True])
def test_d3rlpy_sees_the_same_patients(tmp_path, box):
    import d3rlpy

    data = logged("mixed", 20, box=box)
    made = ours.dataset(data)
    with ours.save(data, tmp_path / "a.h5").open("rb") as file:
        read = d3rlpy.dataset.ReplayBuffer.load(file, d3rlpy.dataset.InfiniteBuffer())
    for found in (made, read):
        assert len(found.episodes) == 20 and found.transition_count == data.rows
        for i, episode in enumerate(found.episodes):
            rows = slice(data.starts[i], data.starts[i + 1])
            assert np.array_equal(episode.observations, data.observations[rows]) and episode.terminated
            assert np.array_equal(episode.actions.reshape(data.actions[rows].shape), data.actions[rows])
            assert np.array_equal(episode.rewards[:, 0], data.rewards[rows].astype(np.float32))
    spaces = d3rlpy.constants.ActionSpace
    assert made.dataset_info.action_space is (spaces.CONTINUOUS if box else spaces.DISCRETE)
    assert made.dataset_info.action_size == (2 if box else 25)  # also of doses that nobody gave


@here
def test_what_is_cut_is_not_an_end():
    data = ward()
    assert [e.terminated for e in ours.dataset(data).episodes] == data.terminated[data.ends].tolist()


@here
@pytest.mark.parametrize("box", [False, True])
def test_a_learner_of_d3rlpy_takes_it(box):
    import d3rlpy

    kind = d3rlpy.algos.TD3PlusBCConfig if box else d3rlpy.algos.DiscreteCQLConfig
    learner = kind(batch_size=16).create(device="cpu:0")
    learner.fit(
        ours.dataset(logged("medium", 30, box=box)),
        n_steps=3,
        n_steps_per_epoch=3,
        show_progress=False,
        logger_adapter=d3rlpy.logging.NoopAdapterFactory(),
    )
    assert learner.predict(logged("low", 5).observations).shape[0] > 5


@here
def test_a_dose_beyond_the_last_is_refused():
    with pytest.raises(BadData, match="25"):
        ours.dataset(ward(actions=np.full(8, 25)))


def test_without_d3rlpy_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "d3rlpy", None)
    with pytest.raises(MissingExtra, match=r"medenvs\[offline\]"):
        ours.save(ward(), tmp_path / "a.h5")
    assert list(tmp_path.iterdir()) == []
