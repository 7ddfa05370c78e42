"""The sepsis ids through their views: spaces, rewards by weight, the untreated twin, people's cases, refused doses."""

import gymnasium as gym
import numpy as np
import pytest

import medenvs  # noqa: F401
from medenvs.cases.sepsis import SepsisCases
from medenvs.core.errors import BadValue
from medenvs.envs.treatment.kernel import COSTS
from medenvs.policies.gold import Gold
from medenvs.worlds.sepsis.charting import PARTIAL, PARTIAL_NAMES
from medenvs.worlds.sepsis.columns import COLUMNS, NAMES

ID, BOX, PARTIAL_ID = "medenvs/Sepsis-v0", "medenvs/SepsisBox-v0", "medenvs/SepsisPartial-v0"


def played(env, doses, seed=0):
    env.reset(seed=seed)
    told, over = [], False
    while not over:
        seen, reward, over, _, info = env.step(doses if not callable(doses) else doses(len(told)))
        told.append((seen, reward, info))
    return told


def test_spaces_are_the_columns_and_the_doses():
    five, two = gym.make(ID, obs_mode="numeric"), gym.make(BOX, obs_mode="numeric")
    assert five.action_space.n == 25 and five.observation_space == two.observation_space
    assert five.observation_space.low.tolist() == [float(np.float32(c.low)) for c in COLUMNS]
    assert two.action_space.low.tolist() == [0, 0] and two.action_space.high.tolist() == pytest.approx([1000, 0.6])
    assert all(two.observation_space.contains(seen) for seen, _, _ in played(two, lambda _: two.action_space.sample()))


@pytest.mark.parametrize("more", [{}, {"interval": 1}, {"effect": "null"}], ids=str)
def test_a_chart_changes_what_is_seen_and_nothing_else(more):
    full, chart = (gym.make(env_id, obs_mode="numeric", **more) for env_id in (ID, PARTIAL_ID))
    assert chart.observation_space.shape == (len(PARTIAL),) and chart.action_space == full.action_space
    for seed in range(4):
        a, b = played(full, lambda step: step % 25, seed), played(chart, lambda step: step % 25, seed)
        assert [(r, i["costs"]) for _, r, i in a] == [(r, i["costs"]) for _, r, i in b]
        for (seen, _, _), (noisy, _, _) in zip(a, b, strict=True):
            there, here = dict(zip(NAMES, seen, strict=True)), dict(zip(PARTIAL_NAMES, noisy, strict=True))
            assert here["map"] != there["map"] and here["weight"] == there["weight"] and np.isfinite(noisy).all()


def test_the_return_is_survival_and_costs_are_named():
    env = gym.make(ID, obs_mode="numeric")
    for seed in range(12):
        told = played(env, 11, seed)
        assert sum(r for _, r, _ in told) == told[-1][2]["terms"]["survived"] in {0.0, 1.0}
        assert [i["applies"]["survived"] for _, _, i in told] == [False] * (len(told) - 1) + [True]
        for _, _, info in told:
            assert tuple(info["costs"]) == COSTS and info["cost"] == pytest.approx(sum(info["costs"].values()))


def test_other_reward_designs_are_weights():
    env = gym.make(ID, obs_mode="numeric", weights={"survived": 0.0, "ogsrl": 1.0})
    for _, reward, info in played(env, 11):
        assert reward == -np.clip(info["terms"]["sofa"], 2.5, 12.5)
    rises = [i["terms"]["sofa_rise"] for _, _, i in played(gym.make(ID, obs_mode="numeric"), 0)]
    assert any(rises) and all(float(r).is_integer() for r in rises)


@pytest.mark.parametrize("env_id", [ID, BOX, PARTIAL_ID])
def test_text_and_numbers_play_one_episode(env_id):
    words, numbers = gym.make(env_id), gym.make(env_id, obs_mode="numeric")
    move = 16 if env_id != BOX else np.array([400, 0.05], np.float64)
    a, b = played(words, "<answer>fluid 400, pressor 0.05</answer>"), played(numbers, move)
    assert [(r, i["costs"]) for _, r, i in a] == [(r, i["costs"]) for _, r, i in b]


def test_an_hourly_episode_has_eighty_steps_at_most():
    env = gym.make(ID, obs_mode="numeric", interval=1)
    lengths = [len(played(env, 11, seed)) for seed in range(8)]
    assert max(lengths) == 80 and all(n % 4 == 0 for n in lengths)


def test_without_effect_every_policy_earns_alike():
    env = gym.make(ID, obs_mode="numeric", effect="null")
    for seed in range(6):
        assert len({(len(t := played(env, dose, seed)), t[-1][1]) for dose in (0, 11, 24)}) == 1


def test_the_reference_in_the_truth_survives_more_often_than_nothing_done():
    for env_id in (ID, BOX, PARTIAL_ID):
        env = gym.make(env_id, obs_mode="numeric", reveal=True)
        gold = Gold()
        gold.bind(env.observation_space, env.action_space)
        alive = 0
        for seed in range(40):
            (seen, info), over = env.reset(seed=seed), False
            while not over:
                seen, reward, over, _, info = env.step(gold.act(seen, info))
            alive += reward
        assert alive >= 26  # of 40, expected 33


def test_a_dose_out_of_bounds_stops_the_step():
    env = gym.make_vec(BOX, 3, obs_mode="numeric")
    env.reset(seed=0)
    with pytest.raises(BadValue, match="row 1"):
        env.step(np.array([[0, 0], [np.nan, 0], [0, 0]], np.float32))
    with pytest.raises(BadValue, match="shape"):
        gym_step(gym.make(BOX, obs_mode="numeric"), [0.0])


def gym_step(env, action):
    env.reset(seed=0)
    env.step(action)


def test_a_case_is_described_for_people():
    source = SepsisCases()
    case = source[77]
    seen, _ = gym.make(ID, obs_mode="numeric").reset(options={"case": 77, "split": case.meta["split"]})
    assert f"MAP {seen[NAMES.index('map')]:.0f}" in case.text and set(case.truth) >= {"plegia", "hit"}
    with pytest.raises(BadValue):
        source[-1]
    pool = SepsisCases(pool=10)
    assert len(set(pool.members("train").tolist())) == 10
