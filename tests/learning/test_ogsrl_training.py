"""OGSRL in its learned model: both multipliers follow what episodes cost, ablations ablate, and a killed run goes on bit for bit."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.core.errors import BadData, BadValue
from medenvs.learning import ppo
from medenvs.learning.offline import fitting as offline
from medenvs.learning.offline import guardian
from medenvs.learning.offline.dynamics import Dynamics, Forecasting
from medenvs.learning.offline.imagined import OOD, Imagined, Watch
from medenvs.learning.offline.ogsrl import Ogsrl, Rounds, fit, learned
from medenvs.learning.offline.plan import preset
from medenvs.learning.offline.vectors import Reading
from medenvs.learning.training import LAST, LOG
from medenvs.systems.sepsis_logs import logged

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
torch.set_num_threads(1)
MODEL = Forecasting(members=2, width=32, updates=150, rate=3e-3)
SMALL = Ogsrl(ppo.Plan(rows=128, batch=1024, width=32, limit=30.0, seed=2), MODEL, cloned=100, rounds=4)
DATA = logged("medium", 100)


@pytest.fixture(scope="module")
def model():
    return Dynamics(DATA, MODEL)


@pytest.fixture(scope="module")
def watch():
    return guardian.fit(DATA)


def test_rows_of_the_model_begin_as_patients_and_end(model, watch):
    rows = Imagined(model, DATA, 64, 20, Watch(watch), seed=3)
    first, begun = DATA.observations[DATA.starts[:-1]], rows.begin(0)["observation"]
    assert all((first == row).all(1).any() for row in begun.numpy()) and rows.costs == (*DATA.cost_names, OOD)
    since, ages = torch.zeros(64, dtype=torch.int64), []
    for _ in range(45):
        out = rows.step(torch.full((64,), 10))
        since += 1
        ages += since[out.ended].tolist()
        since[out.ended] = 0
        assert all((first == row).all(1).any() for row in out.seen["observation"][out.ended].numpy())
        assert (out.seen["observation"] >= model.low).all() and (out.seen["observation"] <= model.high).all()
        assert all((cost >= 0).all() for cost in out.costs.values()) and set(out.costs[OOD].tolist()) <= {0.0, 1.0}
    assert len(ages) > 64 and max(ages) <= 20
    again = Imagined(model, DATA, 64, 20, Watch(watch), seed=3)
    assert torch.equal(again.begin(0)["observation"], begun) and not torch.equal(again.begin(1)["observation"], begun)


def test_what_the_guardian_flags_is_charged_and_priced(model, watch):
    rows = Imagined(model, DATA, 256, 20, Watch(watch, 1.0, 0.5))
    free = Imagined(model, DATA, 256, 20, Watch(watch))
    seen, odd = rows.begin(0)["observation"], torch.full((256,), 20)  # much fluid, no pressor
    wanted = ~watch.inside(watch.reading.one(seen.numpy(), odd.numpy()))
    free.begin(0)
    for t in range(20):
        told, same = rows.step(odd), free.step(odd)
        assert t or (np.array_equal(told.costs[OOD].numpy(), wanted) and wanted.any())
        assert torch.equal(told.rewards, same.rewards), "nothing is priced yet"
    rows.begin(21)
    free.begin(21)
    assert rows.price > 0 == free.price
    told, same = rows.step(odd), free.step(odd)
    assert torch.allclose(told.rewards * (1 + rows.price), same.rewards - rows.price / 20 * told.costs[OOD], atol=1e-5)


def test_a_guardian_must_read_one_step():
    with pytest.raises(BadValue, match="several steps"):
        Watch(guardian.fit(DATA, reading=Reading("sa", 2)))


def test_with_limits_that_cannot_be_kept_multiplier_and_price_rise_and_harm_and_strangeness_fall():
    hard = ppo.Plan(rows=256, batch=256, rate=5e-3, limit=0.0, costs=("overload", "pressor"), multiplier_rate=2.0, seed=2)
    hard = Ogsrl(hard, replace(MODEL, updates=300, rate=1e-2), cloned=0, rounds=12, bound=0.0, rate=0.1)
    told = []
    fit(DATA, hard, tell=lambda _, report: told.append(report))
    for name in ("multiplier", "price"):
        rises = [report[name] for report in told[1:]]
        assert rises == sorted(set(rises)) and rises[0] > 0
    assert told[-1]["cost"] < 0.85 * told[0]["cost"] and told[-1]["ood"] < 0.8 * told[0]["ood"]


def test_ablations_change_what_they_name_and_the_update():
    plans = SMALL.ablated()
    assert not plans["no guard"].guard and plans["no cost"].policy.limit is None and not plans["no clipping"].clip
    of = {"all": SMALL, **plans}
    nets = {}
    for name, plan in of.items():
        learner = Rounds(DATA, replace(plan, rate=5.0, policy=replace(plan.policy, multiplier_rate=5.0, limit=plan.policy.limit and 1.0)))
        for _ in range(2):
            report = learner.round(1.0)
        assert ("multiplier" in report) == (name != "no cost") and (report["price"] > 0) == (name != "no guard")
        nets[name] = learner.ppo.policy.nets["actor"][0].weight
    for name in plans:
        assert not torch.equal(nets["all"], nets[name]), name


def test_a_killed_run_goes_on_bit_for_bit_and_plays(tmp_path):
    class Killed(Exception):
        pass

    def kill(done, report):
        if done == 3:
            raise Killed

    whole = fit(DATA, SMALL, tmp_path / "whole", every=2)
    with pytest.raises(Killed):
        fit(DATA, SMALL, tmp_path / "cut", kill, every=2)
    again, read = fit(DATA, SMALL, tmp_path / "cut", every=2), learned(tmp_path / "cut" / LAST)
    for other in (again, read):
        assert np.array_equal(other.probabilities(DATA.observations), whole.probabilities(DATA.observations))
    assert (tmp_path / "whole" / LOG).read_text() == (tmp_path / "cut" / LOG).read_text()
    with pytest.raises(BadData, match="another run"):
        fit(DATA, replace(SMALL, bound=2.0), tmp_path / "cut")
    env = gym.make("medenvs/Sepsis-v0", obs_mode="numeric")
    read.bind(env.observation_space, env.action_space)
    seen, info = env.reset(seed=0)
    assert env.action_space.contains(read.act(seen, info))


def test_it_begins_as_the_clinicians_clone():
    clone = offline.fit(DATA, preset("bc", updates=200, width=32, seed=2, greedy=True))
    begun = Rounds(DATA, replace(SMALL, cloned=200)).ppo.policy
    done = begun.act({"observation": torch.from_numpy(DATA.observations)})[0]
    assert np.array_equal(done.numpy(), clone.doses(DATA.observations))


def test_bad_plans_are_refused():
    with pytest.raises(BadValue, match="pain"):
        Rounds(DATA, replace(SMALL, policy=replace(SMALL.policy, costs=("pain",))))
    with pytest.raises(BadValue, match="1 or more"):
        Ogsrl(rounds=0)
    with pytest.raises(BadValue, match="multiple of 100"):
        Ogsrl(cloned=10)
    with pytest.raises(BadData, match="one patient"):
        fit(DATA.part([0]), SMALL)
