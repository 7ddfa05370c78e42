"""The command line, called as a person calls it."""

import io
import json
import sys

import pytest

from medenvs.cli import _option, main
from medenvs.evaluation.report import markdown

ID = "medenvs/MedCalc-v0"


def called(capsys, *words):
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def typed(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_list(capsys):
    code, out, _ = called(capsys, "list")
    assert code == 0 and ID in out and "\x1b" not in out
    found = json.loads(called(capsys, "list", "--json")[1])
    assert found["environments"][0]["id"] == ID and "quick" in found["suites"] and "gold" in found["agents"]


def test_card(capsys):
    assert "Episode end" in called(capsys, "card", ID)[1]
    assert next(iter(json.loads(called(capsys, "card", ID, "--json")[1])["sections"])) == "Description"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chek", ID), "'check'"),
        (("card", "medenvs/MedCal-v0"), ID),
        (("play", "medenvs/Nothing-v0"), ID),
        (("play", ID, "--mode", "tex"), "'text'"),
        (("play", ID, "--split", "tset"), "'test'"),
        (("play", ID, "--option", "dificulty=3"), "'difficulty'"),
        (("play", ID, "--option", "difficulty=9"), "1, 2, 3, 4, 5"),
        (("play", ID, "--option", "difficulty"), "NAME=VALUE"),
        (("play", ID, "--option", "obs_mode=text"), "--mode"),
        (("play", ID, "--case", "-4"), "case"),
        (("play", ID, "--seed", "-1"), "seed"),
        (("bench", "quik"), "'quick'"),
        (("bench", "quick", "--agent", "gld"), "'gold'"),
        (("bench", "quick", "--agent", "nowhere/agent.py:X"), "agent.py"),
        (("bench", "quick", "--agent", "no_such_module:X"), "no_such_module"),
        (("bench", "quick", "--episodes", "0"), "1 to"),
        (("check", "medenvs/MedCal-v0"), ID),
    ],
    ids=" ".join,
)
def test_what_does_not_exist_is_one_line_with_the_nearest_name(capsys, words, said):
    code, out, err = called(capsys, *words)
    assert code == 2 and err.startswith("medenvs: ") and said in err and err.count("\n") == 1 and "Traceback" not in out + err


def test_options_are_literals_or_text_and_never_run():
    assert [_option(t) for t in ("a=3", "a=None", "a=['x']", "a=plain", "a=__import__('os')", "a=", "a=" + "[" * 900)][:5] == [
        ("a", 3),
        ("a", None),
        ("a", ["x"]),
        ("a", "plain"),
        ("a", "__import__('os')"),
    ]


def test_play_shows_terms_answer_and_explanation(capsys, monkeypatch):
    typed(monkeypatch, "1\n")
    code, out, _ = called(capsys, "play", ID, "--seed", "3")
    assert code == 0 and all(part in out for part in ("Question:", "correct", "return", "Right answer", "Rule:"))


def test_play_in_json_and_by_case(capsys, monkeypatch):
    typed(monkeypatch, "5\n")
    code, out, err = called(capsys, "play", ID, "--case", "5", "--json")
    result = json.loads(out)
    assert code == 0 and result["case"] == 5 and result["finished"] and "Question" in err
    typed(monkeypatch, result["answer"] + "\n")
    assert json.loads(called(capsys, "play", ID, "--case", "5", "--json")[1])["return"] == 1.0


def test_leaving_early_is_polite_and_keeps_the_answer(capsys, monkeypatch):
    typed(monkeypatch, "")
    code, out, _ = called(capsys, "play", ID, "--seed", "3")
    assert code == 0 and "You left" in out and "Right answer" not in out


def test_bench_prints_the_table_of_its_json(capsys, tmp_path):
    words = ("bench", "quick", "--episodes", "10", "--out", str(tmp_path))
    code, out, err = called(capsys, *words)
    assert code == 0 and "results.json" in err
    code, as_json, err = called(capsys, *words, "--json")
    doc = json.loads(as_json)
    assert err == "" and markdown(doc).strip() == out.strip() == (tmp_path / "results.md").read_text(encoding="utf-8").strip()
    assert json.loads((tmp_path / "results.json").read_text()) == doc
    assert {r["episodes"] for r in doc["rows"]} == {10} and doc["schema"] == 1 and doc["hardware"] and doc["versions"]["medenvs"]
    assert str(tmp_path) not in as_json


def test_bench_takes_several_seeds_and_an_agent_of_mine(capsys, tmp_path):
    agent = tmp_path / "my_agent.py"
    agent.write_text("class AlwaysOne:\n    def act(self, observation, info):\n        return '<answer>1</answer>'\n")
    words = (
        "bench",
        ID,
        "--episodes",
        "5",
        "--seed",
        "1",
        "--seed",
        "2",
        "--agent",
        f"{agent}:AlwaysOne",
        "--out",
        str(tmp_path / "out"),
        "--json",
    )
    doc = json.loads(called(capsys, *words)[1])
    mine = next(r for r in doc["rows"] if r["agent"] == "my_agent.py:AlwaysOne")
    constant = next(r for r in doc["rows"] if r["agent"] == "constant" and r["mode"] == "text")
    assert mine["episodes"] == 10 and mine["return"] == constant["return"]
    assert "--agent my_agent.py:AlwaysOne --seed 1 --seed 2 --episodes 5" in doc["command"]


def test_check_says_what_fails(capsys, tmp_path):
    file = tmp_path / "my_env.py"
    file.write_text("import gymnasium\n\nclass Mine(gymnasium.Env):\n    pass\n")
    code, out, _ = called(capsys, "check", f"{file}:Mine")
    assert code == 1 and "FAIL  gymnasium finds nothing" in out and "of 13 checks passed" in out
    found = json.loads(called(capsys, "check", "CartPole-v1", "--json")[1])
    assert all(f["passed"] for f in found) and {"check", "passed", "detail"} == set(found[0])
