"""Checkpoints: written whole or not at all, read without running anything that is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medenvs.core.errors import BadData


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors and plain values; a run that is killed while it writes keeps the checkpoint before."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".part")
    torch.save(dict(state), fresh)
    fresh.replace(path)


def load(path: Path, device: str = "cpu") -> dict[str, Any]:
    """Return what `save` wrote; raises BadData where the file is missing, broken, or holds more than tensors and plain values."""
    import torch

    try:
        found: Any = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise BadData(f"{path.name} does not exist. Remedy: train first, or give the folder of a run.") from None
    except Exception as error:  # noqa: BLE001  whatever a hostile file makes of the reader
        raise BadData(f"{path.name} is no checkpoint of medenvs ({type(error).__name__}). Remedy: train anew.") from None
    if not isinstance(found, dict):
        raise BadData(f"{path.name} is no checkpoint of medenvs: it holds a {type(found).__name__}. Remedy: train anew.")
    return {str(name): value for name, value in found.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
