"""Fits when the patient of medenvs/Consultation-v0 answers, asks back or has nothing to say: `python benchmarks/hearing_odds.py --save`.

All training questions are held out by thirds from what the matcher learns. On what it makes of those of the first round, which are written
as the held-out set is, the log odds of an answer being right and of a follow-up are fitted (those of a part on both rounds), and then the
zones: with the most right answers where at most 1.5 % of the answerable are answered wrong and at most 2 % of those out of scope are
accepted. The second round was written to be hard; its rates are told. `--save` writes hearing_odds.json beside the matcher.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medenvs.worlds.consultation import hearing
from medenvs.worlds.consultation.hearing_net import unpacked
from medenvs.worlds.consultation.hearing_train import Question, digest, phrases, questions, trained
from medenvs.worlds.consultation.hearing_words import SLOTS

FOLDS = 3
WRONG, ACCEPTED = 0.015, 0.02  # share of answerable questions answered wrong, and of others accepted, at most
BACK = 0.15  # share of questions out of scope that the patient may ask back about
_PLACE = Path(hearing.__file__).parent / "hearing_odds.json"


class Facts(NamedTuple):
    """Of each question the facts for an answer and for a follow-up, and whether those would be right; and of each part."""

    sure: np.ndarray
    right: np.ndarray
    follow: np.ndarray
    follows: np.ndarray
    part: np.ndarray
    fits: np.ndarray
    of: np.ndarray
    topic: np.ndarray


def fold(row: Question) -> int:
    """Return which third a question is in, by its words alone."""
    return zlib.crc32("".join(filter(str.isalnum, row["text"].lower())).encode()) % FOLDS


def facts(rows: Sequence[Question], raw: dict[str, Any]) -> Facts:
    """Return what a table makes of questions that it has not learned from."""
    h = hearing.heard([row["text"] for row in rows], unpacked(raw))
    topics, slotted = h.net.topics, np.array([t.startswith("s_") for t in h.net.topics])
    named = [(topics[b], SLOTS[s] if topics[b].startswith("s_") else SLOTS[0]) for b, s in zip(h.whole.best, h.whole.slot, strict=True)]
    asks = [row["kind"] in ("in_scope", "negated") for row in rows]
    right = [a and t in row["topics"] and s == row["slot"] for a, (t, s), row in zip(asks, named, rows, strict=True)]
    follows = [row["kind"] == "follow_up" and SLOTS[s] == row["slot"] for s, row in zip(h.whole.slot, rows, strict=True)]
    of, best, part = hearing.parts(h)
    fits = [
        topics[b] in rows[i]["topics"] and rows[i]["kind"] in ("in_scope", "negated", "compound") for i, b in zip(of, best, strict=True)
    ]
    sure = np.stack(hearing.sure_facts(h, slotted[h.whole.best]), 1)
    return Facts(
        sure, np.array(right), np.stack(hearing.follow_facts(h), 1), np.array(follows), np.stack(part, 1), np.array(fits), of, best
    )


def logistic(x: np.ndarray, y: np.ndarray, ridge: float = 0.5) -> list[float]:
    """Return the weights of a logistic regression, the first of them by itself."""
    x, w = np.column_stack([np.ones(len(x)), x]), np.zeros(x.shape[1] + 1)
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w -= np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge * np.eye(len(w)), x.T @ (p - y) + ridge * w)
    return [round(float(v), 3) for v in w]


def _odds(x: np.ndarray, w: Sequence[float]) -> np.ndarray:
    return x @ np.array(w[1:]) + w[0]


def zones(rows: Sequence[Question], f: Facts, slot: np.ndarray, odds: dict[str, list[float]]) -> dict[str, float]:
    """Return where the kinds begin: the lowest log odds of an answer that keep to WRONG and ACCEPTED in the first round."""
    sure, follow = _odds(f.sure, odds["sure"]), _odds(f.follow, odds["follow"])
    kinds, first = np.array([row["kind"] for row in rows]), np.array([row["round"] == 1 for row in rows])
    answerable, outside = np.isin(kinds, ("in_scope", "negated", "follow_up")), kinds == "out_of_scope"
    follows = (follow > sure) & (slot > 0)
    odd, right = np.where(follows, follow, sure), np.where(follows, f.follows, f.right)

    def told(z: float, some: np.ndarray) -> tuple[float, float, float]:
        given = odd > z
        shares = (given & right)[answerable & some], (given & ~right)[answerable & some], given[outside & some]
        return float(shares[0].mean()), float(shares[1].mean()), float(shares[2].mean())

    z = next(float(z) for z in np.arange(-1, 19, 0.05) if told(z, first)[1] <= WRONG and told(z, first)[2] <= ACCEPTED)
    for name, some in (("first", first), ("second", ~first)):
        print("{} round: right {:.3f}, wrong {:.3f}; out of scope, accepted {:.3f}".format(name, *told(z, some)), file=sys.stderr)
    perhaps = float(np.quantile(f.sure[outside, 1], BACK))  # where that fact is of nothing being asked
    return {"sure": z, "perhaps": perhaps, "apart": _apart(rows, f, _odds(f.part, odds["part"]))}


def _apart(rows: Sequence[Question], f: Facts, odds: np.ndarray) -> float:
    """Return from where a part is taken as about its topic: with the most compound questions seen, and fewest others taken for one."""
    found: list[tuple[int, float]] = []
    for z in np.arange(-2, 4, 0.1):
        several: dict[int, set[int]] = {}
        for i, topic in zip(f.of[odds > z].tolist(), f.topic[odds > z].tolist(), strict=True):
            several.setdefault(i, set()).add(topic)
        seen = [rows[i]["kind"] for i, topics in several.items() if len(topics) > 1]
        found.append((seen.count("compound") - 2 * (len(seen) - seen.count("compound")), float(z)))
    return max(found)[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Learn without each third, fit, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="write hearing_odds.json beside the matcher")
    parser.add_argument("--tables", type=Path, help="a folder where the tables of the thirds are kept")
    args = parser.parse_args(argv)
    every, rows, made, slots = questions(), list[Question](), list[Facts](), list[np.ndarray]()
    for k in range(FOLDS):
        raw = _table(every, k, args.tables)
        held = [row for row in every if fold(row) == k]
        print(f"third {k + 1} of {FOLDS}: {len(held)} questions", file=sys.stderr)
        one = facts(held, raw)
        made.append(one._replace(of=one.of + len(rows)))
        slots.append(hearing.heard([row["text"] for row in held], unpacked(raw)).whole.slot)
        rows += held
    f = Facts(*(np.concatenate(columns) for columns in zip(*made, strict=True)))
    first = np.array([row["round"] == 1 for row in rows])
    odds = {"sure": logistic(f.sure[first], f.right[first]), "follow": logistic(f.follow[first], f.follows[first])}
    odds["part"] = logistic(f.part, f.fits)
    found = {"notice": "Made by python benchmarks/hearing_odds.py --save; do not edit.", "digest": digest(), **odds}
    found["zones"] = {name: round(value, 2) for name, value in zones(rows, f, np.concatenate(slots), odds).items()}
    text = json.dumps(found, indent=1)
    if args.save:
        _PLACE.write_text(text + "\n", "utf-8")
    print(json.dumps(found))
    return 0


def _table(every: Sequence[Question], k: int, folder: Path | None) -> dict[str, Any]:
    """Return what is learned without third `k`, from the folder where it is there."""
    path = folder / f"third{k}.json" if folder else None
    if path and path.is_file():
        return json.loads(path.read_text("utf-8"))
    raw = trained(phrases(), [row for row in every if fold(row) != k])
    if path:
        path.write_text(json.dumps(raw), "utf-8")
    return raw


if __name__ == "__main__":
    sys.exit(main())
