"""What the consultation suite keeps of an episode, and the tables it adds: dialogue metrics, regret, flips, and who is served how well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from medenvs.policies.consultation.reading import size_of
from medenvs.worlds.consultation.actions import actions

from .consultation import Consulted, optima, table
from .doctors import DOCTORS, OPTIMUM, REFERENCE
from .flips import flips
from .scores import estimate

if TYPE_CHECKING:
    from .runner import Played

RECORD = "consultation"
# What the table of doctors shows: metric, its heading, and whether its interval is shown (all intervals are in the document).
_SHOWN = (
    ("diagnosis", "diagnosis", True),
    ("recommendation", "recommendation", False),
    ("score", "score", True),
    ("turns", "turns", False),
    ("recall", "recall", False),
    ("invalid", "invalid", False),
    ("repeat", "repeat", False),
    ("unknown", "unknown", False),
    ("missed_red_flag", "red flags missed", False),
    ("contraindicated", "contraindicated", False),
    ("needless_test", "needless tests", False),
    ("dei", "DEI", False),
    ("regret", "regret", True),
)
_BY_GROUP = ("diagnosis", "recommendation", "score", "turns", "recall", "regret")
_AGAINST = {
    OPTIMUM: "regret against the exact optimum in the same cases",
    REFERENCE: "regret against the reference in the same cases (no optimum is known)",
    None: "no regret: neither optimum nor reference was played",
}


class Recorded(Consulted):
    """A seat whose record can be written as JSON: what the doctor saw last stands there in hexadecimal, texts are left out."""

    def row(self, error: str | None = None) -> dict[str, Any]:
        """Return the episode's record."""
        row = super().row(error)
        closing = row["closing"]
        numeric = isinstance(closing, Mapping) and "observation" in closing
        truth = {name: list(value) if isinstance(value, tuple) else value for name, value in row["truth"].items()}
        return row | {"truth": truth, "closing": np.asarray(closing["observation"], np.int8).tobytes().hex() if numeric else None}


def _opened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with what the doctor saw last as numbers; of its mask only the diagnoses are known to be admitted."""
    if row["closing"] is None:
        return dict(row)
    seen = np.frombuffer(bytes.fromhex(row["closing"]), np.int8)
    return {**row, "closing": {"observation": seen, "action_mask": np.ones(actions(size_of(len(seen))).discrete, np.int8)}}


def summaries(played: Sequence[Played]) -> list[dict[str, Any]]:
    """Return the metrics of everybody who played a task that records consultations: all, by disease system, by sex, by age band."""
    groups: dict[str, list[Played]] = {}
    for p in played:
        if p.task.record == RECORD:
            groups.setdefault(p.task.title, []).append(p)
    found: list[dict[str, Any]] = []
    for group in groups.values():
        name, best = _best(group)
        expects = _expected(group)
        found += [_summary(p, name, best, expects) for p in group]
    return found


def _best(group: Sequence[Played]) -> tuple[str | None, dict[int, float]]:
    """Return (who it is, its return by case): the exact optimum where it was played, else the reference."""
    for name in (OPTIMUM, REFERENCE):
        for p in group:
            if p.agent.name == name and all(r["return"] is not None for r in p.rows):
                return name, {r["case"]: r["return"] for r in p.rows}
    return None, {}


def _expected(group: Sequence[Played]) -> dict[str, float] | None:
    """Return what the exact optimum is expected to earn in the cases that were played; None where it is not known."""
    p = next((p for p in group if p.task.mode == "numeric" and p.task.options.get("size") in DOCTORS[OPTIMUM].sizes), None)
    return None if p is None else estimate(optima(p.task.make(), p.rows))._asdict()


def _summary(p: Played, yardstick: str | None, best: Mapping[int, float], expects: Mapping[str, float] | None) -> dict[str, Any]:
    known = best if all(r["case"] in best for r in p.rows) else {}
    values = [known[r["case"]] for r in p.rows] if known else None
    lines = [
        {"group": x.group, "value": x.value, "episodes": x.episodes, "metrics": {n: e._asdict() for n, e in x.metrics.items()}}
        for x in table(p.rows, values)
    ]
    return {
        "title": p.task.title,
        "id": p.task.id,
        "mode": p.task.mode,
        "track": p.agent.track(p.task),
        "agent": p.agent.name,
        "yardstick": yardstick if known else None,
        "optimum": expects,
        "flips": _flipped(p),
        "lines": lines,
    }


def _flipped(p: Played) -> dict[str, Any] | None:
    """Return the counterfactual flips of an agent that reads numbers and learns nothing; None where they cannot be had."""
    if p.task.mode != "numeric" or p.agent.privileged:
        return None
    agent, env = p.agent.make(), p.task.make()
    if hasattr(agent, "fit"):
        return None
    if hasattr(agent, "bind"):
        agent.bind(env.observation_space, env.action_space)
    try:
        found = flips(agent, [_opened(r) for r in p.rows])
    except Exception:  # noqa: BLE001 an agent that fails here has been counted in its episodes
        return None
    return {"eligible": found.eligible, "share": found.share._asdict() if found.share else None}


def tables(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Yield (title, header, lines): the doctors of each task side by side, then the patients of the reference and of outside agents."""
    for title, mode in dict.fromkeys((s["title"], s["mode"]) for s in found):
        here = [s for s in found if (s["title"], s["mode"]) == (title, mode)]
        exact = f"; the optimum expects {_cell(here[0]['optimum'], wide=True)}" if here[0]["optimum"] else ""
        against = _AGAINST[next((s["yardstick"] for s in here if s["yardstick"]), None)]
        header = ("agent", *(f"{name} [95 %]" if wide else name for _, name, wide in _SHOWN), "flips [95 %]")
        yield f"{title}, {mode}: consultations; {against}{exact}", header, [_doctor(s) for s in here]
        for s in here:
            if s["agent"] == REFERENCE or ":" in s["agent"]:
                yield f"{title}, {mode}: patients of {s['agent']}", ("patients", "episodes", *_BY_GROUP), [_group(x) for x in s["lines"]]


def _doctor(s: Mapping[str, Any]) -> tuple[str, ...]:
    metrics = s["lines"][0]["metrics"]
    share = s["flips"]["share"] if s["flips"] else None
    return s["agent"], *(_cell(metrics.get(name), wide) for name, _, wide in _SHOWN), _cell(share, wide=True)


def _group(line: Mapping[str, Any]) -> tuple[str, ...]:
    name = " ".join((line["group"], line["value"])).strip()
    return name, str(line["episodes"]), *(_cell(line["metrics"].get(n), n == "diagnosis") for n in _BY_GROUP)


def _cell(e: Mapping[str, float] | None, wide: bool) -> str:
    if e is None:
        return "–"
    return f"{e['mean']:.3f} [{e['low']:.3f}, {e['high']:.3f}]" if wide else f"{e['mean']:.3f}"
