"""An episode is the same alone, in a batch, shuffled, and resumed in another process: bit for bit."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.residents.playing import PLAYED, RESIDENTS, Batch, Single

ROOT = Path(__file__).parents[2]
STEPS = 26  # longer than any resident's episode
MANY = 1024


@pytest.mark.parametrize(("name", "words"), PLAYED)
def test_one_by_one_equals_a_batch(name: str, words: bool) -> None:
    batch = Batch(RESIDENTS[name](), words, range(100, 100 + MANY))
    told = batch.go_on(STEPS)
    single = Single(RESIDENTS[name](), words)
    for i in range(0, MANY, 37):
        assert single(100 + i, STEPS) == told[i], f"stream {100 + i}"
    assert any(step[1][batch.play.roles[0]] != 0 for row in told for step in row if isinstance(step, tuple))


@pytest.mark.parametrize(("name", "words"), PLAYED)
def test_order_and_company_change_nothing(name: str, words: bool) -> None:
    streams = np.arange(48)
    told = Batch(RESIDENTS[name](), words, streams.tolist()).go_on(STEPS)
    order = np.random.default_rng(0).permutation(48)
    shuffled = Batch(RESIDENTS[name](), words, order.tolist()).go_on(STEPS)
    assert [told[i] for i in order] == shuffled
    assert Batch(RESIDENTS[name](), words, [7]).go_on(STEPS)[0] == told[7]


@pytest.mark.parametrize(("name", "words"), PLAYED)
def test_resumed_in_another_process(name: str, words: bool, tmp_path: Path) -> None:
    batch, single = Batch(RESIDENTS[name](), words, range(16)), Single(RESIDENTS[name](), words)
    batch.go_on(STEPS // 2)
    single.begin(3)
    single.go_on(STEPS // 2)
    live, done = tmp_path / "live", tmp_path / "done"
    live.write_bytes(pickle.dumps((batch, single)))
    code = (
        "import pickle, sys; b, s = pickle.load(open(sys.argv[1], 'rb')); "
        f"pickle.dump((b.go_on({STEPS}), s.go_on({STEPS})), open(sys.argv[2], 'wb'))"
    )
    subprocess.run([sys.executable, "-c", code, str(live), str(done)], cwd=ROOT, check=True)
    assert pickle.loads(done.read_bytes()) == (batch.go_on(STEPS), single.go_on(STEPS))


@pytest.mark.parametrize(("name", "words"), PLAYED)
def test_a_group_shares_case_seed_and_budget(name: str, words: bool) -> None:
    batch = Batch(RESIDENTS[name](), words, np.repeat([5, 6, 7], 4).tolist())
    told = batch.go_on(STEPS)
    assert all(told[i] == told[i - i % 4] for i in range(12))
    assert told[0] != told[4]
    for lane in (batch.play.cases, *(getattr(batch.play.state, n) for n in ("budget", "disease") if hasattr(batch.play.state, n))):
        assert (lane.reshape(3, 4) == lane.reshape(3, 4)[:, :1]).all()


@pytest.mark.parametrize(("name", "words"), PLAYED)
def test_a_case_by_number_is_the_case_that_was_drawn(name: str, words: bool) -> None:
    drawn, asked = (Batch(RESIDENTS[name](), words, [11]) for _ in range(2))
    drawn.play.start(drawn.streams, drawn.keys, np.array([4]))
    asked.play.start(asked.streams, asked.keys, np.array([4]), cases=drawn.play.cases.copy())
    assert drawn.go_on(6)[0][1:] == asked.go_on(6)[0][1:]
