"""The logged data sets: what is logged is what the environment does, and was done with the probability that is said."""

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from medenvs.core.cases import split_of_hash
from medenvs.core.errors import BadValue, UnknownName
from medenvs.core.randomness import mix
from medenvs.systems.sepsis_logs import (
    BEHAVIOURS,
    NAMES,
    QUALITIES,
    SIZES,
    World,
    chosen,
    clinician,
    logged,
    mixed,
    qualities,
    record,
    title,
    treat,
)
from medenvs.systems.sepsis_references import normalised, references
from medenvs.worlds.sepsis.clinician import propensities, rules

ACCEPTANCE = Path(__file__).parents[2] / "benchmarks" / "results" / "sepsis_acceptance.json"


@pytest.mark.parametrize(
    "world", [{}, {"effect": "null"}, {"interval": 1}, {"box": True}, {"confounding": 1.0}, {"split": "test"}], ids=str
)
def test_every_row_is_what_the_environment_does(world):
    data = logged("low", 12, 3, **world)
    env = gym.make(data.about["env"], obs_mode="numeric", **data.about["arguments"])
    after = data.next_observations
    for i, case in enumerate(data.cases.tolist()):
        seen, _ = env.reset(seed=3, options={"case": case})
        for row in range(data.starts[i], data.starts[i + 1]):
            assert np.array_equal(seen, data.observations[row])
            seen, reward, terminated, truncated, info = env.step(data.actions[row])
            assert np.array_equal(seen, after[row]) and reward == data.rewards[row]
            assert (terminated, truncated) == (data.terminated[row], data.truncated[row])
            assert [info["costs"][name] for name in data.cost_names] == data.costs[row].tolist()


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_batch_changes_nothing(name):
    data = logged(name, 60, 1)
    policy = mixed(1) if name == "mixed" else None if name == "random" else clinician(BEHAVIOURS[name])
    assert data.same(logged(f"medenvs/sepsis/{name}-v0", 60, 1)) and not data.same(logged(name, 60, 2))
    if policy is not None:
        whole, parts = (treat(policy, 60, 1, World(), batch=batch) for batch in (60, 7))
        assert whole.same(parts) and np.array_equal(whole.actions, data.actions) and np.array_equal(whole.propensities, data.propensities)


def odds(data, who):
    """The probability of each logged dose, from the chart alone."""
    chart = dict(zip(data.columns, data.observations.T.astype(np.float64), strict=True))
    return propensities(chart, who)[np.arange(data.rows), data.actions]


def test_propensities_are_exact():
    assert (logged("random", 40).propensities == 1 / 25).all()
    for name in ("low", "medium", "high"):
        data = logged(name, 80)
        assert np.array_equal(data.propensities, odds(data, BEHAVIOURS[name]))
    data = logged("mixed", 200)
    who = qualities(data.cases, 0)
    assert set(who) == set(QUALITIES)
    for quality in QUALITIES:
        part = data.part(who == quality)
        assert np.array_equal(part.propensities, odds(part, quality))


def test_doses_fall_as_often_as_their_propensities_say():
    data = logged("low", 2_000, 5)
    chart = dict(zip(data.columns, data.observations.T.astype(np.float64), strict=True))
    said = propensities(chart, 0.25)
    often = np.bincount(data.actions, minlength=25)
    apart = (often - said.sum(0)) / np.maximum((said * (1 - said)).sum(0), 1e-9) ** 0.5
    assert np.abs(apart).max() < 4.5
    # importance weights of another clinician have mean 1 at each step, as they must if the propensities are those of the draws
    first = data.step == 0
    ratio = (odds(data, 0.0) / data.propensities)[first]
    assert abs(ratio.mean() - 1) < 4.5 * ratio.std() / len(ratio) ** 0.5


def test_hidden_confounding_is_in_the_propensities_and_nowhere_else():
    plain, hidden = logged("medium", 300), logged("medium", 300, confounding=1.0)
    assert hidden.columns == plain.columns and np.array_equal(hidden.cases, plain.cases)
    assert np.array_equal(odds(plain, 0.5), plain.propensities)
    assert np.abs(odds(hidden, 0.5) - hidden.propensities).max() > 0.05
    assert logged("random", 300, confounding=1.0).propensities.min() == 1 / 25


def test_patients_are_distinct_and_of_one_split():
    many = {split: chosen(3_000, 0, split) for split in ("train", "validation", "test")}
    assert all(len(np.unique(cases)) == 3_000 for cases in many.values())
    for split, cases in many.items():
        assert {split_of_hash(int(mix(case))) for case in cases.tolist()} == {split}
    assert np.array_equal(chosen(50, 0, "train"), many["train"][:50])  # a larger set begins with the smaller one


def test_a_patient_drawn_twice_is_taken_once(monkeypatch):
    class Few:
        def draw(self, stream, episode, split):
            return np.asarray(episode) // 3

    monkeypatch.setattr("medenvs.systems.sepsis_logs.SepsisCases", Few)
    assert chosen(40, 0, "train").tolist() == list(range(40))


def test_on_the_null_world_doses_do_not_matter():
    low, high = logged("random", 200, effect="null"), logged("high", 200, effect="null")
    assert np.array_equal(low.returns, high.returns)


def test_progress_is_told_to_the_end():
    heard = []
    treat(clinician(1), 30, 0, World(), progress=lambda *told: heard.append(told), batch=20)
    done = [d for _, d, _ in heard]
    assert done == sorted(done) and all(total == 600 for *_, total in heard) and max(done) <= 600
    assert len(heard) > 20


def test_what_does_not_exist_is_named():
    with pytest.raises(UnknownName, match="medium"):
        logged("mediun")
    with pytest.raises(UnknownName, match="'small'"):
        logged("medium", "smal")
    with pytest.raises(UnknownName, match="'effect'"):
        logged("medium", 5, efect="null")
    with pytest.raises(UnknownName, match="'train'"):
        logged("medium", 5, split="trian")
    for wrong in ({"size": 0}, {"size": 10**8}, {"seed": -1}, {"confounding": 2.0}, {"confounding": float("nan")}, {"interval": 3}):
        with pytest.raises((BadValue, UnknownName), match=r"allowed|Allowed"):
            logged("medium", **({"size": 5} | wrong))
    for policy in (
        lambda chart, ill, cases: np.ones((len(cases), 25)),
        lambda chart, ill, cases: np.ones(25),
        lambda chart, ill, cases: np.full((len(cases), 25), np.nan),
    ):
        with pytest.raises(BadValue, match="rows that sum to 1"):
            record(policy, 5)


def test_a_policy_without_chance_is_followed_to_the_letter():
    data = record(lambda chart, ill, cases: np.eye(25)[rules(chart)], 50, 2, "test")
    chart = dict(zip(data.columns, data.observations.T.astype(np.float64), strict=True))
    assert np.array_equal(data.actions, rules(chart)) and (data.propensities == 1).all()
    assert data.about["behaviour"]["name"] == "custom" and data.about["split"] == "test"


def test_titles_tell_sets_apart():
    assert title("medium", "small", 0, World()) == title("medenvs/sepsis/medium-v0", "small", 0, World()) == "medium-small"
    far = World("test", "null", 1, 0.25, True)
    assert title("low", 70, 3, far) == "low-70-null-hourly-box-confounded25-test-seed3"
    assert set(SIZES) == {"small", "medium", "large"} and len(NAMES) == 5


def test_the_scale_goes_from_random_doses_to_the_rule():
    table = references()
    assert normalised(table["random"]["return"]) == 0 and normalised(table["rule"]["return"]) == 100
    assert normalised(np.array([table["random"]["return"]]))[0] == 0
    assert references("null", 1)["none"]["return"] == references("null", 4)["rule"]["return"]  # nothing matters there
    with pytest.raises(UnknownName):
        normalised(0.5, "null")
    with pytest.raises(UnknownName, match="real, 4 h"):
        references("real", 2)
    ladder = [table[f"q={q}"]["return"] for q in ("0", "0.25", "0.5", "0.75", "1")]
    assert (
        ladder == sorted(ladder)
        and table["random"]["return"] < table["none"]["return"] < ladder[0]
        and ladder[-1] <= table["rule"]["return"]
    )


@pytest.mark.skipif(not ACCEPTANCE.is_file(), reason="results are not part of every distribution")
def test_references_agree_with_the_acceptance_which_ran_other_code_on_other_patients():
    seen = json.loads(ACCEPTANCE.read_text(encoding="utf-8"))["policies"]
    for name, row in references().items():
        apart = 1 - row["return"] - seen[name]["mortality"]
        assert abs(apart) < 4 * (seen[name]["se"] ** 2 + row["return"] * (1 - row["return"]) / row["n"]) ** 0.5


def test_references_are_those_that_a_small_run_finds():
    data = logged("medium", 1_500, 9, split="test")
    row = references()["q=0.5"]
    assert abs(data.returns.mean() - row["return"]) < 4.5 * (0.17 / 1_500) ** 0.5
    harm = data.episode_costs.sum(1)
    assert abs(harm.mean() - row["cost"]) < 4.5 * harm.std() / 1_500**0.5
