"""The suite "sepsis": what policies are worth by simulation, and beside it what logged data say, in the real and in the null world.

A run is made of pieces, each on disk as soon as it is finished: a stopped run goes on from there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from medenvs.core.errors import BadValue
from medenvs.core.transcript import parse_json
from medenvs.evaluation.ope.evaluation import Settings
from medenvs.evaluation.provenance import digest, hardware, own_code, versions

from .estimates import ESTIMATORS, estimates, ward
from .policies import NOTHING, RANDOM, RULE, Policy, policies
from .scoring import calibration, claims, rankings, scores
from .truth import played, truth

EFFECTS = ("real", "null")
NOTE = (
    "Simulated, not for clinical use. Effects are made visible on purpose: nothing here says that a dose helps a patient. "
    "Estimates of softened policies are not those of the policies before softening."
)
_REFITTED = (RULE, "best constant", "clinician q=1")  # a refit takes about 0.6 CPU-seconds at 2,000 patients
_CLOSELY = (RULE, f"10% {RULE}", NOTHING, RANDOM)  # by group and by dose gap
_TRUTH_SEED = 1 << 30

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """patients: in each of `logs` logged data sets of clinicians of this quality; truths: test patients for each policy's true value;
    resamples: of the bootstrap; refits: of FQE's critic, for some policies in the first real log; seed: of everything."""

    patients: int = 2_000
    logs: int = 6
    truths: int = 10_000
    resamples: int = 400
    refits: int = 20
    quality: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.patients <= 1_000_000 or not 1 <= self.logs <= 10_000 or not self.truths >= 2 or not 0 <= self.seed < 1 << 20:
            raise BadValue(
                f"patients is {self.patients}, logs {self.logs}, truths {self.truths}, seed {self.seed}; allowed: 2 to 1,000,000 patients, "
                "1 to 10,000 logs, 2 truths or more, a seed from 0 to 2**20 - 1."
            )

    @property
    def settings(self) -> Settings:
        """Return how estimates are made."""
        return Settings(ESTIMATORS, self.resamples, seed=self.seed)


def planned(agents: Sequence[str], seeds: Sequence[int], patients: int | None, logs: int | None) -> Plan:
    """Return the plan of a command; few patients have as few truths. Raises BadValue for agents or more than one seed."""
    if agents or len(seeds) != 1:
        raise BadValue("the suite sepsis judges its own policies from logged data: it takes no --agent and one --seed; see --logs.")
    plan = Plan(seed=seeds[0])
    if patients is not None:
        plan = replace(plan, patients=patients, truths=max(2, min(plan.truths, 5 * patients)))
    return plan if logs is None else replace(plan, logs=logs)


def run(plan: Plan, out: Path, tick: Tick = lambda label, done, total: None) -> dict[str, Any]:
    """Do what has not been done yet and return the result document; `tick` counts policies."""
    table = policies(plan.quality)
    total, done, found = len(EFFECTS) * (1 + plan.logs) * len(table), 0, dict[str, Any]()
    for name, work in _pieces(plan, table):
        path = out / "pieces" / f"{digest([name, asdict(plan), own_code()])}.json"
        kept = _kept(path)
        if kept is None:
            kept = dict[str, Any]()
            for policy in table.values():
                tick(f"{name}: {policy.name}", done + len(kept), total)
                kept[policy.name] = work(policy)
            kept = plain(kept)
            _keep(path, kept)
        found[name] = kept
        tick(name, done := done + len(table), total)
    return document(plan, table, found)


def _pieces(plan: Plan, table: Mapping[str, Policy]) -> Iterator[tuple[str, Callable[[Policy], Any]]]:
    """Yield (name, what is done with each policy)."""
    clinician = table[f"clinician q={plan.quality:g}"]
    for effect in EFFECTS:
        yield f"truth, {effect}", lambda p, effect=effect: truth(played(p, plan.truths, _TRUTH_SEED + plan.seed, effect))
        for number in range(plan.logs):
            seed, first = (plan.seed << 14) + number, number == 0 and effect == "real"
            made: list[Any] = []

            def judged(p: Policy, effect: str = effect, seed: int = seed, first: bool = first, made: list[Any] = made) -> Any:
                if not made:
                    made.append(ward(played(clinician, plan.patients, seed, effect, "train")))
                refits = plan.refits if first and p.name in _REFITTED else 0
                return estimates(made[0], p, plan.settings, refits, first and p.name in _CLOSELY)

            yield f"log {number}, {effect}", judged


def document(plan: Plan, table: Mapping[str, Policy], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result document."""
    clinician = f"clinician q={plan.quality:g}"
    worlds = dict[str, Any]()
    for effect in EFFECTS:
        known, logs = found[f"truth, {effect}"], [found[f"log {i}, {effect}"] for i in range(plan.logs)]
        worlds[effect] = {
            "policies": [{**_about(p), "truth": known[name], "logs": [log[name] for log in logs]} for name, p in table.items()],
            "scores": scores(known, logs),
            "rankings": rankings(known, logs),
            "claims": claims(known, logs, clinician),
            "calibration": calibration(logs, clinician) if effect == "null" else None,
        }
    return plain(
        {
            "schema": 1,
            "suite": "sepsis",
            "note": NOTE,
            "plan": asdict(plan),
            "logged_by": clinician,
            "versions": versions(),
            "code": own_code(),
            "hardware": hardware(),
            "worlds": worlds,
        }
    )


def _about(p: Policy) -> dict[str, Any]:
    return {"policy": p.name, "kind": p.kind, "softened": p.softened}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: what is not a finite number is None."""
    if isinstance(value, Mapping):
        return {str(name): plain(x) for name, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _kept(path: Path) -> dict[str, Any] | None:
    """Return a finished piece; None where there is none, or none that can be read (it is made again)."""
    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _keep(path: Path, piece: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(json.dumps(piece, ensure_ascii=True, allow_nan=False), encoding="utf-8")
    half.replace(path)
