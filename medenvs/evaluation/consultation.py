"""How doctors did in consultations: scores, efficiency, costs and regret, overall and by disease system, sex and age band."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from medenvs.core.agent import acts
from medenvs.core.errors import BadValue
from medenvs.core.randomness import key, word
from medenvs.policies.consultation.optimal import Optimal
from medenvs.rewards.dialogue import average_score, dei, recall
from medenvs.worlds.consultation.prices import NEIGHBOUR

from .playing import Seat, agent_seed, fitting
from .scores import RESAMPLES, Estimate, estimate, floor, returns

Row = Mapping[str, Any]
AGES = (("0-17", 18), ("18-39", 40), ("40-64", 65), ("65+", 1000))  # name, first age beyond
TRUTH = ("disease", "system", "sex", "age", "turns", "present", "found", "volunteered")  # what a row keeps of info["privileged"]
_RATIO = 0x44454931
_AT_ONCE = 100  # resamples held in memory


class Consulted(Seat):
    """A seat that also keeps the truth, how many words the doctor wrote, and what it saw last."""

    truth: Mapping[str, Any] = {}
    words, closing = 0, None

    def _public(self, info: Mapping[str, Any]) -> dict[str, Any]:
        self.truth = info.get("privileged", self.truth)
        return super()._public(info)

    def take(self, action: Any) -> None:
        self.closing = self.seen
        self.words += len(action.split()) if isinstance(action, str) else 0
        super().take(action)

    def row(self, error: str | None = None) -> dict[str, Any]:
        kept = {name: self.truth[name] for name in TRUTH if name in self.truth}
        return super().row(error) | {"truth": kept, "tokens": self.words, "closing": self.closing}


def consult(envs: Sequence[gym.Env[Any, Any]], agent: Any, streams: Sequence[int]) -> list[dict[str, Any]]:
    """Play one consultation for each stream, as many side by side as there are environments; return their records in order.

    The environments were made with reveal=True; the agent, bound to their spaces, does not see what they reveal. A record is that of
    an episode file with "truth", "tokens" (the doctor's words) and "closing" (what it saw before its last move) added.
    """
    rows: list[dict[str, Any]] = []
    for first in range(0, len(streams), len(envs)):
        part = streams[first : first + len(envs)]
        seats = [Consulted(env, stream, False) for env, stream in zip(envs, part, strict=False)]
        if hasattr(agent, "reset"):
            agent.reset(agent_seed(part[0]))
        while here := [s for s in seats if not s.over]:
            for seat, action in zip(here, acts(agent, [s.seen for s in here], [s.info for s in here]), strict=True):
                seat.take(fitting(seat.env.action_space, action))
        rows += [seat.row() for seat in seats]
    return rows


def optima(env: gym.Env[Any, Any], rows: Sequence[Row]) -> list[float]:
    """Return what the exact optimum earns in the rows' cases; `env` is numeric, of size "tiny", with the options they were played under."""
    best = Optimal()
    return [best.value(env.reset(options={"case": r["case"]})[0]) for r in rows]


class Line(NamedTuple):
    """One line of the table: a group ("all", or "system", "sex", "age"), its value, and each metric with its interval."""

    group: str
    value: str
    episodes: int
    metrics: Mapping[str, Estimate]


def _term(name: str) -> Callable[[Row], float]:
    return lambda r: float(r["terms"].get(name, 0.0))


def _cost(name: str) -> Callable[[Row], float]:
    return lambda r: float(r["costs"].get(name, 0.0))


def _rate(name: str) -> Callable[[Row], float]:
    return lambda r: float(r["terms"].get(name, 0.0)) / turns(r)


def turns(row: Row) -> float:
    """Return how many messages the doctor used, the diagnosis included and proposals not."""
    return float(max(1, row["truth"].get("turns", row["length"])))


def score(row: Row) -> float:
    """Return the average score of a consultation, 0 to 100; a listed neighbour is worth NEIGHBOUR of a right diagnosis."""
    terms = row["terms"]
    diagnosis = max(terms.get("correct", 0.0), NEIGHBOUR * terms.get("neighbour", 0.0))
    return average_score(diagnosis, terms.get("recommendation", 0.0))


def _recall(row: Row) -> float | None:
    truth = row["truth"]
    return recall(truth["present"], truth["found"], truth.get("volunteered", ())) if "found" in truth else None


METRICS: Mapping[str, Callable[[Row], float | None]] = {
    "diagnosis": _term("correct"),
    "recommendation": _term("recommendation"),
    "score": score,
    "turns": turns,
    "recall": _recall,
    "invalid": _rate("invalid"),
    "repeat": _rate("repeat"),
    "unknown": _rate("unknown"),
    "missed_red_flag": _cost("missed_red_flag"),
    "contraindicated": _cost("contraindicated"),
    "needless_test": _cost("needless_test"),
}


def table(rows: Sequence[Row], best: Sequence[float] | None = None, seed: int = 0) -> list[Line]:
    """Return the table of one doctor: all consultations, then by disease system, sex and age band.

    `best` is what the optimum, or the reference, earned in the same cases: the regret is what was earned less. A failed episode
    counts as one without a diagnosis, and earns what the worst one did. Raises BadValue where rows lack their truth.
    """
    if not rows or any("truth" not in r or not {"system", "sex", "age"} <= set(r["truth"]) for r in rows):
        raise BadValue("each of at least one row needs its truth (system, sex, age). Play with medenvs.evaluation.consultation.consult.")
    earned = np.array(returns([dict(r) for r in rows], floor([dict(r) for r in rows])))
    lost = None if best is None else np.asarray(best, float) - earned
    return [
        _line(group, value, [rows[i] for i in at], earned[at], None if lost is None else lost[at], seed)
        for group, value, at in _groups(rows)
    ]


def band(age: float) -> str:
    """Return the age band of an age in years."""
    return next(name for name, beyond in AGES if age < beyond)


def _groups(rows: Sequence[Row]) -> Iterator[tuple[str, str, np.ndarray]]:
    yield "all", "", np.arange(len(rows))
    of: Mapping[str, Callable[[Row], str]] = {
        "system": lambda r: r["truth"]["system"],
        "sex": lambda r: r["truth"]["sex"],
        "age": lambda r: band(r["truth"]["age"]),
    }
    for group, value_of in of.items():
        values = np.array([value_of(r) for r in rows])
        for value in np.unique(values).tolist():
            yield group, value, np.flatnonzero(values == value)


def _line(group: str, value: str, rows: Sequence[Row], earned: np.ndarray, lost: np.ndarray | None, seed: int) -> Line:
    metrics = {"return": estimate(earned, seed)}
    for name, metric in METRICS.items():
        values = [v for r in rows if (v := metric(r)) is not None]
        if values:
            metrics[name] = estimate(values, seed)
    metrics["dei"] = efficiency(rows, seed)
    if lost is not None:
        metrics["regret"] = estimate(lost, seed)
    return Line(group, value, len(rows), metrics)


def efficiency(rows: Sequence[Row], seed: int = 0) -> Estimate:
    """Return the dialogue efficiency index of the averages over at least one row, with its percentile bootstrap interval."""
    used = np.array([(score(r) / 100, turns(r), r.get("tokens", 0)) for r in rows])
    n, found = len(used), list[float]()
    for first in range(0, RESAMPLES, _AT_ONCE):
        draws = (word(key(seed, _RATIO, np.arange(first, first + _AT_ONCE)[:, None]), np.arange(n)) * n) >> 32
        found += [dei(*means) for means in used[draws].mean(1).tolist()]
    low, high = np.percentile(found, (2.5, 97.5))
    return Estimate(dei(*used.mean(0).tolist()), float(low), float(high))


def markdown(lines: Sequence[Line]) -> str:
    """Return the table as Markdown: means with 95 % intervals."""
    names = list(dict.fromkeys(name for line in lines for name in line.metrics))
    cells = [["group", "episodes", *names], ["---", *["---:"] * (1 + len(names))]]
    for line in lines:
        shown = [f"{e.mean:.3f} [{e.low:.3f}, {e.high:.3f}]" if (e := line.metrics.get(n)) else "–" for n in names]
        cells.append([" ".join((line.group, line.value)).strip(), str(line.episodes), *shown])
    return "".join("| " + " | ".join(row) + " |\n" for row in cells)
