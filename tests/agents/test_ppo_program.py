"""The program trains, goes on, and what it learned plays in the leaderboard."""

import json
from pathlib import Path

import pytest

from medenvs.cli import main
from medenvs.core.loading import load

pytest.importorskip("torch")
pytestmark = pytest.mark.torch
PROGRAM = Path(__file__).parents[2] / "agents" / "ppo.py"


def test_it_trains_goes_on_and_plays(tmp_path, monkeypatch, capsys):
    program, run = load(f"{PROGRAM}:main"), tmp_path / "run"
    words = ["--rows", "128", "--rounds", "2", "--episodes", "64", "--out", str(run), "--json"]
    assert program(words) == 0
    first = json.loads(capsys.readouterr().out)
    assert program(words) == 0  # there is nothing left to do
    assert json.loads(capsys.readouterr().out)["test"] == first["test"] and set(first["test"]) == {
        "learned",
        "learned, drawing",
        "untrained",
    }
    monkeypatch.setenv("MEDENVS_RUN", str(run))
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "medenvs/Sepsis-v0", "--agent", f"{PROGRAM}:Learned", "--episodes", "4", "--json"]) == 0
    assert "ppo.py:Learned" in capsys.readouterr().out


def test_errors_have_a_remedy(tmp_path, capsys):
    program = load(f"{PROGRAM}:main")
    assert program(["--limit", "1", "--costs", "pain", "--out", str(tmp_path)]) == 2
    assert "allowed" in capsys.readouterr().err
