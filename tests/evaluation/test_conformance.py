"""Each check fails on an environment that breaks what it promises, and on nothing else of the sound one."""

from typing import ClassVar

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from medenvs.core.errors import BadValue, UnknownName
from medenvs.evaluation import general_checks as general
from medenvs.evaluation.card import SECTIONS, read
from medenvs.evaluation.conformance import Target, apply, check, target


class Sound(gym.Env):
    """Walks to 3; every class below breaks one thing."""

    metadata: ClassVar[dict] = {"render_modes": []}

    def __init__(self):
        self.observation_space, self.action_space = spaces.Box(0, 9, (1,), np.float32), spaces.Discrete(2)
        self.place, self.over = 0, True

    def seen(self):
        return np.array([self.place], np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.over = int(self.np_random.integers(2)), False
        return self.seen(), {}

    def step(self, action):
        if self.over:
            raise RuntimeError("over")
        self.place += 1 + int(action)
        self.over = self.place >= 6
        return self.seen(), float(action), self.over, False, {"place": self.place}


class OutsideItsSpace(Sound):
    def seen(self):
        return np.array([self.place + 50], np.float32)


class Nan(Sound):
    def step(self, action):
        seen, _, *rest = super().step(action)
        return seen, float("nan"), *rest


class Unseeded(Sound):
    def step(self, action):
        seen, reward, *rest = super().step(action)
        return seen, reward + float(np.random.default_rng().random()), *rest


class Shared(Sound):
    taken = 0

    def reset(self, **kwargs):
        type(self).taken = 0
        return super().reset(**kwargs)

    def step(self, action):
        type(self).taken += 1
        seen, _, *rest = super().step(action)
        return seen, float(type(self).taken), *rest


class GlobalSeed(Sound):
    def reset(self, **kwargs):
        np.random.seed(0)  # noqa: NPY002
        return super().reset(**kwargs)


class NanAfterTheEnd(Sound):
    def step(self, action):
        return (self.seen(), float("nan"), True, False, {}) if self.over else super().step(action)


class NotCopied(Sound):
    def __init__(self):
        super().__init__()
        self.callback = lambda: 1  # does not pickle


class ForgetsOnCopy(Sound):
    def __getstate__(self):
        return {**self.__dict__, "place": 0}


class ObjectsInInfo(Sound):
    def reset(self, **kwargs):
        return super().reset(**kwargs)[0], {"x": object}


BROKEN = {
    OutsideItsSpace: general.spaces_hold_what_is_returned,
    Nan: general.rewards_are_finite_numbers,
    Unseeded: general.same_seed_same_episode,
    Shared: general.neighbours_do_not_matter,
    GlobalSeed: general.global_generators_are_left_alone,
    NanAfterTheEnd: general.a_step_after_the_end_is_refused_or_finite,
    NotCopied: general.copies_go_on_alike,
    ForgetsOnCopy: general.copies_go_on_alike,
    ObjectsInInfo: general.info_survives_json,
}


def test_a_sound_environment_passes_everything():
    assert [f for f in check(Target("sound", Sound)) if not f.passed] == []


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_a_broken_promise_is_found(kind):
    finding = apply(BROKEN[kind], Target("broken", kind))
    assert not finding.passed and finding.detail


def test_a_check_never_crashes_the_others():
    class Explodes(Sound):
        def reset(self, **kwargs):
            raise ZeroDivisionError

    found = check(Target("explodes", Explodes))
    assert len(found) == len(general.GENERAL) and not any(f.passed for f in found if "does not apply" not in f.detail)


def test_targets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert target("medenvs:medenvs/MedCalc-v0").entry is not None
    assert target("CartPole-v1").entry is None
    file = tmp_path / "my_env.py"
    file.write_text("import gymnasium\n\nclass Mine(gymnasium.Env):\n    pass\nnumber = 1\n")
    assert target(f"{file}:Mine").name == "my_env.py:Mine"
    for spec in ("medenvs/MedCal-v0", f"{file}:Mime", "no.py:Mine"):
        with pytest.raises(UnknownName, match=r"MedCalc-v0|Mine|no\.py"):
            target(spec)
    with pytest.raises(BadValue, match="no environment"):
        target(f"{file}:number")


def test_cards_are_read_by_section():
    summary, sections = read("What it is.\n\nDescription\n-----------\nOne.\nTwo.\n\nActions\n-------\nThree.")
    assert summary == "What it is." and sections == (("Description", "One.\nTwo."), ("Actions", "Three."))
    assert read("nothing") == ("nothing", ()) and len(SECTIONS) == 10
