"""The programs behind the sepsis references and the speed of logged data still run, and find what is on record."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from medenvs.systems.sepsis_references import references

HERE = Path(__file__).parents[1] / "benchmarks"


def quick(script):
    done = subprocess.run([sys.executable, script, "--quick"], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_short_run_finds_the_references():
    found, table = quick("sepsis_references.py")["worlds"]["real, 4 h"], references()
    assert list(found) == list(table)
    for name, row in found.items():
        assert row["n"] == 200 and set(row) == set(table[name]) and set(row["costs"]) == set(table[name]["costs"])
        low, high = row["return_95"]
        assert abs(row["return"] - table[name]["return"]) < 2.3 * (high - low) / 2 + 0.02


def test_a_short_run_measures_each_format():
    found = quick("sepsis_logs.py")
    assert found["ours"] > 0 and found["flat_written"] > 0 and found["flat_read"] > 0
    recorded = json.loads((HERE / "results" / "sepsis_logs.json").read_text(encoding="utf-8"))
    assert found["flat_bytes_a_row"] == pytest.approx(recorded["flat_bytes_a_row"], rel=0.3)
    assert recorded["ratio"] == pytest.approx(recorded["ours"] / recorded["anchor"])
