"""`medenvs data sepsis`, called as a person calls it."""

import json

import pytest

from medenvs.adapters.logs import Order, make
from medenvs.cases.logged_file import load
from medenvs.cli import main
from medenvs.systems.sepsis_logs import logged


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(capsys, *words):
    code = main(("data", *words))
    out, err = capsys.readouterr()
    return code, out, err


def test_a_set_is_written_where_it_is_said(desk, capsys):
    code, out, err = called(capsys, "sepsis", "--name", "low", "--patients", "40", "--seed", "2")
    path = desk / "medenvs-data" / "sepsis-low-40-seed2.npz"
    assert code == 0 and "40 patients" in out and "reference rule 100" in out and str(path.relative_to(desk)) in err
    assert "nothing here says that a dose helps" in out and "\x1b" not in out
    data = load(path)
    assert data.same(logged("low", 40, 2))
    assert called(capsys, "sepsis", "--name", "low", "--patients", "40", "--seed", "2")[0] == 2
    code, out, _ = called(capsys, "sepsis", "--name", "low", "--patients", "40", "--seed", "2", "--force", "--json")
    found = json.loads(out)
    assert code == 0 and found["rows"] == data.rows and found["return"] == pytest.approx(data.returns.mean())
    assert found["mortality"] == pytest.approx(1 - data.returns.mean()) and found["bytes"] == path.stat().st_size
    assert sum(found["costs"].values()) == pytest.approx(found["cost"]) and [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_world_is_chosen_by_options(desk, capsys):
    words = ("--patients", "20", "--effect", "null", "--interval", "1", "--box", "--split", "test", "--confounding", "0.5", "--out", "here")
    found = json.loads(called(capsys, "sepsis", *words, "--json")[1])
    assert found["normalised"] is None and found["path"].endswith("here/sepsis-medium-20-null-hourly-box-confounded50-test.npz")
    world = {"effect": "null", "interval": 1, "box": True, "split": "test", "confounding": 0.5}
    assert load(desk / found["path"]).same(logged("medium", 20, **world))


@pytest.mark.parametrize("kind", ["dsrl", "minari"])
def test_other_formats(desk, capsys, kind):
    pytest.importorskip("h5py")
    if kind == "minari":
        pytest.importorskip("minari")
    code, out, _ = called(capsys, "sepsis", "--patients", "12", "--format", kind, "--out", "here", "--json")
    found = json.loads(out)
    assert code == 0 and (desk / found["path"]).exists() and found["bytes"] > 1_000 and found["format"] == kind
    assert called(capsys, "sepsis", "--patients", "12", "--format", kind, "--out", "here")[0] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sepsi",), "'sepsis'"),
        (("sepsis", "--name", "mediun"), "'medium'"),
        (("sepsis", "--size", "smal"), "'small'"),
        (("sepsis", "--patients", "0"), "1 to"),
        (("sepsis", "--seed", "-1"), "a seed from 0"),
        (("sepsis", "--format", "csv"), "flat"),
        (("sepsis", "--effect", "nul"), "'null'"),
        (("sepsis", "--interval", "2"), "1 or 4"),
        (("sepsis", "--split", "tset"), "'test'"),
        (("sepsis", "--confounding", "2"), "0 (the chart only) to 1"),
    ],
    ids=" ".join,
)
def test_what_does_not_exist_is_one_line_and_no_file(desk, capsys, words, said):
    code, out, err = called(capsys, *words)
    assert code == 2 and out == "" and said in err and err.count("\n") == 1
    assert list(desk.iterdir()) == []


def test_what_can_be_refused_is_refused_before_the_work(desk, monkeypatch):
    monkeypatch.setattr("medenvs.adapters.logs.logged", lambda *_, **__: pytest.fail("patients were treated"))
    monkeypatch.setitem(__import__("sys").modules, "d3rlpy", None)
    with pytest.raises(ImportError, match="offline"):
        make(Order(format="d3rlpy"))
    (desk / "medenvs-data").mkdir()
    (desk / "medenvs-data" / "sepsis-medium-small.npz").touch()
    with pytest.raises(ValueError, match="--force"):
        make(Order())


def test_a_stopped_run_leaves_nothing(desk, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("numpy.savez_compressed", stop)
    assert called(capsys, "sepsis", "--patients", "5")[0] == 130
    assert [p for p in desk.rglob("*") if p.is_file()] == []
