"""The loop that measures vector steps counts what was played, and the script says so where there is no GPU."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

HERE = Path(__file__).parents[1] / "benchmarks"


class Ends:
    """Two rows; the first ends at every other step."""

    num_envs = 2

    def __init__(self, mode):
        self.metadata, self.steps, self.given = {"autoreset_mode": SimpleNamespace(name=mode)}, 0, []

    def reset(self, seed):
        self.steps = 0

    def step(self, moves):
        self.steps += 1
        self.given.append(moves)
        over = np.array([self.steps % 2 == 0, False])
        return None, None, over, np.zeros(2, bool), {}


@pytest.mark.parametrize(("mode", "rows"), [("NEXT_STEP", 2 * 8 - 4), ("SAME_STEP", 2 * 8)])
def test_rows_that_a_step_only_resets_are_not_counted(mode, rows, monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    from _measuring import stepping

    env = Ends(mode)
    work = stepping(env, list(range(64)), 8)
    assert work() == rows
    assert env.given == [7 * i % 64 for i in range(16)]  # the warm-up counts on


@pytest.mark.torch
def test_without_a_gpu_the_script_says_so_and_ends_well():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    done = subprocess.run([sys.executable, "sepsis_steps.py", "--device", "cuda"], cwd=HERE, capture_output=True, text=True, check=False)
    assert (done.returncode, "no GPU" in done.stdout) == (0, True), done.stderr[-2000:]
