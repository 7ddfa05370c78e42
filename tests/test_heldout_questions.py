"""How held-out questions are counted, tried on questions that are not held out."""

import hashlib
import json
from pathlib import Path

import pytest

from medenvs.core.loading import load

ROOT = Path(__file__).parent.parent
LEARNED = ROOT / "tests" / "data" / "consultation_questions_learned.jsonl"


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        names = ("Answered", "Patient", "main", "measured", "outcome", "wilson", "heldout", "checked")
        yield {name: load(f"{ROOT / 'benchmarks' / 'heldout_questions.py'}:{name}") for name in names}


def row(kind, topics=(), slot="present", text="?", history=()):
    return {"kind": kind, "history": list(history), "text": text, "topics": list(topics), "slot": slot}


def test_what_counts_as_right(script):
    heard, outcome = script["Answered"], script["outcome"]
    cough = heard(frozenset({"s_cough"}), "onset")
    assert outcome(row("in_scope", ["s_cough", "s_fever"], "onset"), cough) == "right"
    assert outcome(row("in_scope", ["s_cough"], "present"), cough) == "wrong"  # another slot
    assert outcome(row("negated", ["s_fever"], "onset"), cough) == "wrong"
    assert outcome(row("compound", ["s_cough", "s_fever"]), cough) == "wrong"  # one of two was answered
    assert outcome(row("compound", ["s_cough", "s_fever"]), "asked_back") == "right"
    assert outcome(row("out_of_scope"), cough) == "wrong" and outcome(row("out_of_scope"), "none") == "right"
    assert (
        outcome(row("out_of_scope"), "follows nothing") == "wrong" and outcome(row("follow_up", ["s_cough"]), "follows nothing") == "none"
    )
    assert outcome(row("in_scope", ["s_cough"]), "asked_back") == "asked_back"


def test_a_patient_hears_follow_ups_after_their_history(script):
    patient = script["Patient"]()
    found = patient.hear(["Have you had a cough?"], "When did it start?")
    assert "s_cough" in found.topics and found.slot == "onset"
    assert patient.hear(["Have you had a cough?", "Do you have a fever?"], "When did it start?").topics == {"s_fever"}
    assert patient.hear([], "When did it start?") == "follows nothing"
    assert patient.hear([], "What is your favourite colour?") == "none"
    assert patient.hear([], "Any nausea? Any headaches?") == "asked_back"


def test_an_order_is_known_by_all_that_it_shows(script):
    patient = script["Patient"]()
    test = next(iter(patient.kernel.kb.tests.values())).name
    heard = patient.hear([], test)
    shown = {f for f, row in patient.kernel.kb.findings.items() if row.test in heard.topics}
    assert shown and shown < heard.topics


@pytest.mark.parametrize(("hits", "n", "low", "high"), [(5, 10, 0.2366, 0.7634), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)])
def test_intervals_are_wilsons(script, hits, n, low, high):
    found = script["wilson"](hits, n)
    assert found == pytest.approx({"share": hits / n, "low": low, "high": high}, abs=1e-4)


def test_rates_of_known_questions(script, capsys, tmp_path, monkeypatch):
    lines = LEARNED.read_text(encoding="utf-8").splitlines()[::6]
    (tmp_path / "consultation_questions_some.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setitem(script["main"].__globals__, "RESULTS", tmp_path)
    assert script["main"](["--file", str(tmp_path / "consultation_questions_some.jsonl"), "--save"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "some_questions.json").read_text(encoding="utf-8")) == found
    rows = [json.loads(line) for line in lines]
    assert found["questions"] == len(rows) and found["file"] == "consultation_questions_some.jsonl" and not found["sha256"]
    assert {r["kind"] for r in rows} < set(found["rates"]) and "follow_up, onset" in found["rates"]
    for shares in found["rates"].values():
        assert sum(shares[name]["share"] for name in ("right", "wrong", "asked_back", "none")) == pytest.approx(1)
    assert found["rates"]["answerable"]["n"] == sum(r["kind"] not in ("compound", "out_of_scope") for r in rows)
    assert len(found["targets"]) == 3 and found["rates"]["answerable"]["right"]["share"] > 0.5


def test_files_must_be_those_that_were_committed(script, tmp_path):
    line = json.dumps(row("out_of_scope", text="What is your favourite colour?")) + "\n"
    (tmp_path / "some.jsonl").write_text(line, encoding="utf-8")
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(line.encode()).hexdigest()}  some.jsonl\n", encoding="utf-8")
    rows, sums = script["heldout"](tmp_path)
    assert len(rows) == 1 and set(sums) == {"some.jsonl"}
    (tmp_path / "some.jsonl").write_text(line + line, encoding="utf-8")
    with pytest.raises(ValueError, match="never edited"):
        script["heldout"](tmp_path)
    (tmp_path / "some.jsonl").unlink()
    with pytest.raises(ValueError, match="git checkout"):
        script["heldout"](tmp_path)


@pytest.mark.parametrize("change", [{"kind": "other"}, {"slot": "when"}, {"topics": "s_cough"}, {"history": [1]}, {"text": None}])
def test_rows_without_their_fields_are_refused(script, change):
    with pytest.raises(ValueError, match="line 1"):
        script["checked"](row("in_scope") | change, "line 1")
