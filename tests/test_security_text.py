"""The security promises about text (SECURITY.md, same numbers): 6 what is shown, 7 secrets, 9 what is read."""

import ast
import contextlib
import importlib
import io
import json
import pkgutil
import re
import sys
from pathlib import Path

import gymnasium as gym
import pytest
from rich.console import Console

import medenvs
from medenvs.cases.medcalc_bench import COLUMNS
from medenvs.cli import main
from medenvs.core.language import sanitised
from medenvs.core.markup import block
from medenvs.core.transcript import parse_json, read_jsonl, write_jsonl
from medenvs.envs.question.language import AnswerLanguage
from medenvs.evaluation.report import markdown, tables
from medenvs.policies.human import Human
from medenvs.policies.printable import printable
from medenvs.rewards.numbers import LONGEST
from medenvs.rewards.numbers import read as read_answer

ID = "medenvs/MedCalc-v0"
HOME = Path(medenvs.__file__).parent
SOURCES = {p.relative_to(HOME).as_posix(): p.read_text(encoding="utf-8") for p in HOME.rglob("*.py")}
CANARY = "canary-5e1f-7a22"
STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"


# 6. Terminal output loses control characters; tables are escaped.


def steers(text):
    return any(c in text for c in "\x1b\x07\x9b\u202e")


def test_the_terminal_shows_no_control_characters(tmp_path, capsys, monkeypatch):
    assert not steers(printable(STEERING)) and printable("a\tb\r\nc") == "a\tb\nc"
    screen = io.StringIO()
    Human(Console(file=screen, width=200)).show(f"note {STEERING}")
    assert "note" in screen.getvalue() and not steers(screen.getvalue())
    broken = f"import gymnasium\nclass Env(gymnasium.Env):\n    def __init__(self):\n        raise ValueError({STEERING!r})\n"
    (tmp_path / "env.py").write_text(broken, encoding="utf-8")
    data = tmp_path / "rows.jsonl"
    row = dict.fromkeys(COLUMNS.values(), f"Sodium {STEERING}") | {COLUMNS["output"]: "integer", COLUMNS["truth"]: "16"}
    write_jsonl(data, ({**row, COLUMNS["note_id"]: str(i)} for i in range(20)))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{STEERING}\n"))
    main(["check", f"{tmp_path / 'env.py'}:Env"])
    main(["card", STEERING])
    main([STEERING])
    main(["play", ID, "--seed", "0", "--option", f"data={data}"])
    main(["play", ID, "--option", f"difficulty={STEERING}"])
    out, err = capsys.readouterr()
    assert "ValueError" in out and "Sodium" in out and err and not steers(out + err)


def test_cells_are_escaped():
    interval = {"mean": 0.5, "low": 0.4, "high": 0.6}
    nasty = f"x|y<script>alert(1)</script>[a](javascript:b) `c` {STEERING}\n| 1 | forged |"
    row = {"title": nasty, "track": "text", "mode": "text", "agent": nasty, "episodes": 1, "return": interval, "terms": {nasty: 0.5}}
    row |= {"cost": interval, "costs": {}, "errors": 0, "rank": 1}
    doc = {"suite": nasty, "seeds": [0], "versions": {"medenvs": nasty}, "rows": [row]}
    text = markdown(doc)
    assert not steers(text) and not re.search(r"(?<!\\)[<`\[]", text.replace("[95 %]", ""))
    assert len([line for line in text.splitlines() if line.startswith("| ")]) == 3
    screen = io.StringIO()
    Console(file=screen, force_terminal=False, width=300).print(*tables(doc))
    assert not steers(screen.getvalue())


# 7. Secrets reach no log, result or traceback.


def test_a_canary_in_the_environment_goes_nowhere(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SOME_API_KEY", CANARY)
    agent = tmp_path / "leaky.py"
    agent.write_text(
        "import os\nKEY = os.environ['SOME_API_KEY']\nclass Raises:\n    def act(self, observation, info):\n"
        "        raise type('E' + KEY.replace('-', '_'), (Exception,), {})(KEY) if len(observation) % 2 else ValueError(KEY)\n"
        "class Says:\n    def act(self, observation, info):\n        return f'{KEY} <answer>{KEY}</answer>'\n"
        "class Returns:\n    def act(self, observation, info):\n        return [KEY]\n",
        encoding="utf-8",
    )
    agents = [word for name in ("Says", "Returns") for word in ("--agent", f"{agent}:{name}")]
    assert main(["bench", ID, "--episodes", "4", "--out", str(tmp_path / "out"), *agents, "--agent", f"{agent}:Raises"]) == 0
    assert main(["bench", ID, "--episodes", "4", "--out", str(tmp_path / "out"), *agents, "--json"]) == 0
    written = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").rglob("*") if p.is_file())
    out, err = capsys.readouterr()
    assert "leaky" in out and '"error": "ValueError"' in written and CANARY not in out + err + written
    assert str(tmp_path) not in written


def test_the_package_looks_into_the_environment_for_a_named_key_only():
    found = {p for p, text in SOURCES.items() if re.search(r"os\.(environ|getenv)|getpass|expanduser|Path\.home", text)}
    assert found == {"backends/endpoint.py"}
    assert re.findall(r"os\.environ\S*", SOURCES["backends/endpoint.py"]) == ["os.environ.get(self.key_env,"]


# 9. Text: sanitised once, written as ASCII, parsed in linear time.


def test_lone_surrogates_are_sanitised_once_at_the_boundary():
    env = gym.make(ID, obs_mode="messages")
    env.reset(seed=0)
    seen, *_, info = env.step("a\ud800b <answer>1</answer>\udfff")
    said = next(m["content"] for m in info["messages"] if m["role"] == "assistant")
    assert "\ufffd" in said and said.encode("utf-8") and json.dumps([seen, info["messages"]], ensure_ascii=False).encode("utf-8")
    assert sanitised("\U0001f600 \ud83d\ude00 \ude00") == "\U0001f600 \U0001f600 \ufffd"


def test_json_lines_are_ascii_and_come_back_as_they_were(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"text": c} for c in ("\ud800", "a\u2028b\x85c\x0bd", STEERING, "日本 é", "\x00\n\r", '"\\')]
    write_jsonl(path, rows)
    assert path.read_bytes().isascii() and list(read_jsonl(path)) == rows


def test_written_json_is_ascii():
    for path, text in SOURCES.items():
        written = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and ast.unparse(n.func) in ("json.dumps", "json.dump")]
        for call in written:
            words = {k.arg: ast.unparse(k.value) for k in call.keywords}
            assert words.get("ensure_ascii", "True") == "True", f"{path}:{call.lineno}"


TAGS = ("<", "<answer>", "</answer>", "<answer>1</answer>")
HOSTILE = (*TAGS, "9", "9,", "1.", " ", "\n", "[", '{"a":', '"\\', "\ud800", "e", "-", "9/", "((")


@pytest.mark.parametrize("piece", HOSTILE)
def test_parsers_take_steps_in_proportion(piece):
    """Counted: lines and calls of Python; the patterns, whose steps Python does not count, are looked at below."""
    language = AnswerLanguage(None)

    def tried(text):
        with contextlib.suppress(ValueError):
            parse_json(text)

    for parse in (lambda t: language.parse("solver", t), lambda t: block(t, "answer"), read_answer, printable, sanitised, tried):
        short, long = (steps(parse, (piece * n)[:n]) for n in (10_000, 100_000))
        assert long <= 10.5 * short + 50


def steps(parse, text):
    """Return the number of lines and calls that Python executes for a text."""
    count = 0

    def tick(frame, event, argument):
        nonlocal count
        count += 1
        return tick

    before = sys.gettrace()
    sys.settrace(tick)
    try:
        parse(text)
    finally:
        sys.settrace(before)
    return count


def test_no_pattern_repeats_a_repetition():
    """Catastrophic backtracking needs an unbounded repeat inside another one; answers are cut to 64 characters besides."""
    parser = importlib.import_module("re._parser")
    patterns = {}
    for module in pkgutil.walk_packages([str(HOME)], "medenvs."):
        if module.name != "medenvs.backends.torch_lanes":
            found = {n: v for n, v in vars(importlib.import_module(module.name)).items() if isinstance(v, re.Pattern)}
            patterns.update({f"{module.name}.{n}": v for n, v in found.items()})
    assert len(patterns) >= 8 and LONGEST == 64
    assert [name for name, p in patterns.items() if nested(parser.parse(p.pattern, p.flags), parser.MAXREPEAT, False)] == []
    assert nested(parser.parse("(a+)+"), parser.MAXREPEAT, False) and not nested(parser.parse("(a{1,3})+b*"), parser.MAXREPEAT, False)


def nested(tree, unbounded, inside):
    """Return whether an unbounded repeat stands inside another one."""
    for kind, argument in tree:
        repeats = str(kind) in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] == unbounded
        if (repeats and inside) or any(nested(part, unbounded, inside or repeats) for part in subpatterns([argument])):
            return True
    return False


def subpatterns(parts):
    for part in parts:
        if part.__class__.__name__ == "SubPattern":
            yield part
        elif isinstance(part, (list, tuple)):
            yield from subpatterns(part)


def test_any_text_is_a_legal_action():
    env = gym.make(ID)
    answers = ("\u0661", "1e999", "1" * 65, "((1, 2))", "")
    for text in ("", "\ud800", "x" * 1_000_000, STEERING, *(tag * 10_000 for tag in TAGS), *(f"<answer>{a}</answer>" for a in answers)):
        env.reset(seed=0)
        _, reward, terminated, _, info = env.step(text)
        assert reward == -0.1 and terminated and info["terms"]["invalid"] == 1.0
