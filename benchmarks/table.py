"""The README's table of speeds: `python benchmarks/table.py` rewrites what stands between its marker and the next heading.

The figures are those of results/*.json. A benchmark without a committed result has no row, so no figure is stated that no file holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
MARKER = "<!-- speed -->"
_SECTION = re.compile(rf"(?<={MARKER}\n).*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_HEADER = ("what", "medenvs", "peer", "ratio")


class Row(NamedTuple):
    """A line: what is measured, where its figure stands, and the peer where one was measured on the same terms."""

    what: str
    file: str
    key: str = "ours"
    peer: str | None = None


ROWS = (
    Row("array rows a second, 1,024 rows, a pool of 65,536 cases, autoreset next-step", "vector_steps", "arrays_pool_NEXT_STEP"),
    Row("… same-step", "vector_steps", "arrays_pool_SAME_STEP"),
    Row("… disabled", "vector_steps", "arrays_pool_DISABLED"),
    Row("array rows a second, endless fresh cases, next-step", "vector_steps", "arrays_fresh_NEXT_STEP"),
    Row("… same-step", "vector_steps", "arrays_fresh_SAME_STEP"),
    Row("… disabled", "vector_steps", "arrays_fresh_DISABLED"),
    Row("text rows a second, 1,024 rows, every answer new", "vector_steps", "text_cold", "GEM, sync loop"),
    Row("… answers seen before", "vector_steps", "text_warm"),
    Row("… fresh cases, every answer new", "vector_steps", "text_fresh"),
    Row("single text episodes a second, every answer new", "single_steps", "cold", "GEM, single loop"),
    Row("… answers seen before", "single_steps", "warm"),
    Row("… fresh cases", "single_steps", "fresh"),
    Row("whole episodes a second at difficulty 5, fresh cases, in a batch", "medcalc_items", "ours", "reasoning-gym, median generator"),
    Row("… one by one", "medcalc_items", "single"),
    Row("seconds of `import medenvs`", "import_time", "ours", "`import gymnasium`"),
)


def results(folder: Path = HERE / "results") -> dict[str, dict[str, Any]]:
    """Return the results that are there, by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def section(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the section's text; "" without any result."""
    lines = [_cells(row, found[row.file]) for row in ROWS if row.file in found]
    if not lines:
        return "\n"
    table = [_HEADER, ("---", "---:", "---:", "---:"), *lines]
    machines = dict.fromkeys(f"{r['hardware']}, Python {r['versions']['python']}, {r['date']}" for r in found.values())
    return "\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in table) + f"\n\nMeasured on {'; '.join(machines)}.\n\n"


def rewritten(readme: str, text: str) -> str:
    """Return the README with its section replaced; raises ValueError where the marker is missing."""
    if readme.count(f"{MARKER}\n") != 1:
        raise ValueError(f"README.md should hold the line {MARKER} exactly once, below its heading '## Speed'.")
    return _SECTION.sub(lambda _: text, readme)


def _cells(row: Row, result: Mapping[str, Any]) -> tuple[str, ...]:
    ours, anchor = result[row.key], result["anchor"] if row.peer else None
    if anchor is None:
        return row.what, _written(ours), "" if row.peer is None else f"{row.peer}: not installed", ""
    return row.what, _written(ours), f"{_written(anchor)} ({row.peer})", f"{ours / anchor:.2f}"


def _written(value: float) -> str:
    """Return three significant digits, with commas."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8"), section(results())), encoding="utf-8")
