"""A credentialed table leaves no trace: no value in a repr, an error, a log or a file that others may read; nothing goes out."""

from __future__ import annotations

import socket
import traceback

import numpy as np
import pytest

from medenvs.cases.logged_file import load as reload
from medenvs.cases.logged_file import save
from medenvs.cases.mimic_checks import stays
from medenvs.cases.mimic_sepsis import Reading, load
from medenvs.cases.mimic_table import read
from medenvs.core.cases import Finite
from medenvs.core.errors import BadData
from tests.cases.mimic_tables import fake, stay_rows, written

CANARY = 87.65432109
TRACES = ("87.65", "8765", "CANARY", "123454321")


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A folder that is home, working and temporary directory, without a network."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    def refuse(*_):
        raise AssertionError("somebody reached for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tmp_path


def planted(stay=3):
    """A table with the canary in most cells of a stay, in its subject's number and in a column that nobody asked for."""
    table = fake()
    rows = stay_rows(table, stay)
    for name in ("HR", "SpO2", "MeanBP", "Weight_kg", "Creatinine", "input_4hourly", "PTT", "output_total"):
        table[name] = table[name].astype(object)
        table[name][rows] = CANARY
    note = np.array(["x"] * len(table["bloc"]), object)
    note[rows] = "CANARY"
    return table | {"note": note, "subject_id": np.where(np.isin(np.arange(len(note)), rows), 123454321, 7)}, rows


def clean(*texts):
    return not [t for text in texts for t in TRACES if t in str(text)]


def without(table, row):
    return {n: np.delete(c, row) for n, c in table.items()}


def put(table, name, row, value):
    column = np.asarray(table[name], object).copy()
    column[row] = value
    return {**table, name: column}


WRONG = {
    "gap": lambda t, r: without(t, r[3]),
    "beginning": lambda t, r: without(t, r[0]),
    "duplicate": lambda t, r: {n: np.append(c, c[r[2]]) for n, c in t.items()},
    "text": lambda t, r: put(t, "HR", r[2], "CANARY"),
    "stay": lambda t, r: put(put(t, "icustayid", r[2], "CANARY"), "HR", r[2], "CANARY"),
    "range": lambda t, r: put(t, "SpO2", r[2], 8765.0),
    "empty": lambda t, r: put(t, "HR", r[2], np.nan),
    "binary": lambda t, r: put(t, "mechvent", r[2], CANARY),
    "outcome": lambda t, r: put(t, "died_within_48h_of_out_time", r[2], CANARY),
    "ends": lambda t, r: put(t, "died_within_48h_of_out_time", r[0], 1 - t["died_within_48h_of_out_time"][r[0]]),
    "swapped": lambda t, r: {**t, "SysBP": t["DiaBP"], "DiaBP": t["SysBP"]},
    "unit": lambda t, r: {**t, "Temp_C": t["Temp_C"] * 9 / 5 + 32},
    "clock": lambda t, r: {**t, "charttime": t["charttime"] / 3600},
    "date": lambda t, r: put(t, "charttime", r[2], "8765-01-01"),
    "subject": lambda t, r: put(t, "subject_id", r[2], 123454321.5),
    "header": lambda t, r: {n: c for n, c in t.items() if n != "PTT"},
}


@pytest.mark.parametrize("how", WRONG)
def test_no_error_tells_a_value(alone, capfd, caplog, how):
    table, rows = planted()
    path = written(alone / "fake_wrong.csv", WRONG[how](table, rows))
    with pytest.raises(BadData) as caught:
        load(path)
    said = "".join(traceback.format_exception(caught.value))
    assert clean(caught.value, repr(caught.value), said, caplog.text, *capfd.readouterr())
    assert how == "header" or "stay" in str(caught.value)


def test_nothing_shows_a_row_and_nothing_is_kept(alone, capfd, caplog):
    table, _ = planted()
    path = written(alone / "fake_plain.csv", table)
    before = {p: p.stat().st_mtime_ns for p in alone.rglob("*")}
    found = load(path)
    part = next(p for p in found.splits.values() if 3 in p.cases)
    assert (part.column("HR") == np.float32(CANARY)).any()  # the canary did come in
    shown = [found, part, part.part([0]), read(path), stays(read(path), "refuse").table, [found], {"a": part}, (part, found.splits)]
    assert clean(*map(repr, shown), *map(str, shown), f"{found}{part}", caplog.text, *capfd.readouterr())
    assert not [one for one in shown if "array" in f"{one!r}{one!s}"]
    assert "credentialed" in repr(found) and part.about["credentialed"]
    assert str(9_000_001) not in f"{found!r}{part!r}{found.splits!r}{dict(part.about)}" and part.cases.max() < 60
    assert {p: p.stat().st_mtime_ns for p in alone.rglob("*")} == before


@pytest.mark.parametrize("options", [{}, {"box": True, "reward": "ogsrl", "scaled": True}])
def test_a_written_split_is_private_and_comes_back(alone, options):
    found = load(written(alone / "fake_plain.csv", fake()), Reading(**options))
    for split, part in found.splits.items():
        path = save(part, alone / f"{split}.npz")
        assert path.stat().st_mode & 0o777 == 0o600
        again = reload(path)
        assert again.same(part) and again.about["credentialed"] and repr(again) == repr(part)


def test_a_table_without_train_stays_is_refused(alone):
    table = fake()
    one = {n: c[stay_rows(table, 0)] for n, c in table.items()}
    number = next(n for n in range(40) if Finite([str(n)]).split_of(0) != "train")
    with pytest.raises(BadData, match=r"no stay falls into the train split \(1 in all\)"):
        load(written(alone / "fake_one.csv", one | {"icustayid": one["bloc"] * 0 + number}), Reading(box=True))
