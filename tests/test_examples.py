"""The notebook, the scripts of examples/ and the programs of agents/ run, and give what they promise."""

import json
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

from medenvs.core.loading import load
from medenvs.evaluation.agents import contender
from medenvs.evaluation.conformance import check, target

ROOT = Path(__file__).parent.parent
EXAMPLES, AGENTS = ROOT / "examples", ROOT / "agents"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SCRIPTS = {
    EXAMPLES / "bedside_monitor.py": [],
    EXAMPLES / "custom_agent.py": ["5"],
    EXAMPLES / "custom_environment.py": [],
    AGENTS / "note_reader.py": ["--episodes", "20", "--difficulty", "1"],
    AGENTS / "exploits.py": ["--episodes", "20"],
    AGENTS / "consultation_exploits.py": ["--episodes", "6"],
}
TRAINING = {AGENTS / f"{name}.py" for name in ("ppo", "offline", "constrained_offline")}  # run by tests of their own under tests/agents


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_run(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_stored_without_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert any("assert " in "".join(cell["source"]) for cell in code)


@pytest.mark.parametrize(("path", "words"), SCRIPTS.items(), ids=lambda x: getattr(x, "name", ""))
def test_scripts_run(path, words, tmp_path):
    done = subprocess.run([sys.executable, str(path), *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
    assert not list(tmp_path.iterdir())


def test_every_program_is_run_here():
    assert {*EXAMPLES.glob("*.py"), *AGENTS.glob("*.py")} == {*SCRIPTS, *TRAINING}


def test_the_picture_in_the_readme_is_what_the_program_draws(tmp_path):
    image = pytest.importorskip("PIL.Image")
    frame, write = (load(f"{EXAMPLES / 'bedside_monitor.py'}:{name}") for name in ("frame", "write"))
    pixels, chart = frame()
    write(pixels, tmp_path / "again.png")
    kept, again = (
        np.asarray(image.open(file).convert("RGB"), float) for file in (EXAMPLES / "bedside_monitor.png", tmp_path / "again.png")
    )
    assert kept.shape == again.shape and np.abs(kept - again).mean() < 2  # letters may differ a little with Pillow's version
    assert (EXAMPLES / "bedside_monitor.png").stat().st_size < 80_000
    assert chart["hour"] == 72 and frame(hour=0)[1]["map"] < 55


def test_the_custom_environment_passes_every_check():
    assert [f for f in check(target(f"{EXAMPLES / 'custom_environment.py'}:TriageEnv")) if not f.passed] == []


def test_the_custom_agent_is_in_its_own_table():
    assert r"custom\_agent.py:FirstNumber" in load(f"{EXAMPLES / 'custom_agent.py'}:main")(2)


def test_the_reader_reads_and_falls_behind_where_notes_get_harder():
    score = load(f"{AGENTS / 'note_reader.py'}:score")
    means = [score(400, 0, level) for level in (1, 2, 3, 4, 5)]
    assert min(means[:2]) > 0.5 and means[1] > means[2] > means[3] > means[4] > 0.15 and means[2] < 0.55


def test_the_reader_sees_public_text_only():
    who = contender(f"{AGENTS / 'note_reader.py'}:NoteReader")
    source = (AGENTS / "note_reader.py").read_text(encoding="utf-8")
    assert not who.privileged and who.tracks == ("text",)
    assert "from medenvs" not in source and "import medenvs" not in source and "reveal" not in source
    note = "A 30-year-old man. Sodium was 140 mmol/L. The chloride came back at 100 mmol/L; bicarbonate 24 mEq/L."
    assert who.make().act(f"{note}\n\nanion gap?", {}) == "<answer>16</answer>"
    assert who.make().act("", {}) == who.make().act("\ud800\n\nBMI?", {}) == "<answer>2</answer>"
