"""How often doctors are right after 0, 4, 8, 16, 30 questions on the full world; how near the reference is to the optimum on the tiny one.

medenvs/Consultation-v0 is played on test cases; a doctor with k questions has k + 1 messages. An order counts as one question; with "no
orders" the doctor asks and examines only. Beside them the share that would be right with every finding asked, examined and measured, at
no price.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from _measuring import RESULTS, options

import medenvs  # noqa: F401
from medenvs.cases.consultation import ConsultationCases, key_of
from medenvs.core.randomness import key
from medenvs.evaluation.consultation import consult, optima
from medenvs.evaluation.provenance import hardware, own_code, versions
from medenvs.evaluation.scores import difference, estimate
from medenvs.evaluation.suites import Task
from medenvs.policies.consultation.ceiling import ceiling
from medenvs.policies.consultation.doctors import Doctor, RandomQuestions
from medenvs.policies.consultation.greedy import Greedy
from medenvs.policies.consultation.optimal import Optimal
from medenvs.worlds.consultation.actions import actions

ID = "medenvs/Consultation-v0"
ASKED = (0, 4, 8, 16, 30)
CASES = 2_000
PERSONAS: Mapping[str, str | None] = {"drawn": None, "truthful": "truthful"}
DOCTORS: Mapping[str, Callable[[int], Doctor]] = {
    "reference": lambda k: Greedy(questions=k),
    "reference, no orders": lambda k: Greedy(questions=k, orders=False),
    "random questions": RandomQuestions,
}
_STREAM = key(0x43555256, 0)


def cases(n: int) -> np.ndarray:
    """Return n test cases, the same whoever treats them."""
    return ConsultationCases().draw(_STREAM, np.arange(n), "test")


def right(doctor: Doctor, drawn: np.ndarray, questions: int, persona: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return for each case whether the doctor's diagnosis was right, and how many inquiries it made before."""
    n, a = len(drawn), actions("full")
    env = gym.make_vec(ID, n, obs_mode="numeric", split="test", budget=max(2, questions + 1), persona=persona)
    seen, _ = env.reset(options={"case": drawn})
    doctor.reset(0)
    good, made, over = np.zeros(n), np.zeros(n, int), np.zeros(n, bool)
    while not over.all():
        rows = np.flatnonzero(~over)
        moves = np.full(n, a.diagnose)  # what is played where it is over does not count
        moves[rows] = doctor.act_batch([{name: part[i] for name, part in seen.items()} for i in rows], [{}] * len(rows))
        seen, _, ended, _, info = env.step(moves)
        made[rows] += moves[rows] < a.propose
        good[rows] = info["terms"]["correct"][rows]
        over |= ended
    return good, made


def curve(n: int) -> dict[str, Any]:
    """Return accuracy with intervals by persona, doctor and number of questions, and the ceiling: everything asked and measured."""
    found: dict[str, Any] = {}
    for name, persona in PERSONAS.items():
        drawn = cases(n)
        who = ConsultationCases(persona=persona).patients(drawn)
        found[name] = {"ceiling": estimate(ceiling("full", key_of(drawn), who))._asdict()}
        for kind, make in DOCTORS.items():
            points = found[name][kind] = {}
            for k in ASKED:
                good, made = right(make(k), drawn, k, persona)
                points[str(k)] = estimate(good)._asdict() | {"asked": float(made.mean())}
                print(f"{name}, {kind}, {k} questions: {good.mean():.3f} ({made.mean():.1f} asked)", flush=True)
    return found


def tiny(n: int) -> dict[str, Any]:
    """Return what the reference and the exact optimum earn on the tiny world in the same cases, and what the optimum expects."""
    task = Task(ID, "numeric", {"size": "tiny"})
    envs = [task.make(reveal=True) for _ in range(32)]
    rows = {name: consult(envs, doctor, range(n)) for name, doctor in (("reference", Greedy()), ("optimum", Optimal()))}
    earned = {name: [r["return"] for r in played] for name, played in rows.items()}
    expected = optima(task.make(), rows["optimum"])
    return {name: estimate(values)._asdict() for name, values in earned.items()} | {
        "optimum, expected": estimate(expected)._asdict(),
        "optimum less reference": difference(earned["optimum"], earned["reference"])._asdict(),
        "expected less reference": difference(expected, earned["reference"])._asdict(),
    }


def targets(points: Mapping[str, Any], small: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what was to be reached, and whether it is."""
    checks: list[tuple[str, str, float, bool]] = []
    for persona, by in points.items():
        by = {kind: {k: by[kind][k]["mean"] for k in ("8", "30")} for kind in DOCTORS}
        for kind in [kind for kind in DOCTORS if kind.startswith("reference")]:
            last, early = by[kind]["30"], by[kind]["8"]
            gap = early - by["random questions"]["8"]
            checks += [
                (f"{kind} at 30 questions, patients {persona}", ">= 0.85", last, last >= 0.85),
                (f"{kind} at 8 questions, patients {persona}", "< 0.92", early, early < 0.92),
                (f"{kind} less random questions at 8, patients {persona}", ">= 0.15", gap, gap >= 0.15),
            ]
    behind = small["optimum less reference"]["mean"]
    checks.append(("return of the optimum less the reference's, tiny", "<= 0.03", behind, behind <= 0.03))
    return [{"what": what, "wanted": wanted, "measured": value, "holds": bool(holds)} for what, wanted, value, holds in checks]


def plot(points: Mapping[str, Any], path: Path) -> bool:
    """Draw the curves where matplotlib is installed (extra `render`); return whether they were drawn."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, places = plt.subplots(1, len(points), figsize=(10, 4), sharey=True)
    for place, (persona, by) in zip(places, points.items(), strict=True):
        for kind in DOCTORS:
            means, low, high = ([by[kind][str(k)][part] for k in ASKED] for part in ("mean", "low", "high"))
            place.plot(ASKED, means, marker="o", label=kind)
            place.fill_between(ASKED, low, high, alpha=0.2)
        place.axhline(by["ceiling"]["mean"], color="grey", linestyle="--", label="all findings known")
        place.set_title(f"patients: {persona}")
        place.set_xlabel("questions")
    places[0].set_ylabel("right diagnosis")
    places[-1].legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return True


def main() -> None:
    """Measure, print the targets, then the result as one JSON line."""
    args = options(__doc__)
    n = 40 if args.quick else CASES
    points, small = curve(n), tiny(n)
    found: dict[str, Any] = {
        "name": "consultation_curve",
        "cases": n,
        "split": "test",
        "questions": list(ASKED),
        "curve": points,
        "tiny": small,
    }
    found |= {
        "targets": targets(points, small),
        "code": own_code(),
        "versions": versions(),
        "hardware": hardware(),
        "date": time.strftime("%Y-%m-%d"),
    }
    for line in found["targets"]:
        print(f"{'holds' if line['holds'] else 'FAILS'}  {line['what']}: {line['measured']:.3f}, wanted {line['wanted']}")
    if args.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "consultation_curve.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        if not plot(points, RESULTS / "consultation_curve.png"):
            print("no picture: matplotlib is not installed (pip install 'medenvs[render]')")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
