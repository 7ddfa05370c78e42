"""One test for each sentence of the security promises (SECURITY.md, same numbers) that applies to what exists: 1 to 5 and 8.

6, 7 and 9 stand in test_security_text.py; the client of 5 in tests/backends, the refusals of 8 and the judge of 9 in tests/rewards. Not yet
applicable, for nothing of the kind exists, and tests below fail once it does: of 2 arrays, weights, YAML and XML; 3 index files; of 4
archives and DICOM; of 5 servers; of 6 pages and CSV output; of 8 credentialed sources among the environments.
"""

import ast
import csv
import importlib
import json
import re
import socket
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

import medenvs
from medenvs.cases.medcalc_bench import COLUMNS
from medenvs.cli import main
from medenvs.core.errors import BadData, MedenvsError, UnknownName
from medenvs.core.language import sanitised
from medenvs.core.transcript import parse_json
from medenvs.evaluation.report import markdown
from medenvs.evaluation.report import read as read_results
from medenvs.systems.catalog import CATALOG, MULTI, entry

ID = "medenvs/MedCalc-v0"
HOME = Path(medenvs.__file__).parent
TREES = {p.relative_to(HOME).as_posix(): ast.parse(p.read_text(encoding="utf-8")) for p in HOME.rglob("*.py")}
ROW = {
    "Calculator Name": "Anion Gap",
    "Output Type": "decimal",
    "Note ID": "n1",
    "Patient Note": "Sodium 140.",
    "Question": "What is the anion gap?",
    "Ground Truth Answer": "16",
    "Lower Limit": "15.2",
    "Upper Limit": "16.8",
}


def calls(tree):
    """Return {dotted name of what is called: the calls}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found.setdefault(ast.unparse(node.func), []).append(node)
    return found


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names)


def importers(*names):
    return {path for path, tree in TREES.items() if any(i == n or i.startswith(n + ".") for i in imports(tree) for n in names)}


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A Python file that leaves a mark when it is run; return (its specification, whether it was)."""
    monkeypatch.chdir(tmp_path)
    Path("evil.py").write_text("import pathlib\npathlib.Path('ran').touch()\nclass Evil:\n    pass\n", encoding="utf-8")
    return "evil.py:Evil", lambda: Path("ran").exists()


def table(path, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)
    return str(path)


# 1. What comes from outside is looked up, never loaded.


def test_only_agents_and_checks_of_the_command_line_load_what_they_are_told():
    loaders = {path for path, tree in TREES.items() if any(i.endswith("loading.load") for i in imports(tree))}
    assert loaders == {"evaluation/agents.py", "evaluation/subject.py"}
    assert importers("runpy", "imp", "code", "codeop") == set()


def test_imports_by_name_take_names_of_the_catalogue_or_of_the_code():
    dynamic = {p: [ast.unparse(c.args[0]) for c in calls(t).get("importlib.import_module", [])] for p, t in TREES.items()}
    free = {p: [a for a in args if not re.fullmatch(r"'[\w.]+'", a)] for p, args in dynamic.items()}
    assert {p: set(a) for p, a in free.items() if a} == {
        "core/loading.py": {"name"},
        "evaluation/card.py": {"row.module"},
        "systems/catalog.py": {"row.module"},
    }
    assert all(row.module.startswith("medenvs.systems.") for row in (*CATALOG, *MULTI))


def test_a_specification_inside_results_is_a_name_and_nothing_else(trap, tmp_path):
    spec, ran = trap
    out = tmp_path / "out"
    assert main(["bench", ID, "--episodes", "2", "--out", str(out), "--json"]) == 0
    doc = json.loads((out / "results.json").read_text())
    for row in doc["rows"]:
        row.update(agent=spec, id=spec, title=spec, source=spec)
    (out / "results.json").write_text(json.dumps(doc))
    assert "evil" in markdown(read_results(out / "results.json")) and not ran()
    for lines in (out / "episodes").iterdir():
        rows = [json.loads(line) | {"id": spec, "agent": spec, "track": spec} for line in lines.read_text().splitlines()]
        lines.write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert main(["bench", ID, "--episodes", "3", "--out", str(out), "--json"]) == 0 and not ran()


@pytest.mark.parametrize("make", [entry, lambda s: gym.make(ID, calculators=[s]), lambda s: gym.make(ID, data=s)])
def test_ids_calculators_and_data_are_looked_up(trap, make):
    spec, ran = trap
    with pytest.raises(UnknownName):
        make(spec)
    assert not ran()


def test_a_specification_inside_a_row_is_text(trap, tmp_path):
    spec, ran = trap
    path = table(tmp_path / "rows.csv", {"Calculator Name": spec, "Note ID": spec, "Question": spec})
    env = gym.make(ID, data=path)
    note, _ = env.reset(seed=0, options={"case": 0})
    assert spec in note and env.step("<answer>16</answer>")[1] == 1.0 and not ran()


def test_malformed_rows_are_named(tmp_path):
    with pytest.raises(MedenvsError, match="row 2"):
        gym.make(ID, data=table(tmp_path / "rows.csv", {}, {"Ground Truth Answer": "__import__('os')"}))
    assert set(COLUMNS.values()) == set(ROW)


# 2. Nothing is unpickled or evaluated; JSON has a depth cap.


def test_nothing_is_unpickled_or_evaluated():
    forbidden = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
    assert {p: found for p, t in TREES.items() if (found := forbidden & set(calls(t)))} == {}
    assert importers("pickle") == {"evaluation/general_checks.py"}  # a round trip of an environment made by the check itself
    (load,) = calls(TREES["evaluation/general_checks.py"])["pickle.loads"]
    assert ast.unparse(load.args[0]) == "pickle.dumps(live)"
    assert importers("marshal", "shelve", "dill", "cloudpickle", "joblib", "subprocess", "ctypes") == set()


def test_arrays_and_weights_are_read_without_pickles_and_yaml_and_xml_not_yet():
    for path, name, said in (
        ("cases/logged_file.py", "np.load", "allow_pickle=False"),
        ("learning/checkpoint.py", "torch.load", "weights_only=True"),
    ):
        assert {p for p, tree in TREES.items() if name in calls(tree)} == {path}
        assert all(said in [ast.unparse(k) for k in call.keywords] for call in calls(TREES[path])[name])
    for path, tree in TREES.items():
        assert not set(calls(tree)) & {"numpy.load", "yaml.load", "np.fromfile", "pd.read_pickle"}, path
    assert importers("yaml", "xml", "defusedxml", "safetensors") == set()


def test_literals_are_read_under_a_length_cap(capsys):
    assert {p for p, t in TREES.items() if "ast.literal_eval" in calls(t)} == {"cli.py"}
    assert main(["play", ID, "--option", "difficulty=" + "(" * 100_000]) == 2
    assert main(["play", ID, "--option", "difficulty=__import__('os').getcwd()"]) == 2
    assert "2000" in capsys.readouterr().err


def test_json_has_a_depth_cap(tmp_path):
    assert parse_json("[" * 32 + "]" * 32) and parse_json(json.dumps("[" * 100)) == "[" * 100
    for deep in ("[" * 33 + "]" * 33, '{"a":' * 100_000 + "1" + "}" * 100_000, '["\\"", ' + "[" * 1_000_000):
        with pytest.raises(ValueError, match="nested deeper"):
            parse_json(deep)
    path = tmp_path / "results.json"
    path.write_text("[" * 100_000)
    with pytest.raises(BadData):
        read_results(path)
    rows = tmp_path / "rows.json"
    rows.write_text("[" * 100_000)
    with pytest.raises(BadData):
        gym.make(ID, data=str(rows))


def test_json_from_outside_passes_the_cap():
    parsers = {p for p, t in TREES.items() if {"json.loads", "json.load", "json.JSONDecoder"} & set(calls(t))}
    package_data = {
        f"worlds/{p}.py" for p in ("calculators/registry", "consultation/knowledge", "consultation/hearing_words", "vignettes/words")
    } | {"systems/sepsis_references.py"}
    assert parsers == {"core/transcript.py"} | package_data


def test_remote_code_has_no_switch():
    assert not any("trust_remote_code" in p.read_text(encoding="utf-8") for p in HOME.rglob("*.py"))


# 3, 4, 5, 6, 8: what does not exist yet; whoever adds it adds its test.


def test_two_archives_are_read_and_no_page_server_or_index_exists_yet_and_one_client_does():
    assert importers("tarfile", "gzip", "pydicom", "mmap") == set()
    assert importers("zipfile") == {  # named members, streamed or capped; tests/worlds and tests/cases hold their promises
        "worlds/tabular/icu_sepsis.py",
        "cases/logged_file.py",
    }
    assert importers("shutil") == {"cases/logged_file.py"}
    assert {call for call in calls(TREES["cases/logged_file.py"]) if call.startswith("shutil")} == {"shutil.rmtree"}
    assert importers("requests", "httpx", "aiohttp", "socketserver", "fastapi", "webbrowser", "html") == set()
    assert importers("urllib", "http", "socket") == {"backends/endpoint.py", "backends/exchange.py"}  # tests/backends holds its promises
    assert importers("urllib.request", "urllib.error", "http.server") == set()  # nothing that follows redirects or proxies
    assert importers("jinja2", "faiss", "pyserini", "numba") == set()
    assert not any({"csv.writer", "csv.DictWriter"} & set(calls(tree)) for tree in TREES.values())


def test_every_source_of_cases_is_open():
    assert not any(gym.make(row.id).unwrapped.system.cases.credentialed for row in CATALOG if row.at_hand)


# 4. Pictures are capped.


@pytest.mark.parametrize("text", ["", "a" * 1_000_000, "b\n" * 300_000, "word " * 50_000, "\x1b[2J", "\ud800"], ids=len)
def test_a_picture_has_one_size_whatever_it_shows(text):
    pytest.importorskip("PIL")
    picture = importlib.import_module("medenvs.views.picture").picture
    shown = picture(ID, sanitised(text))
    assert shown.shape == (640, 880, 3) and shown.dtype == np.uint8


# 5. URLs inside data are never fetched.


def test_urls_are_never_fetched(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("somebody reached for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    url = "http://example.org/x.csv"
    env = gym.make(ID, data=table(tmp_path / "rows.csv", dict.fromkeys(("Calculator Name", "Note ID", "Patient Note", "Question"), url)))
    note, _ = env.reset(seed=0, options={"case": 0})
    assert url in note
    env.step(f"{url} <answer>{url}</answer>")
    with pytest.raises(UnknownName):
        gym.make(ID, data=url)
