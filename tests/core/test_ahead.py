"""Looking ahead changes nothing: what is taken is what the source says of each stream's next episode, in step or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.core.ahead import Ahead
from medenvs.core.cases import Case, Endless
from medenvs.core.randomness import below, key


class Source(Endless):
    """Columns of four kinds: whole numbers, floats, a grid, grids of bytes."""

    def columns(self, cases: Any) -> Mapping[str, Any]:
        grids = {"g": np.stack([cases % 7, cases % 5], -1), "b": np.stack([cases % m - 3 for m in (3, 5, 9)], -1).astype(np.int8)}
        one = {"b1": (cases % 11).astype(np.int8)[:, None]}
        return {"case": cases, "x": below(key(5, cases), 0, 1_000), "f": cases * 0.5, **grids, **one}

    def __getitem__(self, case: int) -> Case:
        raise NotImplementedError


@pytest.mark.parametrize("n", [1, 3, 64])
@settings(derandomize=True, deadline=None, max_examples=25)
@given(seed=st.integers(0, 1 << 30), depth=st.sampled_from([1, 4, 16, 131_072]))
def test_what_is_taken_is_what_the_source_says(n: int, seed: int, depth: int) -> None:
    rng, source = np.random.default_rng(seed), Source()
    ahead, keys, episodes = Ahead(source, n), key(np.arange(n)), rng.integers(0, 3, n) if seed % 2 else np.zeros(n, np.int64)
    ahead._deepest = min(depth, ahead._deepest)
    held: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
    for _ in range(60):
        some = None if rng.random() < 0.5 else np.flatnonzero(rng.random(n) < 0.4)
        if some is not None and not len(some):
            continue
        at = slice(None) if some is None else some
        split = "train" if rng.random() < 0.97 else "test"
        mine = (keys[0][at], keys[1][at])
        drawn, columns = ahead.take(mine, episodes[at].copy(), split, some)
        expected = source.draw(mine, episodes[at], split)
        assert drawn.tolist() == expected.tolist()
        truth = source.columns(expected)
        assert all(np.array_equal(columns[name], truth[name]) for name in truth)
        held.append((columns, truth))
        episodes[at] += 1
        if rng.random() < 0.03:
            episodes = episodes + 2  # somebody reseeds
    for columns, truth in held[-3:]:  # what was handed out may live on as a state
        assert all(np.array_equal(columns[name], truth[name]) for name in truth)


def test_what_was_handed_out_in_step_survives_rows_that_go_their_own_ways() -> None:
    source, n = Source(), 32
    ahead, keys, episodes = Ahead(source, n), key(np.arange(n)), np.zeros(n, np.int64)
    ahead._deepest = 4
    for _ in range(10):
        _, columns = ahead.take(keys, episodes, "train")
        episodes = episodes + 1
    kept = {name: column.copy() for name, column in columns.items()}
    for _ in range(40):
        rows = np.arange(0, n, 3)
        ahead.take((keys[0][rows], keys[1][rows]), episodes[rows].copy(), "train", rows)
        episodes[rows] += 1
    assert all(np.array_equal(columns[name], kept[name]) for name in kept)
