"""d3rlpy's learners behind the same `fit`: BC, CQL and BCQ for discrete doses; BC, CQL, BCQ, IQL and TD3+BC for two numbers.

d3rlpy knows neither masks nor costs, seeds the generators of the whole process, and does not go on where a run was stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, BadValue, unknown
from medenvs.envs.treatment.doses import HIGH, LOW
from medenvs.learning.array_policy import SEEN
from medenvs.learning.offline.sampler import learnable
from medenvs.learning.training import LAST, Tell

from .d3rlpy import DOSES, dataset, ready

DISCRETE = {"bc": "DiscreteBCConfig", "cql": "DiscreteCQLConfig", "bcq": "DiscreteBCQConfig"}
BOX = {"bc": "BCConfig", "cql": "CQLConfig", "bcq": "BCQConfig", "iql": "IQLConfig", "td3+bc": "TD3PlusBCConfig"}


@dataclass(frozen=True)
class Borrowed:
    """What of d3rlpy learns: `updates` of `batch` decisions, `stretch` of them a round; everything else as d3rlpy has it."""

    algorithm: str
    updates: int = 10_000
    stretch: int = 1_000
    batch: int = 256
    discount: float = 0.99
    seed: int = 0

    def __post_init__(self) -> None:
        if self.algorithm not in BOX:
            raise unknown("algorithm", self.algorithm, BOX)
        if min(self.updates, self.stretch, self.batch) < 1 or self.updates % self.stretch:
            raise BadValue(f"updates is {self.updates}, stretch {self.stretch}; allowed: 1 or more, updates a multiple of stretch.")


class BorrowedPolicy:
    """An agent of the array track that does what d3rlpy's learner predicts."""

    tracks = ("array",)

    def __init__(self, learner: Any, columns: Sequence[str], box: bool) -> None:
        self.learner, self.columns, self.box = learner, tuple(columns), box

    def doses(self, observations: Any) -> np.ndarray:
        """Return one dose a row: (rows,) numbers, or (rows, 2) amounts; raises BadValue for other columns."""
        seen = np.asarray(observations, np.float32)
        if seen.ndim != 2 or seen.shape[1] != len(self.columns) or not np.isfinite(seen).all():
            raise BadValue(
                f"observations have shape {seen.shape}; allowed: (rows, {len(self.columns)}) numbers: {', '.join(self.columns)}."
            )
        found = self.learner.predict(seen)
        return np.clip(found, LOW, HIGH).astype(np.float32) if self.box else found.astype(np.int64)

    def probabilities(self, observations: Any) -> np.ndarray:
        """Return 1 for the dose that is given and 0 for all others, (rows, 25); raises BadValue where doses are two numbers."""
        if self.box:
            raise BadValue("doses are two numbers, which this policy gives without a probability. Judge it in the simulator.")
        return np.eye(DOSES)[self.doses(observations)]

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return one dose."""
        return self.act_batch([observation], [info])[0]

    def act_batch(self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Return one dose for each observation."""
        found = self.doses(np.stack([o[SEEN] if isinstance(o, Mapping) else o for o in observations]))
        return list(found) if self.box else found.tolist()


def fit(logged: Logged, plan: Borrowed, folder: Path | None = None, tell: Tell | None = None) -> BorrowedPolicy:
    """Return the policy that d3rlpy learns from a logged set of train patients; with a folder, weights are kept after each round.

    Raises MissingExtra without d3rlpy, UnknownName for a learner that there is not for these doses, BadData for a set that cannot be
    learned from, BadValue where learning diverges (the weights of the round before are kept).
    """
    library = ready()
    learner = _made(library, logged, plan)
    library.seed(plan.seed)
    quiet = {"show_progress": False, "logger_adapter": library.logging.NoopAdapterFactory()}
    rounds = learner.fitter(dataset(logged), n_steps=plan.updates, n_steps_per_epoch=plan.stretch, **quiet)
    for number, told in rounds:
        report = {name: float(value) for name, value in told.items() if not name.startswith("time")}
        if not np.isfinite(list(report.values())).all():
            raise BadValue(f"learning diverged in round {number}: {report}. Remedy: fewer updates; the weights before are kept.")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / f"{LAST}.part"
            learner.save_model(str(fresh))
            fresh.replace(folder / LAST)
        if tell is not None:
            tell(number, report)
    return BorrowedPolicy(learner, logged.columns, logged.box)


def learned(path: Path, logged: Logged, plan: Borrowed) -> BorrowedPolicy:
    """Return the policy whose weights `fit` kept, given a set of the same columns and the same plan; raises BadData."""
    learner = _made(ready(), logged, plan)
    try:
        learner.build_with_dataset(dataset(logged))
        learner.load_model(str(path))  # state dictionaries, read as weights only from torch 2.6 on
    except Exception as error:  # noqa: BLE001  whatever a hostile file makes of the reader
        raise BadData(f"{path.name} holds no weights of this learner ({type(error).__name__}). Remedy: learn anew.") from None
    return BorrowedPolicy(learner, logged.columns, logged.box)


def _made(library: Any, logged: Logged, plan: Borrowed) -> Any:
    """Return d3rlpy's learner for a set, scaled by its observations and the bounds of the doses."""
    kinds = BOX if logged.box else DISCRETE
    if plan.algorithm not in kinds:
        raise unknown(f"learner of {'two numbers' if logged.box else 'discrete doses'}", plan.algorithm, kinds)
    if not logged.box:
        learnable(logged, DOSES)
    elif logged.patients < 2 or (logged.actions == logged.actions[0]).all():
        raise BadData(f"{logged.name} holds one patient or one dose. Learning needs at least two of each.")
    scaling = library.preprocessing
    more = {"action_scaler": scaling.MinMaxActionScaler(minimum=LOW, maximum=HIGH)} if logged.box else {}
    seen = scaling.StandardObservationScaler(mean=logged.observations.mean(0), std=logged.observations.std(0))
    config = getattr(library.algos, kinds[plan.algorithm])
    return config(batch_size=plan.batch, gamma=plan.discount, observation_scaler=seen, **more).create(device="cpu:0")
