"""Fake tables for the tests of the MIMIC loader: the simulator's, changed and written as a test wants."""

from __future__ import annotations

import gzip
from functools import cache

import numpy as np

from medenvs.systems import fake_mimic


@cache
def _table(patients, seed):
    return fake_mimic.table(patients, seed)


def fake(patients=60, seed=0, **changes):
    """The columns of a fake table, some replaced."""
    return {n: c.copy() for n, c in _table(patients, seed).items()} | changes


def written(path, columns, rows=None):
    """Write columns (some rows, in this order) as csv or csv.gz; exact, so that reading gives the same bits."""
    rows = np.arange(len(next(iter(columns.values())))) if rows is None else rows
    cells = [[repr(x) if isinstance(x, float) else str(x) for x in np.asarray(c)[rows].tolist()] for c in columns.values()]
    text = "\n".join([",".join(columns), *(",".join(row) for row in zip(*cells, strict=True))]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def stay_rows(columns, i):
    """The rows of the i-th stay."""
    return np.flatnonzero(columns["icustayid"] == np.unique(columns["icustayid"])[i])


def same(a, b):
    """Whether two loads hold the same, bit for bit."""
    return a.splits.keys() == b.splits.keys() and all(a.splits[s].same(b.splits[s]) for s in a.splits) and a.bins == b.bins
