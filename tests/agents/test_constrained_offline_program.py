"""The program learns under a guardian, goes on, and what it learned plays in the leaderboard."""

import json
from pathlib import Path

import pytest

from medenvs.cli import main
from medenvs.core.loading import load

pytest.importorskip("torch")
pytestmark = pytest.mark.torch
PROGRAM = Path(__file__).parents[2] / "agents" / "constrained_offline.py"
SMALL = ["--patients", "60", "--rounds", "2", "--rows", "64", "--cloned", "100", "--model-updates", "20", "--test", "50"]


def test_it_learns_goes_on_and_plays(tmp_path, monkeypatch, capsys):
    program, run = load(f"{PROGRAM}:main"), tmp_path / "run"
    assert program([*SMALL, "--out", str(run), "--errors", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert program([*SMALL, "--out", str(run), "--json"]) == 0  # there is nothing left to do
    assert json.loads(capsys.readouterr().out)["learned"] == first["learned"]
    assert first["errors"]["1"]["rows"] > 1_000 and first["plan"]["guard"] and first["plan"]["policy"]["limit"] == 30
    monkeypatch.setenv("MEDENVS_RUN", str(run))
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "medenvs/Sepsis-v0", "--agent", f"{PROGRAM}:Learned", "--episodes", "4", "--json"]) == 0
    assert "constrained_offline.py:Learned" in capsys.readouterr().out


def test_ablations_are_what_they_say(tmp_path, capsys):
    plan = load(f"{PROGRAM}:planned")(load(f"{PROGRAM}:parsed")(["--no-guard", "--no-cost", "--no-clip"]))
    assert not plan.guard and plan.policy.limit is None and not plan.clip
    assert load(f"{PROGRAM}:main")([*SMALL, "--out", str(tmp_path), "--costs", "pain"]) == 2
    assert "allowed" in capsys.readouterr().err
