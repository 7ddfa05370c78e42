"""Counter-based randomness: one source text for int, ndarray and Tensor, equal bit for bit.

Words are 32-bit values held in (at least) 64-bit integers; in every product one factor stays below 2**31, so none overflows
an int64. A `Key` is 64 bits as a pair of words. Facts are keyed by a slot of their own: drawing one never disturbs another.
Words in uint32 arrays wrap by themselves and give the same draws in half the time, if slots are Python numbers.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np

Key = tuple[Any, Any]

MASK = 0xFFFFFFFF
_STEP = 0x2545F491
_FIRST, _SECOND = 0x21F0AAAD, 0x735A2D97
_UNFIRST, _UNSECOND = pow(_FIRST, -1, 1 << 32), pow(_SECOND, -1, 1 << 32)


def mix(x: Any) -> Any:
    """Return a well-mixed 32-bit word of the 32-bit word `x`: a bijection, two multiply-xorshift rounds."""
    x = ((x ^ (x >> 16)) * _FIRST) & MASK
    x = ((x ^ (x >> 15)) * _SECOND) & MASK
    return x ^ (x >> 15)


def unmix(x: Any) -> Any:
    """Return the word whose `mix` is `x` (int or int64 array: the product wraps, its low half is what counts)."""
    x = ((x ^ (x >> 15) ^ (x >> 30)) * _UNSECOND) & MASK
    x = ((x ^ (x >> 15) ^ (x >> 30)) * _UNFIRST) & MASK
    return x ^ (x >> 16)


def key(*parts: Any) -> Key:
    """Return the key of the given whole numbers (each up to 63 bits; ints or arrays)."""
    a, b = 0x243F6A88, 0x05A308D3
    for part in parts:
        a = mix(a ^ (part & MASK))
        b = mix(((b ^ ((part >> 32) & MASK)) + a) & MASK)
    return a, b


def at(episode: Key, step: Any) -> Key:
    """Return the key of one step of an episode; distinct steps have distinct keys.

    One Feistel round: it stays invertible, and both words move, so the slots of two steps never run in parallel.
    """
    a, b = episode
    a = (a + step * _STEP) & MASK
    return mix(a ^ b), a


def word(k: Key, slot: Any) -> Any:
    """Return the 32-bit word that key `k` holds in `slot` (0 <= slot < 2**31); no two slots of a key hold the same.

    Every key walks with a stride of its own: with one stride for all, keys that meet in one slot too often meet in the next.
    """
    a, b = k
    x = ((a ^ b) + slot * (b | 1)) & MASK
    x = ((x ^ (x >> 16)) * _FIRST) & MASK  # `mix`, written out: half of an item's time goes into this call
    x = ((x ^ (x >> 15)) * _SECOND) & MASK
    return x ^ (x >> 15)


def uniform(k: Key, slot: Any) -> Any:
    """Return a multiple of 2**-24 in [0, 1): exact in float32."""
    return (word(k, slot) >> 8) * 2.0**-24


def fine(k: Key, slot: Any) -> Any:
    """Return what `uniform` is a multiple of 2**-24 of, a whole number; to be compared with `edges`, which saves the way to floats."""
    return word(k, slot) >> 8


def edges(chances: np.ndarray) -> np.ndarray:
    """Return the whole numbers e for which ``fine(k, slot) < e`` says what ``uniform(k, slot) < chance`` does."""
    return np.ceil(chances * 2.0**24).astype(np.int64)


def below(k: Key, slot: Any, n: Any) -> Any:
    """Return a whole number in [0, n), n < 2**31, by multiply and shift (bias below n / 2**32)."""
    drawn = word(k, slot)
    if getattr(drawn, "dtype", None) == np.uint32:
        drawn = drawn.astype(np.int64)  # the product takes 64 bits
    return (drawn * n) >> 32


@cache
def quantiles() -> np.ndarray:
    """Return the 65,536 equally likely standard normals that `normal` looks up (max |z| 4.32)."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse((i + 0.5) / 65_536) for i in range(65_536)])


def normal(k: Key, slot: Any, table: Any) -> Any:
    """Return a standard normal from `table`, the `quantiles` as a table of the lanes in use: no log or cos, equal everywhere."""
    return table[word(k, slot) >> 16]
