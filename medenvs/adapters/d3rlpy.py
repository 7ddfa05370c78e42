"""Logged episodes for d3rlpy, which has no costs, propensities or action masks: those stay with the `Logged` they come from.

d3rlpy 2.8 pins gymnasium 1.0.0, on which medenvs works too; give it an environment of its own (extra `offline`).
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.cases.logged_file import whole
from medenvs.core.errors import BadData, missing

DOSES = 25


def dataset(data: Logged) -> Any:
    """Return a d3rlpy MDPDataset: one episode a patient, rewards as (T, 1), discrete doses or two continuous ones in physical units.

    Raises MissingExtra without d3rlpy, BadData for a discrete dose above 24.
    """
    library = ready()
    if not data.box and data.actions.max() >= DOSES:
        raise BadData(f"{data.name}: dose {data.actions.max()} is not one of {DOSES}. Number the doses from 0 to {DOSES - 1}.")
    spaces = library.constants.ActionSpace
    return library.dataset.MDPDataset(
        observations=data.observations,
        actions=data.actions if data.box else data.actions[:, None],
        rewards=data.rewards.astype(np.float32)[:, None],
        terminals=data.terminated.astype(np.float32),
        timeouts=data.truncated.astype(np.float32),
        action_space=spaces.CONTINUOUS if data.box else spaces.DISCRETE,
        action_size=2 if data.box else DOSES,
    )


def save(data: Logged, path: Path, *, force: bool = False) -> Path:
    """Write what `d3rlpy.dataset.ReplayBuffer.load` reads; return the path. Raises BadValue if the file exists."""
    made = dataset(data)
    private = bool(data.about.get("credentialed"))
    with whole(path, force=force, private=private) as half:
        half.touch(0o600 if private else 0o644)
        with half.open("r+b") as file:
            made.dump(file)
    return path


def ready() -> Any:
    """Return d3rlpy; raises MissingExtra."""
    try:
        return importlib.import_module("d3rlpy")
    except ImportError:
        raise missing("d3rlpy (it needs gymnasium 1.0.0: use an environment of its own)", "offline") from None
