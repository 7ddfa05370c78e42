"""Guardians against sums written out, scipy-free closed forms, left-out refits, and the logs of the simulated world."""

from functools import cache

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medenvs  # noqa: F401
from medenvs.core.errors import BadData, BadValue, UnknownName
from medenvs.learning.offline.guarded import Guarded, flags
from medenvs.learning.offline.guardian import METHODS, fit
from medenvs.learning.offline.supports import Christoffel, Density, Ensemble, Neighbours, clustered
from medenvs.learning.offline.vectors import DOSES, Reading, Scaling, amounts
from medenvs.systems.sepsis_logs import logged

SIGMA = 0.535


@cache
def logs(name="medium", patients=400, seed=0):
    return logged(name, patients, seed=seed)


def points(n=300, d=4, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, d)).astype(np.float32)


def density(x, data):
    return np.mean([np.exp(-sum((float(a) - float(b)) ** 2 for a, b in zip(x, y, strict=True)) / (2 * SIGMA**2)) for y in data])


def test_the_density_is_the_mean_kernel_written_out():
    data, asked = points(), points(5, seed=1)
    assert Density(data).scores(asked) == pytest.approx([density(x, data) for x in asked], rel=1e-5)


@pytest.mark.parametrize("kind", [Density, Christoffel, Neighbours])
def test_left_out_is_a_refit_without_the_point(kind):
    data = points(120)
    rows = np.array([0, 17, 119])
    refits = [kind(np.delete(data, r, 0)).scores(data[r : r + 1])[0] for r in rows]
    tolerance = {Density: 1e-5, Neighbours: 1e-5, Christoffel: 0.05}[kind]  # the ridge stays the same while n falls by one
    assert kind(data).left_out(rows) == pytest.approx(refits, rel=tolerance)


def test_left_out_members_of_the_ensemble_never_saw_the_point():
    data = points(200)
    after, groups = np.sin(data), np.arange(200) // 4
    told = Ensemble(data, after, groups)
    changed = after.copy()
    changed[4:8] += 100.0
    moved = Ensemble(data, changed, groups)
    assert moved.left_out(np.array([7]))[0] == pytest.approx(told.left_out(np.array([7]))[0], rel=1e-6)
    assert moved.scores(data[7:8])[0] < told.scores(data[7:8])[0] - 0.1


def test_the_christoffel_function_is_the_quadratic_form():
    data, asked = points(200, 2), points(3, 2, seed=4)
    v = lambda x: np.array([1, x[0], x[1], x[0] * x[0], x[0] * x[1], x[1] * x[1]], float)  # noqa: E731
    moment = np.mean([np.outer(v(x), v(x)) for x in data.astype(float)], 0) + 1e-3 * np.eye(6)
    wanted = [-v(x) @ np.linalg.inv(moment) @ v(x) for x in asked.astype(float)]
    assert Christoffel(data).scores(asked) == pytest.approx(wanted, rel=1e-6)


def test_neighbours_are_the_kth_nearest():
    data, asked = points(60), points(4, seed=2)
    wanted = [-np.sort([np.linalg.norm(x - y) for y in data])[9] for x in asked]
    assert Neighbours(data).scores(asked) == pytest.approx(wanted, rel=1e-4)


def test_clusters_hold_every_point_once_and_their_own_spread():
    data = points(500)
    centres, share, spread = clustered(data, 32, 3)
    assert share.sum() == pytest.approx(1) and (share > 0).all() and (spread >= 0).all()
    assert (share[:, None] * centres).sum(0) == pytest.approx(data.mean(0), abs=1e-5)
    assert (share[:, None] * (spread + (centres - data.mean(0)) ** 2)).sum(0) == pytest.approx(data.var(0), abs=1e-5)


def test_centres_flag_what_exact_densities_flag():
    fast, exact = (fit(logs(patients=1000), method) for method in ("kde", "kde exact"))
    both = np.concatenate([fast.reading.of(logs(patients=60, seed=1)), fast.reading.of(logs("random", 60))])
    score = exact.scores(both)
    out, told, clear = score < exact.threshold, ~fast.inside(both), np.abs(score / exact.threshold - 1) > 0.01
    assert fast.threshold == exact.threshold and (out & clear).sum() > 50
    assert (told & out & clear).sum() >= 0.98 * (out & clear).sum() and (~told & ~out & clear).sum() >= 0.98 * (~out & clear).sum()


@pytest.mark.parametrize("method", METHODS)
def test_held_out_clinicians_are_flagged_at_alpha_and_random_doses_far_more(method):
    guardian = fit(logs(patients=1000), method, alpha=0.05)
    held, wild = logs(patients=200, seed=1), logs("random", 100)
    calm, outside = (~guardian.inside(guardian.reading.of(x)) for x in (held, wild))
    by_patient = np.add.reduceat(calm, held.starts[:-1]) / held.lengths
    half = 1.96 * np.std(by_patient * held.lengths / held.lengths.mean()) / held.patients**0.5
    assert abs(calm.mean() - 0.05) < half + 0.015 and outside.mean() > 3 * calm.mean()


def test_readings():
    set_ = logs(patients=20)
    states, both = Reading("s").of(set_), Reading("sa").of(set_)
    assert np.array_equal(states, set_.observations) and np.array_equal(both[:, :-2], states)
    assert np.array_equal(both[:, -2:], DOSES[set_.actions]) and np.array_equal(amounts(both[:, -2:]), both[:, -2:])
    three = Reading("sa", 3).of(set_)
    wide = both.shape[1]
    assert np.array_equal(three[:, -wide:], both)
    first, row = set_.starts[1], set_.starts[1] + 1
    assert np.array_equal(three[first], np.tile(both[first], 3)) and np.array_equal(three[row], np.r_[both[first], both[first], both[row]])
    with pytest.raises(UnknownName):
        Reading("sas")
    with pytest.raises(BadValue):
        Reading("s", 0)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(2, 30), st.integers(1, 5), st.integers(0, 999))
def test_scaling_puts_training_points_between_minus_one_and_one(n, d, seed):
    data = np.random.default_rng(seed).normal(size=(n, d)) * 10
    data = np.concatenate([data, np.full((n, 1), 3.0)], 1)
    scaled = Scaling.of(data)(data)
    assert (
        scaled.shape == (n, d) and scaled.min(0) == pytest.approx([-1] * d, abs=1e-5) and scaled.max(0) == pytest.approx([1] * d, abs=1e-5)
    )


def test_bad_input_is_named():
    with pytest.raises(UnknownName, match="kde"):
        fit(logs(), "kda")
    with pytest.raises(BadValue, match="alpha"):
        fit(logs(), alpha=0.0)
    with pytest.raises(BadData, match="one patient"):
        fit(logs().part([0]))
    with pytest.raises(BadData, match="train patients only"):
        fit(logged("medium", 10, split="test"))
    with pytest.raises(BadData, match="NaN"):
        Scaling.of(np.array([[np.nan], [1.0]]))
    with pytest.raises(BadData, match="alike"):
        Scaling.of(np.ones((3, 2)))
    with pytest.raises(BadValue, match="neighbour"):
        Neighbours(points(8))
    guardian = fit(logs())
    assert not guardian.inside(np.full((1, guardian.reading.of(logs()).shape[1]), np.nan))[0]


def env(mode, guardian, **more):
    return Guarded(gym.make("medenvs/Sepsis-v0", obs_mode="numeric", **more), guardian, mode)


def test_the_wrapper_tells_charges_ends_and_mends():
    guardian, wild = fit(logs(patients=1500)), 4  # the largest vasopressor dose and no fluid: nobody of this quality begins so
    told = {}
    for mode in ("info", "penalty", "terminate", "project"):
        one = env(mode, guardian)
        seen, info = one.reset(seed=3)
        assert "ood_cost" not in info and flags(guardian, seen[None], np.array([wild]))["ood_cost"][0] == 1.0
        told[mode] = one.step(wild)
    plain = gym.make("medenvs/Sepsis-v0", obs_mode="numeric")
    plain.reset(seed=3)
    seen, reward, over, _, info = plain.step(wild)
    assert np.array_equal(told["info"][0], seen) and told["info"][1:3] == (reward, over) and told["info"][4]["ood_cost"] == 1.0
    assert told["penalty"][1] == reward - 25 and not told["penalty"][2] and told["terminate"][2]
    assert told["info"][4]["cost"] == info["cost"] == told["penalty"][4]["cost"], "what is outside is priced apart from harm"
    played = told["project"][4]["projected"]
    first = gym.make("medenvs/Sepsis-v0", obs_mode="numeric").reset(seed=3)[0]
    assert played != wild and guardian.inside(guardian.reading.one(first[None], np.array([played])))[0]
    assert told["project"][0][4:6].tolist() == pytest.approx(DOSES[played].tolist())


def test_the_wrapper_reads_histories_as_logs_do():
    set_ = logs(patients=60)
    guardian = fit(set_, "christoffel", Reading("sa", 3))
    one = env("info", guardian)
    outside: list[float] = []
    for patient in range(4):
        one.reset(seed=0, options={"case": int(set_.cases[patient])})
        doses = set_.actions[set_.starts[patient] : set_.starts[patient + 1]].tolist()
        outside += [one.step(dose)[4]["ood_cost"] for dose in doses]
    assert outside == (~guardian.inside(guardian.reading.of(set_)))[: set_.starts[4]].astype(float).tolist()


def test_the_wrapper_refuses_what_it_cannot_read():
    guardian = fit(logs())
    with pytest.raises(UnknownName, match="project"):
        env("projekt", guardian)
    with pytest.raises(BadValue, match="columns"):
        Guarded(gym.make("medenvs/Sepsis-v0"), guardian)
    with pytest.raises(BadValue, match="states alone"):
        env("project", fit(logs(), reading=Reading("s")))
