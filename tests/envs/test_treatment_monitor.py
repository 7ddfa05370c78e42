"""The bedside monitor shows the chart and nothing else, the same pixels each time, and red when and only when a limit is met."""

import sys
from dataclasses import fields
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import wrappers
from gymnasium.utils.env_checker import check_env

import medenvs  # noqa: F401
from medenvs.core.errors import BadValue, MissingExtra
from medenvs.core.lanes import numpy_lanes
from medenvs.core.randomness import key, word
from medenvs.envs.treatment.alarms import CRITERIA, MARKS, alarms
from medenvs.envs.treatment.kernel import COSTS, TreatmentKernel
from medenvs.envs.treatment.monitor import ALARM, HEIGHT, ROWS, TILES, WIDTH, Monitor
from medenvs.worlds.sepsis.body import Body
from medenvs.worlds.sepsis.charting import LABS, NEVER, PARTIAL_NAMES
from medenvs.worlds.sepsis.clinician import rule
from medenvs.worlds.sepsis.columns import NAMES

pytest.importorskip("PIL")
IDS = ("medenvs/Sepsis-v0", "medenvs/SepsisBox-v0", "medenvs/SepsisPartial-v0")
WELL = {"age": 60, "male": 1, "weight": 80, "hour": 4, "fluid": 150, "pressor": 0.05, "map": 75, "hr": 80, "cvp": 8, "spo2": 97}
WELL |= {"fio2": 0.3, "pf": 350, "vented": 0, "urine": 1, "lactate": 1.2, "creatinine": 1, "platelets": 200, "bilirubin": 1, "gcs": 15}
WELL |= {"given": 2000, "passed": 500}
ILL = {"hypotension": {"map": 64}, "hypoxia": {"spo2": 91}, "oliguria": {"urine": 0.4}, "overload": {"given": 9000}}
ILL |= {"pressor": {"pressor": 0.6}, "untreated_shock": {"map": 54, "pressor": 0, "fluid": 50}}
ILL |= {"excess_pressor": {"pressor": 0.6, "map": 96}, "excess_fluid": {"fluid": 1000, "cvp": 15}}


def seen(*charts, names=NAMES):
    return [{"observation": np.array([c[n] for n in names], np.float32)} for c in charts]


def painted(*charts):
    return Monitor("title", NAMES).paint(seen(*charts))


def red(pixels):
    return int((pixels == ALARM).all(-1).sum())


def test_the_limits_are_those_of_the_costs():
    assert tuple(CRITERIA) == COSTS and sorted(n for names in MARKS.values() for n in names) == sorted(COSTS)
    kernel, cases = TreatmentKernel(6, interval=1).on(numpy_lanes()), np.arange(400) * 7_919
    state, met = kernel.reset({"case": cases}, key(6, cases), 400), dict.fromkeys(COSTS, 0)
    for hour in range(1, 33):
        state, turn = kernel.step(state, {"clinician": word(key(5, cases), hour // 4) % 25}, np.ones(400, bool))
        rows = kernel.observe(state, "")["observation"].tolist()
        for i, row in enumerate(rows):
            found = alarms(dict(zip(NAMES, row, strict=True)))
            for name in COSTS:
                if hour % 4 == 0 or name not in ("hypoxia", "oliguria", "overload"):  # these are costs of a whole reading
                    assert (name in found) == (turn.costs[name][i] > 0), (name, row)
                    met[name] += name in found
    assert min(met.values()) > 3, met


@pytest.mark.parametrize("name", COSTS)
def test_an_alarm_shows_when_and_only_when_its_limit_is_met(name):
    assert red(painted(WELL)) == red(painted(WELL, WELL | {"hour": 8})) == 0
    ill = WELL | ILL[name]
    assert name in alarms(ill) and red(painted(ill)) > 5_000
    over = painted(ill, WELL | {"hour": 8})
    assert 10 <= red(over) < 2_000 or name == "overload"  # only its trace; what is small has none
    assert alarms(WELL | {"hour": 0, **ILL["untreated_shock"]}) == ("hypotension",)  # nobody has decided yet


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize("face", ["text", "numeric"])
def test_frames_are_pictures_and_repeat(env_id, face):
    def frames():
        env = gym.make(env_id, render_mode="rgb_array", obs_mode=face)
        env.reset(seed=4)
        told = [env.render()]
        for _ in range(3):
            env.step("fluid 400, pressor 0.05" if face == "text" else np.array([400, 0.05]) if "Box" in env_id else 16)
            told.append(env.render())
        env.reset(seed=4)
        return [*told, env.render()]

    one, two = frames(), frames()
    assert all(f.shape == (HEIGHT, WIDTH, 3) and f.dtype == np.uint8 for f in one) and HEIGHT % 2 == WIDTH % 2 == 0
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True)) and np.array_equal(one[0], one[-1])
    assert not any(np.array_equal(a, b) for a, b in pairwise(one))


@pytest.mark.parametrize("face", ["text", "numeric"])
def test_texts_and_numbers_give_one_picture(face):
    env = gym.make(IDS[0], render_mode="rgb_array", obs_mode=face)
    env.reset(seed=1)
    charts = [env.unwrapped.play.kernel.observe(env.unwrapped.play.state, "clinician")]
    assert np.array_equal(env.render(), Monitor(IDS[0], NAMES).paint(charts))


@pytest.mark.parametrize("name", [*(r.name for r in ROWS), *(t[0] for t in TILES if t[0] != "balance"), "given", "vented", "age", "weight"])
def test_each_number_is_on_the_screen(name):
    more = WELL | {name: WELL[name] * 1.3 + 0.6 if name not in ("gcs", "pressor") else WELL[name] - 1 if name == "gcs" else 0.15}
    assert not np.array_equal(painted(WELL), painted(more))
    assert name in ("weight", "age") or not np.array_equal(painted(WELL, WELL | {"hour": 8}), painted(WELL, more | {"hour": 8}))


def test_values_beyond_an_axis_stay_in_the_picture():
    wild = dict.fromkeys(NAMES, 1e6) | {"hour": 80, "weight": 1, "gcs": 3}
    low = dict.fromkeys(NAMES, 0.0) | {"weight": 40}
    assert painted(low, wild).shape == painted(low).shape == (HEIGHT, WIDTH, 3)


def test_nothing_hidden_has_an_influence():
    env = gym.make(IDS[2], render_mode="rgb_array")
    env.reset(seed=2)
    env.step("fluid 400, pressor 0.05")
    before, state = env.render(), env.unwrapped.play.state
    for name in {f.name for f in fields(Body)} - set(NAMES):
        setattr(state, name, getattr(state, name) + 1)
    state.fate, state.score = 2, state.score + 3
    assert np.array_equal(env.render(), before)


def test_an_old_result_says_its_age_and_a_missing_one_shows_nothing():
    monitor, chart = Monitor("title", PARTIAL_NAMES, NEVER), WELL | {f"since_{lab.name}": 0.0 for lab in LABS}

    def shown(**more):
        return monitor.paint(seen(chart | more, names=PARTIAL_NAMES))

    for lab in LABS:
        since = f"since_{lab.name}"
        views = [shown(), shown(**{since: 4.0}), shown(**{since: 8.0}), shown(**{since: NEVER})]
        assert len({v.tobytes() for v in views}) == 4
        assert np.array_equal(views[3], shown(**{since: NEVER, lab.name: lab.blank + 1}))  # what was never measured is not drawn


@pytest.mark.parametrize("env_id", [IDS[0], IDS[2]])
def test_gymnasium_is_content_with_it(env_id):
    env = gym.make(env_id, render_mode="rgb_array", obs_mode="numeric")
    assert env.metadata["render_fps"] == Monitor.fps and gym.make(env_id).metadata["render_fps"] == 1
    check_env(env.unwrapped)


def test_an_episode_becomes_a_video(tmp_path):
    pytest.importorskip("moviepy")
    env = wrappers.RecordVideo(gym.make(IDS[0], render_mode="rgb_array", obs_mode="numeric"), str(tmp_path / "video"), disable_logger=True)
    (chart, _), over = env.reset(seed=64), False
    while not over:
        chart, _, over, _, _ = env.step(rule(dict(zip(NAMES, chart.tolist(), strict=True))))
    env.close()
    assert [file.stat().st_size > 10_000 for file in tmp_path.glob("video/*.mp4")] == [True]


def test_what_is_missing_is_named(monkeypatch):
    env = gym.make(IDS[0], render_mode="rgb_array").unwrapped
    with pytest.raises(BadValue, match="reset"):
        env.render()
    env.reset(seed=0)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtra, match=r"Pillow is not installed\. Remedy: pip install 'medenvs\[render\]'"):
        env.render()


def test_other_systems_draw_their_text():
    env = gym.make("medenvs/MedCalc-v0", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (640, 880, 3)
