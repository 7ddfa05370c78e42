"""How the odds of the question matcher are fitted, tried on facts with a known truth."""

from pathlib import Path

import numpy as np
import pytest

from medenvs.core.loading import load

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "hearing_odds.py"


@pytest.fixture(scope="module")
def script():
    return {name: load(f"{SCRIPT}:{name}") for name in ("Facts", "logistic", "zones", "fold", "WRONG", "ACCEPTED", "BACK", "FOLDS")}


def test_weights_are_those_that_the_facts_were_drawn_with(script):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 2))
    y = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 - 1.5 * x[:, 0] + 0.8 * x[:, 1])))
    assert script["logistic"](x, y) == pytest.approx([0.5, -1.5, 0.8], abs=0.08)


def test_zones_keep_wrong_answers_and_strangers_out(script):
    rng = np.random.default_rng(1)
    n = 4_000
    odds = rng.normal(1, 2, n)
    right = rng.random(n) < 1 / (1 + np.exp(-odds))
    rows = [{"kind": "out_of_scope" if i % 4 == 0 else "in_scope", "round": 1 + (i % 9 == 0)} for i in range(n)]
    right &= np.array([row["kind"] == "in_scope" for row in rows])
    none = np.zeros(0, int)
    facts = script["Facts"](
        np.column_stack([odds, -odds]), right, np.full((n, 1), -9.0), np.zeros(n, bool), np.zeros((0, 1)), none > 0, none, none
    )
    weights = {"sure": [0.0, 1.0, 0.0], "follow": [0.0, 1.0], "part": [0.0, 1.0]}
    z = script["zones"](rows, facts, np.zeros(n, int), weights)
    answerable, first = np.arange(n) % 4 > 0, np.arange(n) % 9 > 0

    def held(least):
        wrong, strange = ((odds > least) & ~right)[answerable & first].mean(), (odds > least)[~answerable & first].mean()
        return wrong <= script["WRONG"] and strange <= script["ACCEPTED"]

    assert held(z["sure"]) and not held(z["sure"] - 0.05)
    assert (-odds[~answerable] <= z["perhaps"]).mean() == pytest.approx(script["BACK"], abs=0.01)


def test_thirds_are_by_the_words_alone(script):
    of = [script["fold"]({"text": f"Question {i}?"}) for i in range(300)]
    assert set(of) == set(range(script["FOLDS"]))
    assert of == [script["fold"]({"text": f" question  {i} !", "kind": "x"}) for i in range(300)]
