"""OGSRL's presets beside the world they are cut from: what the released code got wrong does not go wrong here."""

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.core.errors import UnknownName
from medenvs.systems.ogsrl import CHARGED, SHOWN
from medenvs.worlds.sepsis.columns import NAMES

ID, BOX = "medenvs/OGSRL-v0", "medenvs/SepsisBox-v0"
N = 200


def played(env_id, steps=20, **options):
    """Play the same doses in N rows of an environment; yield what each step gave."""
    env, rng = gym.make_vec(env_id, N, obs_mode="numeric", autoreset_mode="SameStep", **options), np.random.default_rng(0)
    seen = env.reset(seed=4)[0]
    for _ in range(steps):
        before = seen
        seen, reward, over, _, info = env.step(rng.uniform((0, 0), (1000, 0.3), (N, 2)).astype(np.float32))
        yield before, seen, reward, over, info


def test_equal_doses_give_the_course_of_the_whole_chart():
    place = {name: NAMES.index(name) for name in SHOWN if name in NAMES}
    ended = 0
    for (_, mine, _, over, info), (_, whole, _, theirs, told) in zip(played(ID), played(BOX), strict=True):
        assert np.array_equal(over, theirs)
        for i, name in enumerate(SHOWN):
            want = whole[:, place[name]] if name in place else whole[:, NAMES.index("pf")] * whole[:, NAMES.index("fio2")]
            assert np.allclose(mine[:, i], want, rtol=1e-6)
        live = ~over
        for name in CHARGED:
            assert np.array_equal(info["costs"][name][live], told["costs"][name][live])
        assert set(info["costs"]) - {f"_{n}" for n in CHARGED} == set(CHARGED)
        assert np.allclose(info["cost"][live], sum(info["costs"][n][live] for n in CHARGED))
        ended += over.sum()
    assert ended > N


def test_costs_are_hours_of_harm_and_urine_is_that_of_four_hours():
    """The released code gave -2 for a patient who violates both, and divided the urine of the whole stay."""
    spo2, urine = SHOWN.index("spo2"), SHOWN.index("urine")
    harmed = 0
    for _, seen, _, over, info in played(ID):
        for row in np.flatnonzero(~over):
            low, dry = seen[row, spo2] < 92, seen[row, urine] < 0.5
            assert (info["costs"]["hypoxia"][row], info["costs"]["oliguria"][row]) == (4.0 * low, 4.0 * dry)
            harmed += low and dry
    assert harmed > 10


def test_a_reward_is_the_transitions_own():
    """The released code looked rewards up in another patient's row."""
    for _, _, reward, over, info in played(ID):
        live = ~over
        assert np.array_equal(reward[live], info["terms"]["ogsrl"][live])
        assert np.array_equal(info["terms"]["ogsrl"][live], -np.clip(info["terms"]["sofa"][live], 2.5, 12.5))


@pytest.mark.parametrize(("name", "term", "sign"), [("ogsrl", "ogsrl", 1), ("outcome", "survived", 1), ("sofa_delta", "sofa_rise", -1)])
def test_presets_pay_their_term(name, term, sign):
    for _, _, reward, over, info in played(ID, reward=name):
        live = ~over
        assert np.allclose(reward[live], sign * info["terms"][term][live])


def test_no_dose_of_the_same_step_is_seen_and_another_reward_is_refused():
    assert not {"fluid", "pressor", "map", "lactate"} & set(SHOWN) and len(SHOWN) == 12
    with pytest.raises(UnknownName, match="outcome"):
        gym.make(ID, reward="outcom")


def test_drugs_go_by_name_and_order():
    env = gym.make(ID)
    env.reset(seed=2)
    swapped = env.step("<answer>pressor 0.05, fluid 400</answer>")
    assert swapped[4]["terms"]["invalid"] == 1.0
    one, two = gym.make(ID, obs_mode="numeric"), gym.make(ID, obs_mode="numeric")
    one.reset(seed=2), two.reset(seed=2)
    given = SHOWN.index("given")
    assert one.step(np.array([400, 0.0], np.float32))[0][given] > two.step(np.array([0, 0.4], np.float32))[0][given] + 399
