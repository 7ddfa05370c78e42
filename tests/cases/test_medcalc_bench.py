"""Files in MedCalc-Bench's public columns: played by the same rules, and refused with row and column where they are not."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import medenvs  # noqa: F401
from medenvs.core.errors import BadData, MissingExtra, UnknownName

COLUMNS = [
    "Row Number",
    "Calculator ID",
    "Calculator Name",
    "Category",
    "Output Type",
    "Note ID",
    "Note Type",
    "Patient Note",
    "Question",
    "Relevant Entities",
    "Ground Truth Answer",
    "Lower Limit",
    "Upper Limit",
    "Ground Truth Explanation",
]


def row(number: int, **changes: Any) -> dict[str, Any]:
    base = (
        number,
        2,
        "Creatinine Clearance",
        "lab test",
        "decimal",
        f"note-{number // 2}",
        "Extracted",
        "A 60-year-old man …",
        "What is it?",
        "{}",
    )
    found = dict(zip(COLUMNS, (*base, "36.7", "34.865", "38.535", "Step 1.\nStep 2."), strict=True))
    return {**found, **changes}


def written(path: Path, rows: list[dict[str, Any]]) -> str:
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


ROWS = [row(i) for i in range(60)]


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
def test_rows_are_played_by_the_same_rules(tmp_path: Path, ending: str) -> None:
    env = gym.make("medenvs/MedCalc-v0", data=written(tmp_path / f"rows.{ending}", ROWS))
    observation, _ = env.reset(seed=1)
    assert observation.startswith("Clinical note:\nA 60-year-old man …\n\nQuestion: What is it?")
    assert env.step("<answer>38.5</answer>")[1] == 1.0
    env.reset()
    assert env.step("<answer>38.6</answer>")[1] == 0.0


@pytest.mark.parametrize(
    ("changes", "answer", "right"),
    [
        ({"Ground Truth Answer": "-7.0", "Lower Limit": "-6.65", "Upper Limit": "-7.35"}, "-7.3", True),  # swapped limits
        ({"Ground Truth Answer": "4", "Lower Limit": "4", "Upper Limit": "4", "Output Type": "integer"}, "4.4", True),
        ({"Ground Truth Answer": "4", "Lower Limit": "4", "Upper Limit": "4", "Output Type": "integer"}, "4.6", False),
        (
            {"Ground Truth Answer": "12/17/2024", "Lower Limit": "12/17/2024", "Upper Limit": "12/17/2024", "Output Type": "date"},
            "2024-12-17",
            True,
        ),
        ({"Ground Truth Answer": "('9 weeks', '3 days')", "Lower Limit": "", "Upper Limit": "", "Output Type": "integer"}, "(9, 3)", True),
        ({"Lower Limit": "", "Upper Limit": ""}, "36", True),
    ],
)
def test_kinds_and_limits(tmp_path: Path, changes: dict[str, str], answer: str, right: bool) -> None:
    env = gym.make("medenvs/MedCalc-v0", data=written(tmp_path / "rows.csv", [row(i, **changes) for i in range(30)]))
    env.reset(seed=0)
    assert env.step(f"<answer>{answer}</answer>")[4]["terms"]["correct"] == float(right)


def test_rows_of_one_note_stand_in_one_split(tmp_path: Path) -> None:
    cases = gym.make("medenvs/MedCalc-v0", data=written(tmp_path / "rows.csv", ROWS)).unwrapped.system.cases  # type: ignore[attr-defined]
    assert all(cases.split_of(i) == cases.split_of(i + 1) for i in range(0, 60, 2))
    assert len({cases.split_of(i) for i in range(60)}) >= 2


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{k: v for k, v in row(0).items() if k != "Question"}], r"row 1: no column 'Question'. Expected columns: Calculator Name, "),
        ([row(0), row(1, **{"Ground Truth Answer": "high"})], r"row 2: column 'Ground Truth Answer' holds 'high'"),
        ([row(0, **{"Lower Limit": "40"})], r"row 1: the truth 36.7 lies outside its limits"),
        ([], "no rows"),
    ],
)
def test_malformed_rows_are_named(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(BadData, match=message):
        gym.make("medenvs/MedCalc-v0", data=written(tmp_path / "rows.json", rows))


def test_files_that_are_not_there_or_not_data(tmp_path: Path) -> None:
    written(tmp_path / "test_data.csv", ROWS)
    with pytest.raises(UnknownName, match=r"Did you mean .*test_data.csv"):
        gym.make("medenvs/MedCalc-v0", data=str(tmp_path / "test_dat.csv"))
    (tmp_path / "rows.txt").write_text("x")
    with pytest.raises(UnknownName, match="data file ending"):
        gym.make("medenvs/MedCalc-v0", data=str(tmp_path / "rows.txt"))
    (tmp_path / "deep.json").write_text("[" * 100 + "]" * 100)
    with pytest.raises(BadData, match="nested deeper"):
        gym.make("medenvs/MedCalc-v0", data=str(tmp_path / "deep.json"))


def test_optional_packages_are_named(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"medenvs\[data\]"):
            gym.make("medenvs/MedCalc-v0", data=str(tmp_path / "rows.parquet"))
    try:
        import datasets  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"medenvs\[hub\]"):
            gym.make("medenvs/MedCalc-v0", data="hf:ncbi/MedCalc-Bench")


def test_procedural_options_do_not_mix_with_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leave them out"):
        gym.make("medenvs/MedCalc-v0", data=written(tmp_path / "rows.csv", ROWS), difficulty=3)
