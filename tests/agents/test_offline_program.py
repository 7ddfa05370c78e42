"""The program learns, goes on, tells truth beside estimate, and what it learned plays in the leaderboard."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medenvs.cases import logged_file
from medenvs.cli import main
from medenvs.core.errors import BadData
from medenvs.core.loading import load
from medenvs.systems.sepsis_logs import logged
from tests.learning.chains import chain

pytest.importorskip("torch")
pytestmark = pytest.mark.torch
PROGRAM = Path(__file__).parents[2] / "agents" / "offline.py"


def test_it_learns_goes_on_and_plays(tmp_path, monkeypatch, capsys):
    program, run = load(f"{PROGRAM}:main"), tmp_path / "run"
    words = ["--algorithm", "bc", "--patients", "40", "--updates", "200", "--test", "50", "--out", str(run), "--json"]
    assert program(words) == 0
    first = json.loads(capsys.readouterr().out)
    assert program(words) == 0  # there is nothing left to do
    assert json.loads(capsys.readouterr().out)["learned"] == first["learned"]
    apart = first["deaths more than the clinician's"]
    assert apart["mean"] == pytest.approx(first["learned"]["mortality"] - first["clinician"]["mortality"])
    guess = first["estimate"]
    assert guess["refusal"] or guess["low"] <= guess["mortality"] <= guess["high"]
    monkeypatch.setenv("MEDENVS_RUN", str(run))
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "medenvs/Sepsis-v0", "--agent", f"{PROGRAM}:Learned", "--episodes", "4", "--json"]) == 0
    assert "offline.py:Learned" in capsys.readouterr().out


def test_the_estimate_of_the_clinician_is_what_happened_and_needs_propensities():
    estimated, log = load(f"{PROGRAM}:estimated"), logged("medium", 200)

    class Clinician:
        def probabilities(self, observations):
            return np.repeat(log.propensities[:, None], 25, 1)

    found = estimated(Clinician(), log)
    assert found["mortality"] == pytest.approx(1 - log.returns.mean()) and found["effective patients"] == pytest.approx(200)
    with pytest.raises(BadData, match="behaviour is nan"):
        estimated(Clinician(), replace(log, propensities=np.full(log.rows, np.nan)))


def test_errors_have_a_remedy(tmp_path, capsys):
    program, out = load(f"{PROGRAM}:main"), ["--out", str(tmp_path / "run"), "--patients", "20", "--updates", "100", "--test", "5"]
    path = str(logged_file.save(chain(actions=np.arange(2_400) % 25), tmp_path / "chain.npz"))
    wrong = {"Allowed": ["--limit", "1", "--costs", "pain"], "multiple": ["--updates", "150"], "nobody knows": ["--data", path]}
    for said, words in wrong.items():
        assert program([*out, *words]) == 2
        assert said in capsys.readouterr().err
