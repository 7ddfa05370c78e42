"""Tables come from the JSON document alone, rank inside tracks, and cannot be used to smuggle anything in."""

import io
import json

import pytest
from rich.console import Console

from medenvs.core.errors import BadData
from medenvs.evaluation.report import _rank, escaped, markdown, read, sections, tables, write


def line(agent, mean, track="text", mode="text", title="medenvs/X-v0", **more):
    interval = {"mean": mean, "low": mean - 0.1, "high": mean + 0.1}
    row = {"title": title, "track": track, "mode": mode, "agent": agent, "episodes": 10, "return": interval, "terms": {"correct": mean}}
    return row | {"cost": interval, "costs": {}, "errors": 0, "rank": 0} | more


def doc(*rows):
    _rank(rows)
    return {"schema": 1, "suite": "s", "seeds": [0], "versions": {"medenvs": "0"}, "rows": list(rows)}


def test_tracks_are_never_ranked_together():
    rows = doc(line("a", 0.1), line("b", 0.9), line("b2", 0.9), line("mlp", 0.5, "array", "numeric"), line("gold", 1.0, "privileged"))[
        "rows"
    ]
    assert {r["agent"]: r["rank"] for r in rows} == {"a": 3, "b": 1, "b2": 1, "mlp": 1, "gold": 1}
    titles = [s.title for s in sections(doc(*rows))]
    assert titles == ["medenvs/X-v0, text", "medenvs/X-v0, array", "medenvs/X-v0, privileged"]


def test_costs_stand_where_there_are_any():
    free, dear = doc(line("a", 0.1)), doc(line("a", 0.1, costs={"dose": 0.1}))
    assert "cost" not in sections(free)[0].header
    assert "cost" in sections(dear)[0].header


@pytest.mark.parametrize(
    "nasty", ["a|b", "<script>alert(1)</script>", "\x1b[31mred", "[x](http://e)", "line\nbreak|", "`code`", "_it_", "![i](u)"]
)
def test_names_stay_names(nasty):
    document = doc(line(nasty, 0.5))
    table = markdown(document)
    rows = [r for r in table.splitlines() if r.startswith(("| 0", "| 1"))]
    assert len(rows) == 1 and "\x1b" not in table and "<script" not in table.replace("\\<", "")
    assert all("\\" + c in rows[0] for c in nasty if c in "|<>[]`_!")
    screen = io.StringIO()
    Console(file=screen, width=200).print(*tables(document))
    assert "\x1b" not in screen.getvalue()


def test_terminal_shows_every_cell_of_the_document():
    document = doc(line("a", 0.125), line("[bold]b", 0.25))
    screen = io.StringIO()
    Console(file=screen, width=200).print(*tables(document))
    for section in sections(document):
        for cells in section.lines:
            assert all(cell in screen.getvalue() for cell in cells)


def test_written_results_are_read_back(tmp_path):
    document = doc(line("a\ud800", 0.1))
    document["rows"][0]["agent"] = "é"
    write(document, tmp_path)
    assert read(tmp_path / "results.json") == document
    assert (tmp_path / "results.md").read_text(encoding="utf-8") == markdown(document)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["results.json", "results.md"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"schema": 2}', "[" * 5000])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(BadData, match=r"results\.json"):
        read(path)


def test_escaped_is_plain_for_plain_text():
    assert escaped("blind 0.5") == "blind 0.5"
    assert json.dumps(escaped("a\x07b")) == '"a\\ufffdb"'
