"""The suite sepsis at a tiny size: its document, its tables and plots, what is refused, what a stopped run keeps."""

import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from medenvs.cli import main
from medenvs.evaluation.ope.guards import naive_present
from medenvs.evaluation.report import drawn
from medenvs.evaluation.sepsis import bench
from medenvs.evaluation.sepsis.bench import NOTE, Plan, plain, run
from medenvs.evaluation.sepsis.chart import chances, chart, features, groups, judged, severity
from medenvs.evaluation.sepsis.estimates import ESTIMATORS, ward
from medenvs.evaluation.sepsis.plots import draw
from medenvs.evaluation.sepsis.policies import NOTHING, RANDOM, RULE, policies
from medenvs.evaluation.sepsis.report import markdown, sections
from medenvs.evaluation.sepsis.truth import mean, played, truth
from medenvs.worlds.sepsis.clinician import rules

PLAN = Plan(patients=60, logs=2, truths=60, resamples=100, refits=20, seed=3)
FEW = (NOTHING, "most treatment", RANDOM, "constant", "clinician q=0.5", RULE, f"10% {RULE}")


@pytest.fixture(scope="module", autouse=True)
def few():
    """A table of seven policies, so that the tests are quick."""
    whole, patch = bench.policies, pytest.MonkeyPatch()
    patch.setattr(bench, "policies", lambda quality: {name: whole(quality)[name] for name in FEW})
    yield
    patch.undo()


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def doc(out):
    return run(PLAN, out)


@pytest.fixture(scope="module")
def log():
    return played(policies(0.5)["clinician q=0.5"], 200, 1, "real", "train")


def test_the_document_is_json_and_complete(doc):
    again = json.loads(json.dumps(doc, allow_nan=False))
    assert again["schema"] == 1 and again["suite"] == "sepsis" and again["plan"]["patients"] == 60 and again["note"] == NOTE
    for world in again["worlds"].values():
        names = [row["policy"] for row in world["policies"]]
        naive_present(names)
        for row in world["policies"]:
            assert len(row["logs"]) == 2 and set(row["logs"][0]["estimates"]) == set(ESTIMATORS)
            assert set(row["truth"]["groups"]) == {"severity", "age", "sex"} and len(row["truth"]["costs"]) == 8
        assert {s["estimator"] for s in world["scores"]} == {r["estimator"] for r in world["rankings"]} == set(ESTIMATORS)
        assert all(c["asked"] == 2 * (len(FEW) - 1) for c in world["claims"])


def test_who_logged_is_worth_what_was_logged(doc):
    row = next(r for r in doc["worlds"]["real"]["policies"] if r["policy"] == doc["logged_by"])
    e = row["logs"][0]["estimates"]
    assert e["IS"]["value"] == pytest.approx(e["WIS"]["value"]) and e["WIS"]["low"] < e["WIS"]["value"] < e["WIS"]["high"]
    assert row["logs"][0]["improvements"]["WIS"]["value"] == pytest.approx(0, abs=1e-12)


def test_in_the_null_world_every_policy_has_the_same_truth(doc):
    values = {r["truth"]["survival"]["mean"] for r in doc["worlds"]["null"]["policies"]}
    real = {r["truth"]["survival"]["mean"] for r in doc["worlds"]["real"]["policies"]}
    assert len(values) == 1 and len(real) > 3 and values < real | values
    assert all(c["false"] == c["claimed"] for c in doc["worlds"]["null"]["claims"])


def test_where_few_patients_speak_the_refusal_is_shown(doc):
    row = next(r for r in doc["worlds"]["real"]["policies"] if r["policy"] == RANDOM)
    assert "effective of 60 patients" in row["logs"][0]["support"]["refusal"] and row["logs"][0]["estimates"]["WIS"]["value"] is None
    table = next(s for s in sections(doc) if s.title.startswith("Truth beside"))
    line = next(x for x in table.lines if x[0] == RANDOM)
    assert line[-1] == "unsupported" and line[table.header.index("WIS")] == "–"


def test_a_critic_fitted_anew_has_an_interval_and_a_price(doc):
    row = next(r for r in doc["worlds"]["real"]["policies"] if r["policy"] == RULE)["logs"]
    assert row[0]["refits"]["times"] == 20 and row[0]["refits"]["cpu_seconds"] > 0 and "refits" not in row[1]
    e = row[0]["estimates"]["FQE"]
    assert e["low"] is None or e["low"] <= e["high"]


def test_tables_fit_a_terminal_and_end_with_the_sentence(doc):
    console = Console(width=400, record=True, file=io.StringIO())
    for table in drawn(sections(doc)):
        table.title = None
        console.print(table)
    assert max(len(line.rstrip()) for line in console.export_text().splitlines()) <= 120
    assert "nothing here says that a dose helps a patient" in markdown(doc)
    titles = " ".join(s.title for s in sections(doc))
    assert "By severity, age and sex" in titles and "fluid gap" in titles


def test_plots_are_pictures_without_scripts(doc, tmp_path):
    paths = draw(doc, tmp_path)
    assert len(paths) == 4
    for path in paths:
        tree = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        kinds = {e.tag.split("}")[1] for e in tree.iter()}
        assert kinds <= {"svg", "rect", "g", "text", "line", "polyline", "circle"} and "polyline" in kinds
        assert "nothing here says" in path.read_text(encoding="utf-8")


def test_what_is_finished_is_never_done_again(doc, out, monkeypatch):
    monkeypatch.setattr(bench, "estimates", lambda *a: pytest.fail("done again"))
    monkeypatch.setattr(bench, "truth", lambda *a: pytest.fail("done again"))
    assert run(PLAN, out) == doc


def test_a_stopped_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    def stop(label, done, total):
        if label.startswith("log 0, real: random"):
            raise KeyboardInterrupt

    plan = Plan(patients=20, logs=1, truths=20, resamples=100, refits=0)
    with pytest.raises(KeyboardInterrupt):
        run(plan, tmp_path, stop)
    (kept,) = (tmp_path / "pieces").glob("*.json")
    piece = json.loads(kept.read_text(encoding="utf-8"))
    piece[RANDOM]["patients"] = 999  # a mark: what is kept is what is used
    kept.write_text(json.dumps(piece), encoding="utf-8")
    found = run(plan, tmp_path)
    assert next(r for r in found["worlds"]["real"]["policies"] if r["policy"] == RANDOM)["truth"]["patients"] == 999
    kept.write_text("{torn", encoding="utf-8")
    monkeypatch.setattr(bench, "estimates", lambda *a: pytest.fail("done again"))
    found = run(plan, tmp_path)
    assert next(r for r in found["worlds"]["real"]["policies"] if r["policy"] == RANDOM)["truth"]["patients"] == 20


def test_the_command(capsys, tmp_path):
    words = ["bench", "sepsis", "--episodes", "2", "--logs", "1", "--out", str(tmp_path), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["suite"] == "sepsis" and (tmp_path / "estimates.svg").exists()
    assert main([*words, "--agent", "gold"]) == 2 and "no --agent" in capsys.readouterr().err
    assert main(["bench", "quick", "--logs", "3"]) == 2 and "--logs is for" in capsys.readouterr().err
    assert main(["bench", "sepsis", "--episodes", "1", "--out", str(tmp_path)]) == 2 and "allowed: 2 to" in capsys.readouterr().err


def test_features_hold_the_chart_and_nothing_else(log):
    seen = chart(log)
    x = features(seen)
    assert len(x) == log.rows and np.isfinite(x).all() and np.array_equal(x[:, :21], log.observations.astype(float))
    shuffled = {name: column[::-1] for name, column in seen.items()}
    assert np.allclose(features(shuffled), x[::-1])  # a row's features are of that row alone


def test_policies_are_probabilities_and_softening_is_stated(log):
    for name, p in policies(0.5).items():
        q = p.chances(chart(log))
        assert np.allclose(q.sum(1), 1) and (q >= 0).all(), name
        assert (p.kind == "softened") == (0 < p.softened < 1)
    seen = chart(log)
    assert np.array_equal(policies(0.5)[RULE].chances(seen).argmax(1), rules(seen))


def test_logs_become_trajectories_row_by_row(log):
    here, p = ward(log), policies(0.5)["clinician q=0.5"]
    data = here.toward(p)
    assert np.allclose(data.flow.behaviour, data.flow.target) and data.flow.mask.sum() == log.rows
    assert np.array_equal(data.flow.returns, log.returns) and np.array_equal(data.flow.patients, log.cases)
    assert np.allclose(chances(log, p)[0, 0], p.chances(chart(log))[0])
    assert judged(log, here.states, chances(log, p)).actions[1, 0] == log.actions[log.starts[1]]


def test_groups_and_truth_by_hand(log):
    first = {"map": [60.0, 70], "lactate": [5.0, 1], "pf": [300.0, 300], "urine": [1.0, 1], "creatinine": [3.0, 1], "gcs": [15.0, 15]}
    first = {n: np.array(x) for n, x in first.items()} | {"age": np.array([54.0, 75]), "male": np.array([1.0, 0])}
    assert severity(first).tolist() == [3, 0]
    assert {n: x.tolist() for n, x in groups(first).items()} == {
        "severity": ["3 or more", "no sign"],
        "age": ["<55", "75+"],
        "sex": ["male", "female"],
    }
    told = truth(log)
    assert told["survival"]["mean"] == pytest.approx(log.returns.mean()) and told["patients"] == 200
    assert sum(g["patients"] for g in told["groups"]["sex"].values()) == 200
    assert mean(np.array([1.0, 3.0]))["high"] == pytest.approx(2 + 1.959964) and mean(np.array([1.0]))["low"] == 1


def test_nothing_but_finite_numbers_reaches_json():
    found = plain({"a": float("nan"), "b": [np.float64("inf"), np.int64(3)], "c": (True, None, "x")})
    assert found == {"a": None, "b": [None, 3], "c": [True, None, "x"]}
