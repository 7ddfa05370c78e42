"""The measured tables of README.md, RESULTS.md and RESULTS_SEPSIS.md: `python benchmarks/table.py` rewrites what follows each marker.

The figures are those of results/*.json. A benchmark without a committed result has no row, so no figure is stated that no file holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from medenvs.evaluation.sepsis.report import sections
from medenvs.systems.sepsis_references import references as sepsis_references

HERE = Path(__file__).parent
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
    Row("rows a second of a 716-state decision process, 16,384 rows", "icu_sepsis_steps", "ours", "icu-sepsis, its own make_vec"),
    Row("sepsis, array rows a second, 8,192 rows, random doses, float64", "sepsis_steps", "ours", "icu-sepsis, its own make_vec"),
    Row("… float32", "sepsis_steps", "float32"),
    Row("… float32 tensors, rules compiled", "sepsis_steps", "compiled"),
    Row("sepsis, steps a second of single episodes", "sepsis_steps", "single"),
    Row("logged rows of simulated clinicians a second, with costs and propensities", "sepsis_logs"),
    Row("consultation, array rows a second, 1,024 rows, full world, fresh cases, next-step", "consultation_steps", "arrays_NEXT_STEP"),
    Row("… same-step", "consultation_steps", "arrays_SAME_STEP"),
    Row("consultation, tagged texts a second, every text new", "consultation_steps", "text_tagged", "GEM, sync loop"),
    Row("… free questions, every text new", "consultation_steps", "text_free"),
    Row("seconds of `import medenvs`", "import_time", "ours", "`import gymnasium`"),
)


def results(folder: Path = HERE / "results") -> dict[str, dict[str, Any]]:
    """Return the results that are there, by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def speed(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of speeds; "" without any result."""
    rows = [row for row in ROWS if row.file in found]
    machines = dict.fromkeys(f"{r['hardware']}, Python {r['versions']['python']}, {r['date']}" for r in (found[row.file] for row in rows))
    return _table(_HEADER, [_cells(row, found[row.file]) for row in rows]) + f"\nMeasured on {'; '.join(machines)}.\n" if rows else ""


def reading(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what text agents earn at each difficulty."""
    rows = [r for r in found.get("reading", {}).get("rows", ()) if r["track"] == "text"]
    levels = sorted({r["options"]["difficulty"] for r in rows})
    agents = list(dict.fromkeys(r["agent"] for r in rows))
    by = {(r["agent"], r["options"]["difficulty"]): _interval(r["return"]) for r in rows}
    lines = [(agent.split(":")[-1], *(by[agent, level] for level in levels)) for agent in agents]
    return _table(("agent", *(f"difficulty {level}" for level in levels)), lines) if rows else ""


def exploits(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what exploits earn in the text track."""
    rows = [r for r in found.get("exploits", {}).get("rows", ()) if r["track"] == "text"]
    lines = [(r["agent"].split(":")[-1], _interval(r["return"]), _interval(r["over_blind"])) for r in rows]
    return _table(("agent", "return", "more than blind"), lines) if rows else ""


def consultation(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how often doctors are right after how many questions, and how far the reference is from the optimum where that is known."""
    result = found.get("consultation_curve")
    if result is None:
        return ""
    asked = [str(k) for k in result["questions"]]
    lines: list[tuple[str, ...]] = []
    for persona, by in result["curve"].items():
        lines += [(f"{name}; patients {persona}", *(_interval(by[name][k]) for k in asked)) for name in by if name != "ceiling"]
        lines.append((f"all findings known, at no price; patients {persona}", *[_interval(by["ceiling"])] * len(asked)))
    tiny = result["tiny"]
    return (
        _table(("right diagnoses on `full`, by questions asked", *asked), lines)
        + "\n"
        + _table(
            ("return on `tiny`", "mean"),
            [(name, _interval(tiny[name])) for name in ("optimum", "reference", "optimum less reference")],
        )
        + f"\n{result['cases']:,} test cases each.\n"
    )


def doctors(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what doctors earn in each task of the consultation suite, and how they do on the full world."""
    result = found.get("consultation")
    if result is None:
        return ""
    tasks = [(size, mode) for size in ("tiny", "small", "full") for mode in ("numeric", "text")]
    by = {(r["agent"], r["options"]["size"], r["mode"]): r["return"] for r in result["rows"]}
    tasks = [t for t in tasks if any(key[1:] == t for key in by)]
    agents = sorted({key[0] for key in by}, key=lambda a: -max(by[key]["mean"] for key in by if key[0] == a))
    full = {s["agent"]: s for s in result["consultations"] if s["title"].endswith("size=full") and s["mode"] == "numeric"}
    shown = ("diagnosis", "score", "turns", "recall", "contraindicated", "dei", "regret")
    lines: list[tuple[str, ...]] = []
    for agent in agents:
        metrics = full[agent]["lines"][0]["metrics"] if agent in full else {}
        told = [f"{metrics[name]['mean']:.3f}" if name in metrics else "" for name in shown]
        lines.append((agent, *(_interval(by[agent, *t]) if (agent, *t) in by else "" for t in tasks), *told))
    header = ("agent", *(f"`{size}`, {mode}" for size, mode in tasks), *(f"{name} (`full`)" for name in shown))
    episodes = result["rows"][0]["episodes"]
    return _table(header, lines) + f"\n{episodes:,} test cases each.\n"


def consultation_exploits(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what exploits of the consultation earn under either reward."""
    result = found.get("consultation_exploits")
    if result is None:
        return ""
    worlds = list(result["rows"][0]["returns"])
    lines = [
        (
            f"{r['agent']}: {r['about']}" if r["about"] else r["agent"],
            *(_interval(r["returns"][w]) for w in worlds),
            _paid(r),
            _interval(r["over_immediate"]),
        )
        for r in result["rows"]
    ]
    header = ("agent", *worlds, "pays in the original", "ours, more than immediate")
    return _table(header, lines) + f"\n{result['episodes']:,} test cases each.\n"


def questions(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how often the patient understands questions that its matcher has never met."""
    lines: list[tuple[str, ...]] = []
    for name, about in (("unseen_questions", "by the writers of its training questions"), ("heldout_questions", "held out")):
        rates = found.get(name, {}).get("rates", {})
        for kind in (k for k in ("answerable", "in_scope", "follow_up", "negated", "compound", "out_of_scope") if k in rates):
            shares = (rates[kind][outcome] for outcome in ("right", "wrong", "asked_back", "none"))
            told = (f"{s['share']:.3f} [{s['low']:.3f}, {s['high']:.3f}]" for s in shares)
            lines.append((f"{kind.replace('_', ' ')}, {about}", f"{rates[kind]['n']:,}", *told))
    return _table(("questions", "n", "right", "wrong", "asked back", "nothing to say"), lines) if lines else ""


def references(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what policies of known kind earn in the sepsis world, and the hours of harm they leave."""
    worlds = [((effect, interval), sepsis_references(effect, interval)) for effect in ("real", "null") for interval in (4, 1)]
    real = worlds[0][1]
    returns = [
        (
            policy,
            *(
                _interval(dict(zip(("mean", "low", "high"), (t[policy]["return"], *t[policy]["return_95"]), strict=True)))
                for _, t in worlds
            ),
        )
        for policy in real
    ]
    harm = [(policy, f"{row['cost']:.1f}", *(f"{hours:.2f}" for hours in row["costs"].values())) for policy, row in real.items()]
    header = ("return", *(f"effect {effect}, every {interval} h" for (effect, interval), _ in worlds))
    more = ("hours of harm a patient (effect real, every 4 h)", "sum", *real["none"]["costs"])
    return _table(header, returns) + "\n" + _table(more, harm) + f"\n{real['none']['n']:,} test patients each.\n"


def _paid(row: Mapping[str, Any]) -> str:
    """Return what a trick adds under the original reward to the same doctor without it, as far as it adds anything."""
    if "pays" not in row:
        return ""
    if not row["beside"]:
        return "yes" if row["pays"] else "no"
    more = ", ".join(f"+{row['over_beside'][w]['mean']:.2f}" + ("" if w == "original" else " (paper's tokens)") for w in row["pays"])
    return more or "no"


def sepsis(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what logged data say of each policy beside the truth, then every estimator's errors and claims, in both worlds."""
    result = found.get("sepsis")
    if result is None:
        return ""
    chosen = [s for s in sections(result) if s.title.startswith(("Truth beside", "Errors", "Policies called"))]
    return "\n".join(f"{s.title}\n\n{_table(s.header, list(s.lines))}" for s in chosen) + f"\n{result['note']}\n"


def planted(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the bias that hidden confounding gives to estimates with fitted propensities, beside that with exact ones."""
    result = found.get("planted_confounder")
    if result is None:
        return ""
    by = {(x["grade"], x["policy"], x["propensities"], x["estimator"]): x for x in result["summary"]}
    lines: list[tuple[str, ...]] = []
    for grade, policy in dict.fromkeys((x["grade"], x["policy"]) for x in result["summary"]):
        exact, fitted, robust = (by[grade, policy, *k] for k in (("exact", "WIS"), ("fitted", "WIS"), ("fitted", "DR")))
        refused = f"{exact['refused']} / {fitted['refused']} of {fitted['logs']}"
        biases = (_interval(x["bias"]) for x in (exact, fitted, robust))
        lines.append(
            (f"{grade:g}, {policy}", f"{fitted['truth']:.3f}", *biases, f"{fitted['coverage']:.2f}", f"{fitted['weight']:.2f}", refused)
        )
    biases = ("WIS, exact: bias", "WIS, fitted: bias", "DR, fitted: bias")
    header = ("grade, policy", "truth", *biases, "WIS, fitted: coverage", "mean weight, fitted", "gate refuses, exact / fitted")
    return _table(header, lines) + f"\n{result['seeds']} logs of {result['patients']:,} patients for each grade. Flag: {result['why']}.\n"


def ppo(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how many die under the policies that PPO has learned, and under the clinicians, with the hours of harm."""
    result = found.get("ppo_sepsis")
    if result is None:
        return ""
    seeds, gap = result["seeds"], result["lower by"]
    hours = {name: sum(row["costs"].values()) for name, row in result["others"].items()}
    mine = sum(sum(seed["costs"].values()) for seed in seeds) / len(seeds)
    lines = [("PPO", _interval(result["mortality"]), "", f"{mine:.1f}")]
    lines += [(name, f"{row['mortality']:.3f}", _interval(gap[name]), f"{hours[name]:.1f}") for name, row in result["others"].items()]
    spent = max(seed["cpu_seconds"] for seed in seeds)
    told = f"\n{len(seeds)} seeds, {result['rounds']} rounds, at most {spent} CPU-seconds each; {result['patients']:,} test patients.\n"
    return _table(("policy", "mortality", "PPO lower by", "hours of harm"), lines) + told


SECTIONS = {
    "README.md": {"speed": speed, "doctors": doctors},
    "RESULTS.md": {
        "reading": reading,
        "exploits": exploits,
        "consultation": consultation,
        "consultation exploits": consultation_exploits,
        "questions": questions,
    },
    "RESULTS_SEPSIS.md": {
        "sepsis references": references,
        "sepsis": sepsis,
        "planted confounder": planted,
        "ppo": ppo,
    },
}


def rewritten(document: str, text_of: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text of a document with its measured sections replaced; raises ValueError where a marker is missing."""
    for name, write in SECTIONS[document].items():
        marker = f"<!-- {name} -->\n"
        if text_of.count(marker) != 1:
            raise ValueError(f"{document} should hold the line {marker.strip()} exactly once.")
        text = write(found)
        part = re.compile(rf"(?<={marker}).*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
        text_of = part.sub(lambda _: f"\n{text}\n" if text else "\n", text_of)  # noqa: B023
    return text_of


def _table(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ("---", *["---:"] * (len(header) - 1)), *lines))


def _interval(e: Mapping[str, float]) -> str:
    return f"{e['mean']:.3f} [{e['low']:.3f}, {e['high']:.3f}]"


def _cells(row: Row, result: Mapping[str, Any]) -> tuple[str, ...]:
    ours, anchor = result[row.key], result["anchor"] if row.peer else None
    if anchor is None:
        return row.what, _written(ours), "" if row.peer is None else f"{row.peer}: not installed", ""
    return row.what, _written(ours), f"{_written(anchor)} ({row.peer})", f"{ours / anchor:.2f}"


def _written(value: float) -> str:
    """Return three significant digits, with commas."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    for name in SECTIONS:
        path = HERE.parent / name
        path.write_text(rewritten(name, path.read_text(encoding="utf-8"), results()), encoding="utf-8")
