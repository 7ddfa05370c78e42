"""What words ask for, as numbers: rows of words, near pairs and neighbours are added, cut at zero, and weighed for each topic and slot.

All are whole numbers below 2 ** 24, so that outputs are the same in any batch.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .hearing_words import EXTRA, SLOTS, Read, Reader, paired

NEAR, NEXT = 1 << 32, 2 << 32  # marks of keys: of two near words in either order, of two neighbours
MOST = 1_300  # what is left of a sum, at most
PACKED = {
    "near": "<i4",
    "next": "<i4",
    "rows": "i1",
    "first": "<i2",
    "out": "i1",
    "bias": "<i4",
    "slots": "i1",
    "slots_first": "<i2",
    "exact": "<u4",
    "exact_topics": "<i2",
}
_FILTER = 0xFFFF


class Said(NamedTuple):
    """What is added: the text of each row, its part (numbered; -1 across two), and the row or its key."""

    text: np.ndarray
    part: np.ndarray
    key: np.ndarray


class Net(NamedTuple):
    """The learned numbers; the outputs are the topics, EXTRA and SLOTS, and `unit` of them make one of log odds.

    `spoken` are the topics of the history. Keys are sorted by a hash: `place` is where those of each begin (-1: there are none), at most
    `deep` of them, and `of` their rows. `first` is what each sum begins with. Only `width` numbers of a sum are cut: the next go straight
    to the slots, and the last is 1, for what is added to all outputs. `exact` are fingerprints of phrases.
    """

    reader: Reader
    topics: tuple[str, ...]
    spoken: np.ndarray
    keys: np.ndarray
    of: np.ndarray
    place: np.ndarray
    deep: int
    rows: np.ndarray
    first: np.ndarray
    width: int
    out: np.ndarray
    unit: float
    exact: np.ndarray
    exact_topics: np.ndarray


def said(read: Read, reader: Reader) -> tuple[list[Said], list[Said]]:
    """Return what texts say, each sorted by text: tokens and words with symbols of their own; and with keys near pairs and neighbours."""
    end, names = read.symbols == reader.end, len(reader.number)
    text = np.cumsum(end)
    text[end] -= 1
    before = np.empty_like(read.symbols)
    before[0], before[1:] = reader.end, read.symbols[:-1]
    same = np.empty(len(before), bool)
    same[0], same[1:] = True, read.within[1:] == read.within[:-1]
    own = np.flatnonzero((read.symbols >= names) & ~end)
    rows = [Said(read.text, read.part, read.token), Said(text[own], read.within[own], read.symbols[own])]
    near = [Said(read.text[a], np.where(read.part[a] == read.part[b], read.part[a], -1), key | NEAR) for a, b, key in paired(read)]
    return rows, [*near, Said(text, np.where(same & ~end, read.within, -1), before << 16 | read.symbols | NEXT)]


def hashed(key: np.ndarray) -> np.ndarray:
    """Return small numbers of keys: most keys that are not known have one that no known key has."""
    return (key * 40_503 ^ key >> 13) & _FILTER


def found(net: Net, one: Said) -> Said:
    """Return those rows of keys that are known."""
    place = net.place.take(hashed(one.key))
    at = np.flatnonzero(place >= 0)
    key, place = one.key[at], place[at]
    for _ in range(net.deep - 1):
        place += net.keys.take(place) != key
    real = np.flatnonzero(net.keys.take(place) == key)
    at = at[real]
    return Said(one.text[at], one.part[at], net.of.take(place[real]))


def sums(net: Net, n: int, rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return for each of `n` texts the sum of its rows, cut; from (text, row) of all rows."""
    text, row = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    row = row[np.argsort(text, kind="stable")]
    count = np.bincount(text, minlength=n)
    order = np.argsort(-count, kind="stable")
    start, left = (np.cumsum(count) - count)[order], np.bincount(count)
    hidden = np.tile(net.first, (n, 1))
    for k, many in enumerate((n - np.cumsum(left))[:-1].tolist()):  # the k-th row of all texts that have one: faster than text by text
        hidden[:many] += net.rows.take(row[start[:many] + k], axis=0)
    np.clip(hidden[:, : net.width], 0, MOST, out=hidden[:, : net.width])
    cut = np.empty((n, hidden.shape[1]), np.float32)
    cut[order] = hidden
    return cut


def unpacked(raw: Mapping[str, Any]) -> Net:
    """Return the stored numbers."""
    arrays = {name: np.frombuffer(zlib.decompress(base64.b64decode(raw[name])), kind) for name, kind in PACKED.items()}
    reader = Reader(raw["words"].split(), raw["tokens"], raw["own"].split())
    keys = np.concatenate([arrays["near"].astype(np.int64) | NEAR, arrays["next"].astype(np.int64) | NEXT])
    mark = hashed(keys)
    order, place = np.argsort(mark, kind="stable"), np.full(_FILTER + 1, -1)
    place[mark[order][::-1]] = np.arange(len(keys))[::-1]
    deep = int(np.bincount(mark).max())
    keys, of = np.pad(keys[order], (0, deep), constant_values=-1), order + reader.end
    width, outputs = raw["width"], len(raw["topics"]) + len(EXTRA) + len(SLOTS)
    first, slots = [arrays["first"], arrays["slots_first"], np.ones(1)], len(SLOTS)
    rows = np.hstack([arrays["rows"].reshape(-1, width), arrays["slots"].reshape(-1, slots), np.zeros((len(arrays["slots"]) // slots, 1))])
    straight = raw["times"] * np.eye(slots, outputs, outputs - slots)
    out = np.vstack([arrays["out"].reshape(width, outputs), straight, arrays["bias"]]).astype(np.float32)
    first = np.concatenate(first).astype(np.int16)
    spoken = np.array([t.startswith("h_") for t in raw["topics"]])
    whole = arrays["exact"].astype(np.int64), arrays["exact_topics"].astype(np.int64)
    rows = rows.astype(np.int16)
    return Net(reader, tuple(raw["topics"]), spoken, keys, of, place, deep, rows, first, width, out, raw["unit"], *whole)


def packed(numbers: Any, kind: str) -> str:
    """Return an array as text: little-endian, compressed, in base64."""
    return base64.b64encode(zlib.compress(np.asarray(numbers, kind).tobytes(), 9)).decode("ascii")
