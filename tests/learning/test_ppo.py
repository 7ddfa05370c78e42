"""Rows equal the vector view; PPO learns, heeds limits, notices costs, and goes on bit for bit where it was killed."""

import json

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.core.errors import BadData, BadValue
from medenvs.core.lanes import numpy_lanes
from medenvs.learning import checkpoint
from medenvs.learning.judging import judged
from medenvs.learning.ppo import Plan
from medenvs.learning.rows import Rows
from medenvs.learning.training import BEST, LAST, LOG, learned, learner, train
from medenvs.systems import consultation_pair

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)
SMALL = Plan(rows=256, batch=1024, seed=3)


def system(name="medenvs/Sepsis-v0", **options):
    return gym.make(name, obs_mode="numeric", **options).unwrapped.system


@pytest.mark.parametrize(
    ("name", "options"),
    [("medenvs/Sepsis-v0", {"interval": 1}), ("medenvs/Consultation-v0", {"size": "tiny"}), ("medenvs/SepsisBox-v0", {})],
)
def test_rows_are_the_vector_view(name, options):
    rows = Rows(system(name, **options), 64, seed=11, split="train")
    env = gym.make_vec(name, 64, obs_mode="numeric", autoreset_mode="SameStep", lanes=numpy_lanes("float32"), **options)
    theirs, ours, count = env.reset(seed=11)[0], rows.begin(0), 0
    env.action_space.seed(5)
    for _ in range(90):
        for mine, view in zip(ours.values(), theirs.values() if isinstance(theirs, dict) else [theirs], strict=True):
            assert np.array_equal(mine.numpy(), view)
        moves = env.action_space.sample()
        out = rows.step(torch.as_tensor(moves))
        theirs, rewards, over, cut, info = env.step(moves)
        ours, count = out.seen, count + int(out.ended.sum())
        assert np.array_equal(out.ended.numpy(), over | cut) and np.allclose(out.rewards.numpy(), rewards, atol=1e-6)
        running = ~(over | cut)
        assert np.allclose(sum(out.costs.values()).numpy()[running], info.get("cost", np.zeros(64))[running], atol=1e-4)
    assert count > 64


def test_rows_refuse_several_roles():
    with pytest.raises(BadValue, match="make_vec"):
        Rows(consultation_pair.system(consultation_pair.Options()), 4)


def test_it_learns_in_the_environment_itself():
    ppo = learner(system(), Plan(rows=512, batch=2048, seed=1))
    field = Rows(system(), 1024, split="test", seed=5)
    before = judged(ppo.policy, field, 20, torch.Generator().manual_seed(0))["return"]
    for _ in range(12):
        ppo.round()
    after = judged(ppo.policy, field, 20)
    assert before < 0.3 and after["return"] > 0.65
    assert after["return"] == pytest.approx(after["term survived"] - 0.1 * after["term invalid"], abs=1e-6)
    assert judged(ppo.policy, field, 20) == after, "the same cases, the same doses, the same result"


def test_with_a_limit_that_cannot_be_kept_the_multiplier_rises_and_the_cost_falls():
    ppo = learner(system(), Plan(rows=512, batch=2048, limit=0.0, costs=("overload", "pressor"), multiplier_rate=0.5, seed=1))
    reports = [ppo.round() for _ in range(14)]
    rises = [r["multiplier"] for r in reports]
    assert rises == sorted(set(rises)) and reports[-1]["cost"] < 0.4 * reports[0]["cost"]


def test_with_a_limit_that_is_never_met_the_multiplier_stays_zero():
    ppo = learner(system(), Plan(rows=256, batch=1024, limit=1e9))
    assert [ppo.round()["multiplier"] for _ in range(2)] == [0.0, 0.0]


def test_deleting_the_cost_changes_the_update():
    nets = []
    for costs in (("overload",), ("hypotension",)):
        ppo = learner(system(), Plan(rows=256, batch=1024, limit=0.0, costs=costs, multiplier_rate=1.0, seed=3))
        ppo.round()
        nets.append(ppo.policy.nets["actor"][0].weight.detach().clone())
    plain = learner(system(), SMALL)
    plain.round()
    assert not torch.equal(nets[0], nets[1]) and not torch.equal(nets[0], plain.policy.nets["actor"][0].weight)


def test_unknown_costs_are_refused():
    with pytest.raises(BadValue, match="hypotension"):
        learner(system(), Plan(limit=1.0, costs=("pain",)))


def test_a_killed_run_goes_on_bit_for_bit(tmp_path):
    class Killed(Exception):
        pass

    def kill(done, report):
        if done == 3:
            raise Killed

    whole = train(system(), SMALL, tmp_path / "whole", 5, every=2, judges=64)
    with pytest.raises(Killed):
        train(system(), SMALL, tmp_path / "cut", 5, every=2, judges=64, tell=kill)
    again = train(system(), SMALL, tmp_path / "cut", 5, every=2, judges=64)
    assert again.rounds == whole.rounds == 5
    one, two = (p.policy.nets.state_dict() for p in (whole, again))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert (tmp_path / "whole" / LOG).read_text() == (tmp_path / "cut" / LOG).read_text()
    lines = [json.loads(line) for line in (tmp_path / "cut" / LOG).read_text().splitlines()]
    assert [line["round"] for line in lines] == [1, 2, 3, 4, 5] and ["score" in line for line in lines] == [False, True, False, True, True]
    assert not list((tmp_path / "cut").glob("*.part"))
    policy = learned(tmp_path / "cut" / BEST)
    assert judged(policy, Rows(system(), 64, split="validation", seed=3), 20)["return"] == pytest.approx(
        max(line.get("score", 0) for line in lines)
    )


def test_another_run_in_the_folder_is_refused(tmp_path):
    train(system(), SMALL, tmp_path, 1, judges=8)
    with pytest.raises(BadData, match="another run"):
        train(system(interval=1), SMALL, tmp_path, 1, judges=8)


def test_divergence_is_named_and_the_checkpoint_before_is_kept(tmp_path):
    train(system(), SMALL, tmp_path, 1, judges=8)
    kept = (tmp_path / LAST).read_bytes()
    ppo = learner(system(), SMALL)
    with torch.no_grad():
        ppo.policy.nets["critic"][-1].bias.fill_(float("nan"))
    with pytest.raises(BadValue, match="diverged"):
        ppo.round()
    assert (tmp_path / LAST).read_bytes() == kept


class Evil:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", "evil"])
def test_checkpoints_are_read_without_running_them(tmp_path, content, capsys):
    path = tmp_path / "x.pt"
    if content == "evil":
        torch.save({"nets": Evil()}, path)
    else:
        path.write_bytes(content)
    with pytest.raises(BadData, match="no checkpoint"):
        checkpoint.load(path)
    with pytest.raises(BadData, match="does not exist"):
        checkpoint.load(tmp_path / "none.pt")
    assert capsys.readouterr().out == ""
