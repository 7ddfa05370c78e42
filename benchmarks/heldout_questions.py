"""How often the patient of medenvs/Consultation-v0 understands what it is asked, in questions that the matcher never met (tests/heldout).

Each question goes the doctor's way: through the language and the rules, after the questions of its history. Right: what is answered is one
of the row's topics, in its slot. Wrong: anything else is answered. Asked back: the patient wants to know which of two is meant, or one
question at a time. None: it has nothing to say to that. Of a compound question asking back is right; of one out of scope any answer is
wrong. `--file` plays other questions in the same form, such as those the matcher was made with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _measuring import RESULTS

from medenvs.cases.consultation import ConsultationCases
from medenvs.core.errors import MedenvsError
from medenvs.core.transcript import read_jsonl
from medenvs.envs.consultation.kernel import ConsultationKernel
from medenvs.envs.consultation.language import ConsultationLanguage
from medenvs.evaluation.provenance import own_code, versions
from medenvs.worlds.consultation.actions import SLOTS

FOLDER = Path(__file__).parent.parent / "tests" / "heldout"
SUMS = "SHA256SUMS"
RIGHT, WRONG, ASKED_BACK, NONE = OUTCOMES = ("right", "wrong", "asked_back", "none")
FOLLOWS = "follows nothing"  # a follow-up, where nothing was asked before
ANSWERABLE = ("in_scope", "follow_up", "negated")  # these have a topic and a slot
COMPOUND, OUTSIDE = "compound", "out_of_scope"
KINDS = (*ANSWERABLE, COMPOUND, OUTSIDE)
_LONG = 30  # messages; a history is shorter


class Answered(NamedTuple):
    """What was answered: the names by which it is known, and the slot."""

    topics: frozenset[str]
    slot: str


class Patient:
    """Hears one question after the other, as in a consultation."""

    def __init__(self) -> None:
        self.kernel, self.language = ConsultationKernel("full", 0), ConsultationLanguage("full")
        self._case = dict(ConsultationCases("full", budget=_LONG, persona="truthful").columns(0))
        kb, a = self.kernel.kb, self.kernel.actions
        self.names = [{t, *(f for f, row in kb.findings.items() if row.test == t)} for t in a.topics]

    def hear(self, history: Sequence[str], text: str) -> Answered | str:
        """Return what is answered to the text after the history, or what else became of it: ASKED_BACK, FOLLOWS or NONE."""
        move, a, state = self.kernel.nothing, self.kernel.actions, self.kernel.reset(self._case, (0, 0), None)
        for said in (*history, text):
            move = self.language.parse("doctor", f"<answer>Question: {said}</answer>").action
            state, _ = self.kernel.step(state, {"doctor": move}, True)
        act = int(state.last)
        if 0 <= act < a.propose:
            return Answered(frozenset(self.names[act]), SLOTS[0])
        if a.detail <= act < a.follow:
            place, slot = divmod(act - a.detail, 3)
            return Answered(frozenset(self.names[place]), SLOTS[slot + 1])
        return ASKED_BACK if act >= a.several else FOLLOWS if a.follow <= move.act < a.nowhere else NONE


def outcome(row: Mapping[str, Any], heard: Answered | str) -> str:
    """Return what a row's question came to, one of OUTCOMES."""
    if isinstance(heard, Answered):
        return RIGHT if row["kind"] in ANSWERABLE and heard.topics & set(row["topics"]) and heard.slot == row["slot"] else WRONG
    if row["kind"] == OUTSIDE:
        return {FOLLOWS: WRONG, NONE: RIGHT}.get(heard, heard)
    if row["kind"] == COMPOUND and heard == ASKED_BACK:
        return RIGHT
    return NONE if heard == FOLLOWS else heard


def wilson(hits: int, n: int, z: float = 1.959964) -> dict[str, float]:
    """Return the share of hits among n, with its 95 % Wilson interval."""
    p, w = hits / n, z * z / n
    middle, half = (p + w / 2) / (1 + w), z * math.sqrt(p * (1 - p) / n + w / n / 4) / (1 + w)
    return {"share": p, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def rates(outcomes: Iterable[str]) -> dict[str, Any]:
    """Return how many there are, and the share of each outcome."""
    counts = Counter(outcomes)
    n = counts.total()
    return {"n": n} | {name: wilson(counts[name], n) for name in OUTCOMES}


def measured(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the rates by kind, by kind and slot, and of all that can be answered; and whether the targets are met."""
    patient, groups = Patient(), defaultdict[str, list[str]](list)
    for row in rows:
        found = outcome(row, patient.hear(row["history"], row["text"]))
        groups[row["kind"]].append(found)
        if row["kind"] in ANSWERABLE:
            groups["answerable"].append(found)
            groups[f"{row['kind']}, {row['slot']}"].append(found)
    shares = {name: rates(outcomes) for name, outcomes in sorted(groups.items())}
    return {"questions": len(rows), "rates": shares, "targets": list(targets(shares))}


def targets(shares: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield what was to be reached, what was measured, and whether it holds."""
    wanted = (("answerable", RIGHT, 0.85, 1.0), ("answerable", WRONG, 0.0, 0.02), (OUTSIDE, WRONG, 0.0, 0.02))
    for group, name, least, most in wanted:
        if group in shares:
            value = shares[group][name]["share"]
            yield {"what": f"{group}, {name}", "wanted": [least, most], "measured": value, "holds": least <= value <= most}


def checked(row: Any, where: str) -> Mapping[str, Any]:
    """Return a row that has its fields; raises ValueError."""
    good = isinstance(row, dict) and row.get("kind") in KINDS and isinstance(row.get("text"), str) and row.get("slot") in SLOTS
    if not good or not all(
        isinstance(row.get(name), list) and all(isinstance(x, str) for x in row[name]) for name in ("history", "topics")
    ):
        raise ValueError(f"{where}: expected kind ({', '.join(KINDS)}), history, text, topics and slot ({', '.join(SLOTS)}).")
    return row


def load(path: Path) -> list[Mapping[str, Any]]:
    """Return the questions of a file."""
    return [checked(row, f"{path.name}, line {i}") for i, row in enumerate(read_jsonl(path), 1)]


def heldout(folder: Path = FOLDER) -> tuple[list[Mapping[str, Any]], dict[str, str]]:
    """Return the held-out questions and the digests of their files; raises ValueError where one is missing or is not the one committed."""
    lines = [line.split() for line in (folder / SUMS).read_text(encoding="ascii").splitlines() if line.strip()]
    sums = {name: digest for digest, name in lines}
    rows: list[Mapping[str, Any]] = []
    for name, wanted in sums.items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{name} is not in tests/heldout. Remedy: git checkout -- tests/heldout")
        if hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            raise ValueError(f"{name} is not the file that {SUMS} names: held-out questions are never edited. Remedy: restore it from git.")
        rows += load(path)
    return rows, sums


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, help="a JSONL file of questions to play in place of the held-out ones")
    parser.add_argument("--save", action="store_true", help="write results/heldout_questions.json, or that of the file's name")
    args = parser.parse_args(argv)
    try:
        rows, sums = (load(args.file), {}) if args.file else heldout()
    except (OSError, ValueError, MedenvsError) as error:
        print(f"heldout_questions: {error}", file=sys.stderr)
        return 2
    name = f"{args.file.stem.removeprefix('consultation_questions_')}_questions" if args.file else "heldout_questions"
    found = {"name": name, "file": args.file.name if args.file else "tests/heldout", "sha256": sums, **measured(rows)}
    found |= {"code": own_code(), "versions": versions(), "date": time.strftime("%Y-%m-%d")}
    if args.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
