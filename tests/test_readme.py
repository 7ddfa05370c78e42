"""What the documents say is true: their code runs, their commands work, their links lead somewhere, their figures are the files'."""

import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest

from medenvs.cli import COMMANDS, main
from medenvs.core.loading import load
from medenvs.systems.catalog import CATALOG
from medenvs.worlds.calculators.registry import CALCULATORS, unverified
from medenvs.worlds.consultation.knowledge import SIZES, knowledge
from medenvs.worlds.consultation.personas import PERSONAS

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "DATA.md", "TRAINING.md", "RESULTS.md", "RESULTS_SEPSIS.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
TEXT = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
README = TEXT["README.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TABLE = str(ROOT / "benchmarks" / "table.py")
SMALL = {"bench": ["--episodes", "2"]}


def blocks(name, language):
    return [body for kind, body in BLOCK.findall(TEXT[name]) if kind == language]


def inline(name):
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", TEXT[name]))


COMMAND_LINES = [code for code in inline("README.md") if code.startswith("medenvs ")]
MAKES = [code for code in inline("README.md") if code.startswith("gym.make(")]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the files that README speaks of."""
    monkeypatch.chdir(tmp_path)
    for body in blocks("README.md", "python"):
        if named := re.match(r"# (\w+\.py)\n", body):
            Path(named[1]).write_text(body, encoding="utf-8")
    environment = (ROOT / "examples" / "custom_environment.py").read_text(encoding="utf-8")
    Path("my_env.py").write_text(environment + "\n\nMyEnv = TriageEnv\n", encoding="utf-8")
    columns = ("Calculator Name", "Output Type", "Note ID", "Patient Note", "Question", "Ground Truth Answer", "Lower Limit", "Upper Limit")
    row = ("Anion Gap", "decimal", "n1", "Sodium 140, chloride 100, bicarbonate 24.", "What is the anion gap?", "16", "15.2", "16.8")
    Path("test_data.csv").write_text("\n".join(",".join(f'"{cell}"' for cell in line) for line in (columns, row)), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", DOCUMENTS)
def test_python_blocks_run_in_order(name, desk):
    namespace = {"__name__": "document"}
    for number, body in enumerate(blocks(name, "python"), 1):
        exec(compile(body, f"{name}, block {number}", "exec"), namespace)


def test_the_transcript_is_what_the_code_prints(capsys):
    code, shown = re.search(
        r"^```python\n([^`]*)^```\n\n<!-- transcript -->\n```text\n(.*?)^```$", README, re.DOTALL | re.MULTILINE
    ).groups()
    exec(compile(code, "README.md, the consultation", "exec"), {"gym": gym})
    assert capsys.readouterr().out == shown


# what ends otherwise, as the text around it says: a judge that fails, a server that is a placeholder, a table that nobody ships
ENDS = {"medenvs judge check --scripted": 1, "medenvs judge check --endpoint URL --model NAME": 2, "medenvs data mimic MIMICtable.csv": 2}


def test_the_readme_shows_code_and_commands():
    assert len(blocks("README.md", "python")) >= 4 and len(COMMAND_LINES) >= 4 and MAKES


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_commands_work(line, desk, monkeypatch, capsys):
    _, command, *rest = shlex.split(line)
    typed = desk / "typed"
    typed.write_text("5\n", encoding="utf-8")
    with typed.open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        code = main([command, *rest, *SMALL.get(command, [])])
    said = capsys.readouterr()
    assert code == ENDS.get(line, 0) and (said.err if code == 2 else said.out)
    if "--out" in rest:
        results = json.loads((desk / rest[rest.index("--out") + 1] / "results.json").read_text(encoding="utf-8"))
        assert rest[rest.index("--agent") + 1] in {r["agent"] for r in results["rows"]}


@pytest.mark.parametrize("code", MAKES)
def test_inline_makes_work(code, desk):
    env = eval(code, {"gym": gym, "__builtins__": {}})
    if env.spec.kwargs.get("data"):
        env.reset(seed=0, options={"case": 0})
        assert env.step("<answer>16</answer>")[1] == 1.0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_that_are_named_exist(name):
    shown = inline(name) + [line for body in blocks(name, "bash") for line in body.splitlines()]
    named = [words.split()[0] for code in shown for words in re.findall(r"(?:^|[ /])medenvs ([a-z].*)", code)]
    assert set(named) <= set(COMMANDS)


def test_the_console_script_is_the_same_program():
    lists = subprocess.run([sys.executable, "-m", "medenvs.cli", "list"], capture_output=True, text=True, check=True).stdout
    assert all(row.id in lists for row in CATALOG)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_relative_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", TEXT[name]):
        assert re.match(r"https?://", target) or (ROOT / target).exists(), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_are_named_exist(name, desk):
    example = re.compile(r"my_\w+\.py|file\.py|test_data\.csv|.*<\w+>.*|utils\.py|common\.py|helpers\.py|.*/records/.*")
    for code in inline(name):
        path = code.partition(":")[0]
        if re.fullmatch(r"[\w./-]+\.(?:py|json|md|txt|cfg|toml|cff|csv)", path) and not example.fullmatch(path):
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize(("marker", "holds"), [("<!-- run -->", "medenvs bench quick"), ("<!-- test -->", "nox")])
def test_each_marked_command_stands_once_and_alone(marker, holds):
    assert README.count(marker) == 1
    body = re.search(rf"^{marker}\n```bash\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)[1]
    assert body.count("\n") == 1 and holds in body and "-m venv" in body


def test_the_table_of_environments_is_the_catalogue():
    part = README.partition("\n## Environments\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(medenvs/[^`]+)` \|", part, re.MULTILINE) == [row.id for row in CATALOG]
    assert set(re.findall(r"medenvs/[A-Z]\w*-v\d+", "".join(TEXT.values()))) <= {row.id for row in CATALOG}


def test_the_number_of_calculators_is_the_registrys():
    assert re.findall(r"one of (\d+) clinical", README) == [str(len(CALCULATORS))]
    assert not {c.id for c in CALCULATORS} & set(unverified())


def test_the_measured_tables_are_what_the_results_say():
    results, rewritten, sections = (load(f"{TABLE}:{name}") for name in ("results", "rewritten", "SECTIONS"))
    for name in sections:
        assert rewritten(name, TEXT[name], results()) == TEXT[name], "run: python benchmarks/table.py"


def test_a_row_stands_for_each_result_that_is_there(tmp_path):
    results, rewritten, speed = (load(f"{TABLE}:{name}") for name in ("results", "rewritten", "speed"))
    one = {"ours": 0.25, "anchor": 0.2, "versions": {"python": "3.11.0"}, "hardware": "a machine", "date": "2025-01-01"}
    (tmp_path / "import_time.json").write_text(json.dumps(one), encoding="utf-8")
    text = speed(results(tmp_path))
    assert text.count("| 0.25 | 0.2 (`import gymnasium`) | 1.25 |") == 1
    filled = rewritten("README.md", README, results(tmp_path))
    assert text in filled and rewritten("README.md", filled, {}) == rewritten("README.md", README, {})
    assert "not installed" in speed({"import_time": one | {"anchor": None}})
    with pytest.raises(ValueError, match="exactly once"):
        rewritten("README.md", "# no marker", {})


def test_no_exploit_earns_more_than_the_blind_policy():
    rows = [r for r in load(f"{TABLE}:results")()["exploits"]["rows"] if r["track"] == "text"]
    cheats = [r for r in rows if r["agent"].startswith("exploits.py")]
    assert len(cheats) == 7 and all(r["over_blind"]["high"] < 0 for r in cheats)


def test_notebook_names_only_files_and_commands_that_exist():
    notebook = json.loads((ROOT / "examples" / "first_steps.ipynb").read_text(encoding="utf-8"))
    prose = "".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    for name in re.findall(r"`(\w+\.py)`", prose):
        assert (ROOT / "examples" / name).exists(), name
    assert set(re.findall(r"`medenvs ([a-z]+)", prose)) <= set(COMMANDS)


def test_the_consultations_world_is_as_large_as_is_said():
    """Every count of what it holds, in documents and cards, is that of one of its sizes; those of the full one are all told."""
    cards = {row.id: importlib.import_module(row.module).__doc__ for row in CATALOG if row.family == "consultation"}
    told = " ".join("\n".join((*TEXT.values(), *cards.values())).split())
    stated = set(re.findall(r"\b((?:\d+|[a-z]+)) (diseases|findings|contraindications|personas|manners)\b", told))
    stated = {(number, what) for number, what in stated if number.isdigit() or number in NUMBERS}
    counted = {size: _counted(knowledge(size)) for size in SIZES}
    assert counted["full"] <= stated <= set().union(*counted.values())
    tiny = {what: number for number, what in counted["tiny"]}
    assert f'"tiny" ({tiny["diseases"]}, {tiny["findings"]})' in cards["medenvs/Consultation-v0"]


NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _counted(kb):
    """Return (number, what) of all that is counted in a world."""
    parts = {"diseases": kb.diseases, "findings": kb.findings, "contraindications": kb.rules}
    manners = NUMBERS[len(PERSONAS)]
    return {(str(len(rows)), what) for what, rows in parts.items()} | {(manners, "personas"), (manners, "manners")}
