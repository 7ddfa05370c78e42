"""Learns what words ask about, from phrases and whole questions: `python -m medenvs.worlds.consultation.hearing_train`.

The questions (tests/data/consultation_questions_learned.jsonl) are part of a checkout only. What is learned is written beside this module
as whole numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.transcript import read_jsonl

from .hearing_fit import Batch, Plan, Weights, fitted, slots_fitted
from .hearing_net import NEAR, NEXT, Said, packed, said
from .hearing_words import EXTRA, FIRST, SLOTS, Reader, Tokens, data, prints, spoken

UNHEARD = "zzzz"  # stands for words that are not known
MAINLY = 4.0  # times the weight of all other topics' same phrases, from which a phrase is one topic's
RARE = 4  # samples that have a word, below which it is rare
LEVELS = 16  # what a large weight of a row is stored as: smaller numbers take less room
SOURCES = ("findings", "asked", "examined", "ordered", "hearing")
PLAN = Plan()
_HERE = Path(__file__).parent
Known = Mapping[str, Sequence[tuple[str, float]]]  # topic -> phrases that name it, with weights
Question = Mapping[str, Any]  # kind, history, text, topics, slot


class Sample(NamedTuple):
    """A text, the topics (or EXTRA) that it asks about in equal shares, its slot (-1: any), its weight."""

    text: str
    topics: tuple[str, ...]
    slot: int
    weight: float


def questions() -> list[Question]:
    """Return the questions that are learned from."""
    return list(read_jsonl(_HERE.parents[2] / "tests" / "data" / "consultation_questions_learned.jsonl"))


def digest() -> str:
    """Return the fingerprint of the files that are learned from."""
    text = json.dumps([data(name) for name in SOURCES] + questions(), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def phrases() -> dict[str, list[tuple[str, float]]]:
    """Return per topic the phrases that name it, with weights; a finding that a test shows is under that test."""
    findings, found = data("findings"), {}
    for name, row in findings["findings"].items():
        found.setdefault(row.get("test") or name, []).extend((p, 1.0) for p in (*row["clinical"], *row["lay"]))
    for name, row in findings["tests"].items():
        found.setdefault(name, []).append((row["name"], 2.0))
    for table in ("asked", "examined", "ordered"):
        for name, row in data(table)[table].items():
            topic = findings["findings"].get(name, {}).get("test") or name
            found.setdefault(topic, []).extend([*((p, 1.0) for p in row["say"]), *((p, 0.7) for p in row["words"])])
    for topic, more in data("hearing")["more"].items():
        found[topic].extend((p, 1.0) for p in more)
    return found


def samples(known: Known, asked: Sequence[Question], rng: np.random.Generator) -> Iterator[Sample]:
    """Yield what is learned from: questions; phrases, in frames and in twos; and what asks for nothing."""
    table, every = data("hearing"), [(topic, phrase) for topic, rows in known.items() for phrase, _ in rows]
    yield from (sample for row in asked if (sample := _question(row)) and set(sample.topics) <= {*known, *EXTRA})
    for topic, phrase, weight in ((t, p, w) for t, rows in known.items() for p, w in rows):
        yield from _named(topic, phrase, weight, rng)
    yield from _elsewhere(every, rng)
    for i, slot in enumerate(SLOTS[1:], 1):
        yield from (Sample(f"{text}?", EXTRA[:1], i, 2.0) for text in table["follow"][slot])
        yield from (Sample(text, (t,), i, 1.0) for t, rows in table["slotted"][slot].items() if t in known for text in rows)
    yield from (Sample(f"{text.rstrip('.?')}?", EXTRA[1:], -1, 1.5) for text in table["nothing"])
    yield from (Sample(f"{UNHEARD} " * n, EXTRA[1:], -1, 5.0) for n in range(1, 6))


def _question(row: Question) -> Sample:
    kind, weight = row["kind"], 2.25 if row["kind"] == "out_of_scope" else 1.5
    topics = EXTRA[1:] if kind == "out_of_scope" else EXTRA[:1] if kind == "follow_up" else tuple(row["topics"])
    slotted = kind in ("in_scope", "negated", "follow_up") and topics[0].startswith(("s_", EXTRA[0]))
    return Sample(row["text"], topics, SLOTS.index(row["slot"]) if slotted else -1, weight)


def _named(topic: str, phrase: str, weight: float, rng: np.random.Generator) -> Iterator[Sample]:
    """Yield a phrase as it is, in a sentence, with words left out, and of a symptom with the words of its slots."""
    frames, words, slotted = data("hearing")["frames"], phrase.split(), topic.startswith("s_")
    yield Sample(f"{phrase}?", (topic,), 0 if slotted and rng.random() < 0.3 else -1, weight)
    if rng.random() < 0.5:
        yield Sample(str(rng.choice(frames[SLOTS[0]])).replace("{}", phrase) + "?", (topic,), 0 if slotted else -1, 0.5 * weight)
    if len(words) > 3:
        yield Sample(" ".join(w for w in words if rng.random() > 0.2) + "?", (topic,), -1, 0.4 * weight)
    if slotted and len(words) < 6:
        for i, slot in enumerate(SLOTS[1:], 1):
            yield Sample(str(rng.choice(frames[slot])).replace("{}", phrase) + "?", (topic,), i, 0.3 * weight)


def _elsewhere(every: Sequence[tuple[str, str]], rng: np.random.Generator) -> Iterator[Sample]:
    """Yield two phrases at once, and phrases in sentences that are not about the patient."""
    frames, related = data("hearing")["frames"], set(data("hearing")["related"])
    for _ in every:
        (one, a), (two, b) = (every[int(i)] for i in rng.integers(len(every), size=2))
        if one != two:
            yield Sample(f"{a} or {b}?", (one, two), -1, 0.5)
    for _ in every:
        topic, phrase = every[int(rng.integers(len(every)))]
        yield Sample(str(rng.choice(frames["elsewhere"])).replace("{}", phrase) + "?", EXTRA[1:], -1, 0.3)
        if topic not in related:
            yield Sample(str(rng.choice(frames["family"])).replace("{}", phrase) + "?", EXTRA[1:], -1, 0.3)


def reader_of(texts: Sequence[str], plan: Plan) -> tuple[Reader, dict[str, Any]]:
    """Return what reads these texts, and what is stored of it: known words, tokens, words with symbols of their own."""
    table, counts = data("hearing"), Counter(w for text in texts for w in set(spoken([text])))
    heard = set(counts) - set(table["veto"].split()) - set(table["plain"].split()) - {UNHEARD}
    usual = Tokens(w for w in heard if counts[w] >= plan.often)
    heard = {w for w in heard if counts[w] >= RARE or usual.mended(w) == w}  # a rare word may be a mistyped one
    words = sorted(w for w in heard | set(table["merge"].values()) if w.isalnum())
    tokens = Tokens(words)
    names = [*FIRST, *sorted({t for w in words if (t := tokens[w])} - set(FIRST))]
    own = sorted(w for w, n in counts.items() if n >= plan.often and w != "\0")
    return Reader(words, names, own), {"words": " ".join(words), "tokens": names, "own": " ".join(own)}


def _rows(reader: Reader, made: Sequence[Sample], plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (start, row) of all samples, as in `Batch`, and the keys of the last rows."""
    plain, pairs = said(reader.read([sample.text for sample in made]), reader)
    keyed = Said(*(np.concatenate(columns) for columns in zip(*pairs, strict=True)))
    keys, counts = np.unique(keyed.key, return_counts=True)
    keys = keys[counts >= plan.rare]
    place = np.searchsorted(keys, keyed.key).clip(max=len(keys) - 1)
    real = keys[place] == keyed.key
    text = np.concatenate([*(one.text for one in plain), keyed.text[real]])
    row = np.concatenate([*(one.key for one in plain), place[real] + reader.end])
    by = np.argsort(text, kind="stable")
    return np.searchsorted(text[by], np.arange(len(made) + 1)), row[by], keys


def trained(known: Known, asked: Sequence[Question], plan: Plan = PLAN) -> dict[str, Any]:
    """Return the table that `hearing_weights.json` holds, learned from the phrases per topic and from questions."""
    made = list(samples(known, asked, np.random.default_rng(plan.seed)))
    reader, stored = reader_of([sample.text for sample in made], plan)
    batch, keys = batched(reader, made, [*known, *EXTRA], plan)
    weights = fitted(batch, reader.end + len(keys), len(SLOTS), plan)
    slots = slots_fitted(batch, reader.end + len(keys), len(SLOTS), plan)
    notice = "Made by python -m medenvs.worlds.consultation.hearing_train; do not edit."
    whole = _whole(weights, slots, keys, plan)
    return {"notice": notice, "digest": digest(), "topics": list(known), **stored, **whole, **exact(reader, known)}


def exact(reader: Reader, known: Known) -> dict[str, str]:
    """Return the fingerprints of whole phrases that one topic has, or has MAINLY times as much as all others together."""
    rows = [(f"{phrase}?", i, weight) for i, said_so in enumerate(known.values()) for phrase, weight in said_so]
    marks = prints(len(rows), reader.read([text for text, *_ in rows])).tolist()
    found: dict[int, Counter[int]] = {}
    for mark, (_, topic, weight) in zip(marks, rows, strict=True):
        found.setdefault(mark, Counter())[topic] += weight  # pyright: ignore[reportArgumentType]
    first = {mark: of.most_common(1)[0] for mark, of in found.items() if mark}
    kept = sorted((mark, topic) for mark, (topic, weight) in first.items() if weight >= MAINLY * (sum(found[mark].values()) - weight))
    return {"exact": packed([mark for mark, _ in kept], "<u4"), "exact_topics": packed([topic for _, topic in kept], "<i2")}


def batched(reader: Reader, made: Sequence[Sample], outputs: Sequence[str], plan: Plan) -> tuple[Batch, np.ndarray]:
    """Return the samples as rows and shares of outputs, and the keys of the last rows."""
    start, row, keys = _rows(reader, made, plan)
    number, share = {t: i for i, t in enumerate(outputs)}, np.zeros((len(made), len(outputs)), np.float32)
    for i, sample in enumerate(made):
        share[i, [number[t] for t in sample.topics]] = 1 / len(sample.topics)
    slot, weight = np.array([s.slot for s in made]), np.array([s.weight for s in made], np.float32)
    return Batch(start, row, share, slot, weight), keys


def _whole(w: Weights, slots: tuple[np.ndarray, np.ndarray], keys: np.ndarray, plan: Plan) -> dict[str, Any]:
    """Return the weights as whole numbers. Of a slot it counts half what the nets say, and half what its own weights say."""
    fine, coarse = LEVELS / np.quantile(np.abs(w.rows), 0.9999), 127 / np.quantile(np.abs(w.out), 0.9999)
    w.out[:, -len(SLOTS) :] /= 2
    w.bias[-len(SLOTS) :] /= 2
    times = max(1, round(float(fine * coarse / 2 * np.quantile(np.abs(slots[0]), 0.9999) / 127)))
    straight = fine * coarse / 2 / times
    return {
        "slots": packed(np.rint(slots[0] * straight).clip(-127, 127), "i1"),
        "slots_first": packed(np.rint(slots[1] * straight), "<i2"),
        "times": times,
        "width": plan.width * plan.nets,
        "unit": round(float(fine * coarse), 3),
        "near": packed(keys[keys < NEXT] - NEAR, "<i4"),
        "next": packed(keys[keys >= NEXT] - NEXT, "<i4"),
        "rows": packed(np.rint(w.rows * fine).clip(-127, 127), "i1"),
        "first": packed(np.rint(w.first * fine), "<i2"),
        "out": packed(np.rint(w.out * coarse).clip(-127, 127), "i1"),
        "bias": packed(np.rint(w.bias * fine * coarse), "<i4"),
    }


def main() -> None:
    """Learn from the data files and write the table beside this module."""
    text = json.dumps(trained(phrases(), questions()), ensure_ascii=True, indent=0)
    (_HERE / "hearing_weights.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
