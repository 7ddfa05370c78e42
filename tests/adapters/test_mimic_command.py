"""`medenvs data mimic`: counts that single out nobody, private files, options that belong to it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from medenvs.adapters.mimic_command import FEWEST, counts
from medenvs.cases.logged_file import load as reload
from medenvs.cases.mimic_sepsis import Reading, load
from medenvs.cli import main
from medenvs.systems import fake_mimic
from tests.cases.mimic_tables import fake, written


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return fake_mimic.write(tmp_path_factory.mktemp("mimic") / "fake.csv", 150)


def told(value):
    """Yield what is told, leaf by leaf."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from told(one)
    if not isinstance(value, (dict, list)):
        yield value


def test_counts_are_right_and_single_out_nobody(table, capsys):
    assert main(["data", "mimic", str(table), "--json"]) == 0
    said, found = json.loads(capsys.readouterr().out), load(table)
    assert said["split_by"] == "stay" and said["not_told_below"] == FEWEST == 11
    for split, part in found.splits.items():
        row, died = said["splits"][split], int(found.died[split].sum())
        assert row["stays"] == (part.patients if part.patients >= 11 else None)
        mortality = died / part.patients if min(died, part.patients - died) >= 11 else None
        assert row["mortality"] == mortality and (row["return"] is None) == (mortality is None)
        for i, name in enumerate(part.cost_names):
            ever = sum(part.part([k]).costs[:, i].any() for k in range(part.patients))
            assert row["costs"][name] == (pytest.approx(part.episode_costs[:, i].mean()) if ever >= 11 else None)
    train = found.splits["train"]
    for action, share in enumerate(said["bins"]["actions"]):
        stays = len(set(train.patient[train.actions == action]))
        assert share is None or (stays >= 11 and share == pytest.approx((train.actions == action).mean()))
    hidden = [share is None for share in said["bins"]["actions"]]
    assert 1 != sum(hidden) < 25 and said["bins"]["fluid"] == [round(x, 4) for x in found.bins.median[0]]


def test_a_few_stays_are_not_told(tmp_path):
    columns = fake(60)
    some = np.flatnonzero(columns["icustayid"] <= np.unique(columns["icustayid"])[11])
    said = counts(load(written(tmp_path / "fake_few.csv", columns, some), Reading(reward="ogsrl")))
    assert [s for part in said["splits"].values() for s in told(part)] == [None] * sum(len(list(told(p))) for p in said["splits"].values())
    assert said["left_out"] == {"cut": 0, "dropped": 0}


def test_one_hidden_cell_hides_another(table):
    found = load(table)
    train = found.splits["train"]
    few = np.flatnonzero(train.actions == 24)[:3]
    actions = train.actions.copy()
    actions[:] = np.arange(train.rows) % 24
    actions[few] = 24
    object.__setattr__(train, "actions", actions)
    shares = counts(found)["bins"]["actions"]
    assert sum(s is None for s in shares) == 2 and shares[24] is None


def test_splits_are_written_for_their_owner_only(table, tmp_path, capsys):
    out = tmp_path / "private"
    args = ["data", "mimic", str(table), "--out", str(out), "--reward", "organs_delta", "--box", "--columns", "HR,SOFA_organs", "--scaled"]
    assert main(args) == 0
    said = capsys.readouterr()
    assert "organs_delta" in said.out and "written: " in said.err and "--subjects" in said.out
    files = sorted(out.iterdir())
    assert [f.name for f in files] == ["mimic-sepsis-test.npz", "mimic-sepsis-train.npz", "mimic-sepsis-validation.npz"]
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600} and out.stat().st_mode & 0o777 == 0o700
    asked = Reading(reward="organs_delta", box=True, columns=("HR", "SOFA_organs"), scaled=True)
    assert reload(files[1]).same(load(table, asked).splits["train"])
    assert main(args) == 2 and "exists. Choose another --out" in capsys.readouterr().err
    assert main([*args, "--force"]) == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["mimic"], "data mimic needs a table"),
        (["mimic", "TABLE", "--unit", "age"], "is not COLUMN=UNIT"),
        (["mimic", "TABLE", "--unit", "age=years"], "age is not in years"),
        (["mimic", "TABLE", "--reward", "outcom"], "Did you mean 'outcome'"),
        (["mimic", "TABLE", "--size", "large"], "data mimic takes no 'size'"),
        (["mimic", "TABLE", "--split", "test"], "data mimic takes no 'split'"),
        (["sepsis", "--gaps", "cut"], "data sepsis takes no 'gaps'"),
        (["sepsis", "TABLE"], "data sepsis takes no 'table'"),
        (["mimik", "TABLE"], "Did you mean 'mimic'"),
        (["mimic", "TABLE.gz"], "Did you mean 'fake.csv'"),
        (["mimic", "TABLE.txt"], "unknown data file ending"),
    ],
)
def test_what_is_refused_says_why(table, capsys, args, said):
    assert main(["data", *(a.replace("TABLE", str(table)) for a in args)]) == 2
    assert said in capsys.readouterr().err


def test_what_is_printed_fits_what_is_counted(table, capsys):
    assert main(["data", "mimic", str(table), "--box", "--gaps", "drop"]) == 0
    said = capsys.readouterr().out
    assert "train: " in said and "median of each bin" not in said and "fewer than 11 stays" in said and "9000001" not in said
