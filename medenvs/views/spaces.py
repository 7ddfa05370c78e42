"""Gymnasium spaces for the core's fields, and the text space that medicine needs."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import CustomSpaceError
from gymnasium.vector.utils import create_shared_memory

from medenvs.core.fields import Choice, Numbers
from medenvs.core.system import System

_ALPHABET = frozenset(string.ascii_letters + string.digits + " .,:;!?()<>/%-+")


class UnicodeText(spaces.Text):
    """Any string of at most `max_length` code points, in any script; `sampler` makes valid samples from a 32-bit word.

    Membership tests the length, not the alphabet: a full-Unicode charset would cost 15 s and 193 MB.
    """

    def __init__(self, max_length: int, sampler: Callable[[int], str] | None = None, seed: int | None = None) -> None:
        super().__init__(max_length, min_length=0, charset=_ALPHABET, seed=seed)
        self.sampler = sampler

    @property
    def is_np_flattenable(self) -> bool:
        """Texts have no fixed alphabet, so they do not flatten. Use obs_mode="numeric" for FlattenObservation."""
        return False

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Return a valid text (one that the environment understands, where it has said how); a mask of moves means nothing to it."""
        if self.sampler is not None:
            return self.sampler(int(self.np_random.integers(1 << 32)))
        length = int(self.np_random.integers(0, min(self.max_length, 32) + 1))
        letters = sorted(_ALPHABET)
        return "".join(letters[i] for i in self.np_random.integers(0, len(letters), length))

    def contains(self, x: Any) -> bool:
        """Return whether x is a string that is short enough."""
        return isinstance(x, str) and len(x) <= self.max_length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnicodeText) and self.max_length == other.max_length

    def __hash__(self) -> int:
        return hash(("UnicodeText", self.max_length))

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"


@create_shared_memory.register(UnicodeText)
def _no_shared_memory(space: UnicodeText, n: int = 1, ctx: Any = None) -> Any:
    """Fail loudly: shared memory would hand out blank strings for texts."""
    raise CustomSpaceError("medenvs texts cannot travel through shared memory. Remedy: AsyncVectorEnv(..., shared_memory=False).")


def space_of(field: Choice | Numbers) -> spaces.Space[Any]:
    """Return the space of one field."""
    if isinstance(field, Choice):
        return spaces.Discrete(len(field.labels))
    return spaces.Box(field.low, field.high, field.shape, np.dtype(field.dtype).type)


def spaces_of(system: System, role: str, words: bool, longest: int, transcript: int) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """Return (observation space, action space) of a role: texts, or its numbers (a lone "observation" stands by itself)."""
    if words:
        sampler = getattr(system.language, "sample", None)
        return UnicodeText(transcript), UnicodeText(longest, _Sampler(sampler, role) if sampler else None)
    face = next(r for r in system.kernel.spec.roles if r.name == role)
    seen = {name: space_of(field) for name, field in face.observation.items()}
    return seen["observation"] if list(seen) == ["observation"] else spaces.Dict(seen), space_of(face.action)


class _Sampler:
    """A language's samples for one role (a class, so that spaces pickle)."""

    def __init__(self, sample: Callable[[str, int], str], role: str) -> None:
        self._sample, self._role = sample, role

    def __call__(self, word: int) -> str:
        return self._sample(self._role, word)
