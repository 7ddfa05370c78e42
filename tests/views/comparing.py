"""How results of two environments are compared, and which autoreset modes the installed Gymnasium knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import SyncVectorEnv

from medenvs.core.system import System
from medenvs.views.autoreset import AutoresetMode
from tests.residents.playing import scripted

OLD = not hasattr(gym.vector, "AutoresetMode")  # gymnasium 1.0: one mode, no partial resets


def modes() -> list[AutoresetMode]:
    """Return the modes that Gymnasium's own vectors can play."""
    return [AutoresetMode.NEXT_STEP] if OLD else list(AutoresetMode)


def sync(makes: Sequence[Callable[[], Any]], autoreset: AutoresetMode) -> SyncVectorEnv:
    """Return Gymnasium's vector over single environments."""
    return SyncVectorEnv(makes) if OLD else SyncVectorEnv(makes, autoreset_mode=autoreset)


def moves(system: System, face: str, step: int, streams: Iterable[int]) -> Any:
    """Return the scripted agent's actions in the rows that play the given streams."""
    acts = [scripted(system, face != "numeric", int(s), step) for s in streams]
    return acts if face != "numeric" else np.array(acts)


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Return where two nested results differ, types of arrays included."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict) or set(ours) != set(theirs):
            return [f"{where}: {sorted(ours) if isinstance(ours, dict) else ours} is not {sorted(theirs)}"]
        return [d for k in theirs for d in differences(ours[k], theirs[k], f"{where}.{k}")]
    if isinstance(theirs, np.ndarray) and theirs.dtype != object:
        right = isinstance(ours, np.ndarray) and ours.dtype == theirs.dtype and ours.shape == theirs.shape
        return (
            [] if right and np.array_equal(ours, theirs, equal_nan=theirs.dtype.kind == "f") else [f"{where}: {ours!r} is not {theirs!r}"]
        )
    if isinstance(theirs, (list, tuple, np.ndarray)):
        if type(ours) is not type(theirs) or len(ours) != len(theirs):
            return [f"{where}: {type(ours)} is not {type(theirs)}"]
        return [d for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) for d in differences(a, b, f"{where}[{i}]")]
    return [] if type(ours) is type(theirs) and ours == theirs else [f"{where}: {ours!r} is not {theirs!r}"]
