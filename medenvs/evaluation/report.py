"""What a run came to: a JSON document, and the tables that are drawn from it and nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from medenvs.core.errors import BadData
from medenvs.core.transcript import parse_json
from medenvs.policies.printable import one_line
from medenvs.systems.catalog import CATALOG

from .agents import EMBEDDED
from .consultation_report import summaries
from .consultation_report import tables as consultation_tables
from .provenance import hardware, own_code, versions
from .runner import Played, Run
from .scores import difference, estimate, floor, iqm, rates, returns
from .suites import judged_by

SCHEMA = 1
_ORDER = ("array", "text", "image", "privileged")
_YARDSTICK = "blind"
_WORDS = ("agent", "patients", "policy", "estimator", "verdict")  # columns of words, not of numbers


def document(run: Run, played: Sequence[Played]) -> dict[str, Any]:
    """Return the results: one row for each agent and task, ranked inside its track."""
    tables: dict[tuple[str, str], list[Played]] = {}
    for p in played:
        tables.setdefault((p.task.title, p.task.mode), []).append(p)
    rows = [row for group in tables.values() for row in _rows(group)]
    _rank(rows)
    return {
        "schema": SCHEMA,
        "suite": run.suite.name,
        "command": _command(run),
        "seeds": list(run.seeds),
        "versions": versions(),
        "code": own_code(),
        "hardware": hardware(),
        "rows": sorted(rows, key=lambda r: (r["title"], _ORDER.index(r["track"]), r["rank"], r["mode"], r["agent"])),
        "consultations": summaries(played),
    }


def _command(run: Run) -> str:
    more = [f"--agent {a.name}" for a in run.agents if a.name not in (*EMBEDDED, *run.suite.agents)] + [f"--seed {s}" for s in run.seeds]
    return " ".join(["medenvs bench", run.suite.name, *more, f"--episodes {run.per_seed}"])


def _rows(group: Sequence[Played]) -> Iterator[dict[str, Any]]:
    """Yield the rows of everybody who played one task; they share cases, seeds and what a failed episode counts."""
    worst = floor([r for p in group for r in p.rows])
    earned = {p.agent.name: returns(p.rows, worst) for p in group}
    names = {column: tuple(dict.fromkeys(n for p in group for r in p.rows for n in r[column])) for column in ("terms", "costs")}
    for p in group:
        mine = earned[p.agent.name]
        yield {
            "title": p.task.title,
            "id": p.task.id,
            "options": dict(p.task.options),
            "split": p.task.split,
            "mode": p.task.mode,
            "track": p.agent.track(p.task),
            "agent": p.agent.name,
            "source": p.agent.source,
            "episodes": len(p.rows),
            "return": estimate(mine)._asdict() | {"iqm": iqm(mine)},
            "over_blind": difference(mine, earned[_YARDSTICK])._asdict() if _YARDSTICK in earned else None,
            "terms": rates(p.rows, "terms", names["terms"]),
            "cost": estimate([r["cost"] for r in p.rows])._asdict() | {"episodes": sum(r["cost"] > 0 for r in p.rows) / len(p.rows)},
            "costs": rates(p.rows, "costs", names["costs"]),
            "length": sum(r["length"] for r in p.rows) / len(p.rows),
            "judges": judged_by(p.task),
            "errors": sum(r["error"] is not None for r in p.rows),
            "error_names": dict(Counter(r["error"] for r in p.rows if r["error"]).most_common(5)),
        }


def _rank(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        rivals = [r for r in rows if (r["title"], r["track"]) == (row["title"], row["track"])]
        row["rank"] = 1 + sum(r["return"]["mean"] > row["return"]["mean"] for r in rivals)


def write(doc: Mapping[str, Any], out: Path) -> None:
    """Write results.json and results.md; a reader never sees half a file."""
    for name, text in (
        ("results.json", json.dumps(doc, indent=1, ensure_ascii=True, allow_nan=False) + "\n"),
        ("results.md", markdown(doc)),
    ):
        half = out / f"{name}.part"
        half.write_text(text, encoding="utf-8")
        half.replace(out / name)


def read(path: Path) -> dict[str, Any]:
    """Return a results document; raises BadData when it is none."""
    try:
        doc = parse_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadData(f"{path.name}: not JSON ({error}). Expected a results.json of medenvs bench.") from None
    if not isinstance(doc, dict) or doc.get("schema") != SCHEMA:
        raise BadData(f"{path.name}: expected a results document with schema {SCHEMA}.")
    return doc


class Section(NamedTuple):
    """One table: an environment and a track with one line for each agent, or what was measured of consultations."""

    title: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def sections(doc: Mapping[str, Any]) -> list[Section]:
    """Return the tables of a results document as text without control characters; costs stand where the environment has any."""
    found: list[Section] = []
    for title, track in dict.fromkeys((r["title"], r["track"]) for r in doc["rows"]):
        rows = [r for r in doc["rows"] if (r["title"], r["track"]) == (title, track)]
        terms = tuple(dict.fromkeys(t for r in rows for t in r["terms"]))
        costs = ("cost",) if any(r["costs"] for r in rows) else ()
        header = ("#", "agent", "episodes", "return [95 %]", *terms, *costs, "errors")
        lines = (tuple(one_line(c, 60) for c in _cells(r, terms, bool(costs))) for r in rows)
        best = next(
            (f", optimum {e.optimum}".replace("optimum reference:", "reference:") for e in CATALOG if e.id == rows[0].get("id")), ""
        )
        found.append(Section(one_line(f"{title}, {track}{best}"), tuple(one_line(h, 40) for h in header), tuple(lines)))
    for title, names, cells in consultation_tables(doc.get("consultations", ())):
        header = tuple(one_line(name, 40) for name in names)
        found.append(Section(one_line(title), header, tuple(tuple(one_line(c, 60) for c in line) for line in cells)))
    return found


def _cells(row: Mapping[str, Any], terms: Sequence[str], costs: bool) -> Iterator[str]:
    name = f"{row['agent']}, {row['mode']}" if row["track"] == "privileged" else row["agent"]
    earned = row["return"]
    yield from (str(row["rank"]), name, f"{row['episodes']:,}", f"{earned['mean']:.3f} [{earned['low']:.3f}, {earned['high']:.3f}]")
    yield from (f"{row['terms'][t]:.3f}" if t in row["terms"] else "–" for t in terms)
    if costs:
        yield f"{row['cost']['mean']:.3f}"
    yield str(row["errors"])


def tables(doc: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables for a terminal."""
    return drawn(sections(doc))


def drawn(found: Sequence[Section]) -> Iterator[Table]:
    """Yield sections as tables for a terminal."""
    for section in found:
        table = Table(
            title=Text(section.title, "bold"), title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True
        )
        for name in section.header:
            left = name in _WORDS
            table.add_column(Text(name), justify="left" if left else "right", no_wrap=not left, overflow="fold")
        for line in section.lines:
            table.add_row(*(Text(cell) for cell in line))
        yield table


def markdown(doc: Mapping[str, Any]) -> str:
    """Return the same tables as Markdown, every cell escaped."""
    source = f"Suite {escaped(doc['suite'])}, seeds {escaped(doc['seeds'])}, medenvs {escaped(doc['versions'].get('medenvs', '?'))}."
    return marked(sections(doc)) + f"\n{source} Tracks are never ranked together; a failed episode counts as the worst one played.\n"


def marked(found: Sequence[Section]) -> str:
    """Return sections as Markdown, every cell escaped."""
    parts: list[str] = []
    for section in found:
        ruler = ("---" if name in _WORDS else "---:" for name in section.header)
        lines = (section.header, tuple(ruler), *section.lines)
        parts.append(f"## {escaped(section.title)}\n\n" + "\n".join(_line(cells, i == 1) for i, cells in enumerate(lines)) + "\n")
    return "\n".join(parts)


def _line(cells: Sequence[str], bare: bool) -> str:
    return "| " + " | ".join(cells if bare else (escaped(c) for c in cells)) + " |"


def escaped(text: object) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>|#~!&])", r"\\\1", one_line(text))
