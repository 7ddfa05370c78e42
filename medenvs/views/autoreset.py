"""The three autoreset modes; gymnasium 1.0 had no name for them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gymnasium.vector import AutoresetMode
else:
    try:
        from gymnasium.vector import AutoresetMode
    except ImportError:

        class AutoresetMode(enum.Enum):
            """When a vector environment starts the next episode of a row that has ended."""

            NEXT_STEP = "NextStep"
            SAME_STEP = "SameStep"
            DISABLED = "Disabled"


__all__ = ["AutoresetMode"]
