"""The curve of doctors by questions: what is counted, and what is said to hold."""

from pathlib import Path

import gymnasium as gym
import pytest

import medenvs  # noqa: F401
from medenvs.core.loading import load
from medenvs.policies.consultation.doctors import RandomQuestions
from medenvs.policies.consultation.greedy import Greedy

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield {
            name: load(f"{ROOT / 'benchmarks' / 'consultation_curve.py'}:{name}")
            for name in ("cases", "right", "targets", "DOCTORS", "ASKED")
        }


@pytest.mark.parametrize("doctor", [Greedy(questions=3), RandomQuestions(3)], ids=["reference", "random"])
def test_a_batch_comes_to_what_single_consultations_come_to(script, doctor):
    drawn = script["cases"](6)
    good, made = script["right"](doctor, drawn, 3)
    assert made.tolist() == [3] * 6
    env = gym.make("medenvs/Consultation-v0", obs_mode="numeric", split="test", budget=4)
    doctor.reset(0)
    for case, wanted in zip(drawn.tolist(), good.tolist(), strict=True):
        seen, info = env.reset(options={"case": case})
        over = False
        while not over:
            seen, _, terminated, truncated, info = env.step(doctor.act(seen, info))
            over = terminated or truncated
        assert info["terms"]["correct"] == wanted


def test_thirty_questions_and_none_are_asked(script):
    for questions in (script["ASKED"][0], script["ASKED"][-1]):
        assert script["right"](RandomQuestions(questions), script["cases"](3), questions)[1].tolist() == [questions] * 3


def test_targets_say_what_does_not_hold(script):
    def points(reference, random):
        by = {name: {k: {"mean": reference} for k in ("8", "30")} for name in script["DOCTORS"] if name.startswith("reference")}
        return {"drawn": by | {"random questions": {k: {"mean": random} for k in ("8", "30")}}}

    def holds(*means, behind=0.01):
        return [x["holds"] for x in script["targets"](points(*means), {"optimum less reference": {"mean": behind}})]

    assert all(holds(0.9, 0.6)) and not any(holds(0.95, 0.9)[1:3]) and not holds(0.8, 0.6)[0]
    assert holds(0.9, 0.6, behind=0.04)[-1] is False
