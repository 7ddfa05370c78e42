"""Episodes on tensors are those of the vector view, bit for bit, and their rules are one graph."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.core.errors import BadValue
from medenvs.core.lanes import numpy_lanes
from medenvs.systems import sepsis

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
N, SEED = 33, 5


def moves(steps):
    return np.random.default_rng(2).integers(-1, 26, (steps, N))  # a dose too many on either side


def tensors(options=None, n=N, **more):
    from medenvs.backends.torch_episodes import TorchEpisodes

    return TorchEpisodes(sepsis.system(options or sepsis.Options()), n, seed=SEED, **more)


@pytest.mark.parametrize(
    ("options", "dtype"), [({}, "float64"), ({"interval": 1, "pool": 7}, "float32"), ({"effect": "null"}, "float32")], ids=str
)
def test_rows_are_those_of_the_vector_view(options, dtype):
    env = gym.make_vec("medenvs/Sepsis-v0", N, obs_mode="numeric", autoreset_mode="SAME_STEP", lanes=numpy_lanes(dtype), **options)
    play, ended = tensors(sepsis.Options(**options), dtype=dtype, compiled=False), 0
    assert np.array_equal(play.observe()["observation"].numpy().astype(np.float32), env.reset(seed=SEED)[0])
    for given in moves(30):
        seen, reward, over, _, info = env.step(given)
        out = play.step(torch.from_numpy(given))
        assert np.array_equal(out.terminated.numpy(), over) and np.array_equal(out.reward.numpy(), reward.astype(dtype))
        assert np.array_equal(out.observation["observation"].numpy().astype(np.float32), seen)
        for name, cost in out.costs.items():
            assert np.array_equal(cost.numpy()[~over], info["costs"][name][~over]), name
        ended += over.sum()
    assert ended > (N if "interval" not in options else 2)  # many rows began anew


def test_the_rules_are_one_graph(monkeypatch):
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function, **more: real(function, backend="eager", **more))  # traced, not compiled
    one, two = (tensors(sepsis.Options(interval=1), compiled=c) for c in (True, False))
    for given in moves(13):
        a, b = (play.step(torch.from_numpy(given)) for play in (one, two))
        assert torch.equal(a.observation["observation"], b.observation["observation"]) and torch.equal(a.terminated, b.terminated)


def test_no_two_lanes_share_their_memory():
    """A graph may hand out one tensor for two lanes that start alike; writing into one would change the other."""
    play = tensors(compiled=False)
    for given in moves(3):
        play.step(torch.from_numpy(given))
        places = [lane.data_ptr() for lane in play._lanes if torch.is_tensor(lane)]
        assert len(set(places)) == len(places)


def test_what_tensors_do_not_play_is_refused():
    from medenvs.backends.torch_episodes import TorchEpisodes
    from medenvs.backends.torch_lanes import torch_lanes

    with pytest.raises(BadValue, match=r"players.*gym.make_vec"):
        TorchEpisodes(replace(sepsis.system(sepsis.Options()), players={"clinician": None}), 4)
    with pytest.raises(BadValue, match="lists"):
        torch_lanes(steady=True).items(None, None, None)
