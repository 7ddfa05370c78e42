"""What a doctor's free text asks about: a topic and a slot, or an honest "not sure". Pure, total, linear in the text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from .hearing_net import Net, Said, found, said, sums, unpacked
from .hearing_words import EXTRA, FIRST, SLOTS, UNKNOWN, VETO, Read, data, prints
from .model import Knowledge


class Meaning(NamedTuple):
    """`kind` is "ask", "follow", "unclear", "several" or "none"; topics are ids of findings, and of tests where a test shows them."""

    kind: str
    topics: tuple[str, ...] = ()
    slot: str = SLOTS[0]


class Zones(NamedTuple):
    """Where the kinds begin, in log odds: fitted by benchmarks/hearing_odds.py."""

    sure: float  # of an answer being right, from which it is given
    perhaps: float  # of nothing being asked, up to which the patient asks back
    apart: float  # of a part being about its first topic
    second: float = 0.1  # share of belief of a topic, and of that of two, from which the patient asks back about it


class Odds(NamedTuple):
    """Weights of facts, the first by itself: of an answer being right, of a follow-up, of a part."""

    sure: tuple[float, ...]
    follow: tuple[float, ...]
    part: tuple[float, ...]


class Beliefs(NamedTuple):
    """Per text the first two topics with their shares of belief, those of a follow-up and of nothing, and the first slot with its share.

    `top` is the score of what is believed most.
    """

    best: np.ndarray
    share: np.ndarray
    second: np.ndarray
    other: np.ndarray
    follow: np.ndarray
    none: np.ndarray
    top: np.ndarray
    slot: np.ndarray
    clear: np.ndarray


NOTHING = Meaning("none")
_TELLS = (  # how a text begins that is told rather than asked
    *("I ", "I'm ", "I'll ", "I'd ", "I've ", "The ", "There ", "There's ", "Your ", "This ", "That ", "That's ", "My "),
    *("We ", "We'll ", "It ", "It's ", "Some ", "Patients "),
)
_PLAIN = float(np.log(4))  # log odds of belief from which a whole phrase of the first topic is plain: worth as much again
_BLOCK = 256  # texts whose outputs are looked at together: they stay in the cache


@cache
def net() -> Net:
    """Return the learned numbers."""
    return unpacked(data("hearing_weights"))


@cache
def fitted() -> tuple[Odds, Zones]:
    """Return the fitted odds and zones."""
    raw = data("hearing_odds")
    return Odds(*(tuple(raw[name]) for name in Odds._fields)), Zones(**raw["zones"])


def log_odds(share: np.ndarray) -> np.ndarray:
    """Return the log odds of shares, within 9 of nought."""
    return np.log(np.maximum(share, 1.2e-4) / np.maximum(1 - share, 1.2e-4))


def weighed(weights: Sequence[float], facts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the weighed sum of facts about texts; one by one: in a batch of any size the same."""
    odds = np.full(len(facts[0]), weights[0])
    for weight, fact in zip(weights[1:], facts, strict=True):
        odds += weight * fact
    return odds


def beliefs(sums: np.ndarray, t: Net) -> Beliefs:
    """Return what is believed of each text, from the sums of its rows."""
    blocks = [_believed(sums[at : at + _BLOCK] @ t.out, len(t.topics), np.float32(1 / t.unit)) for at in range(0, len(sums), _BLOCK)]
    return Beliefs(*(np.concatenate(columns) for columns in zip(*blocks, strict=True))) if len(blocks) > 1 else blocks[0]


def _believed(score: np.ndarray, topics: int, unit: np.float32) -> Beliefs:
    """Return what is believed of each text; its outputs are overwritten."""
    line, classes = np.arange(len(score)), topics + len(EXTRA)
    slots = score[:, classes:]
    slots = np.exp((slots - slots.max(1)[:, None]) * unit)
    slot, topical = slots.argmax(1), score[:, :topics]
    best = topical.argmax(1)
    top = np.maximum(topical[line, best], score[:, topics:classes].max(1))
    belief = np.subtract(score[:, :classes], top[:, None], out=score[:, :classes])
    belief *= unit
    np.exp(belief, out=belief)
    total, share = belief.sum(1), topical[line, best]
    topical[line, best] = 0
    second = topical.argmax(1)
    shares = (one / total for one in (share, topical[line, second], belief[:, topics], belief[:, topics + 1]))
    every = (*shares, top * unit, slots[line, slot] / slots.sum(1))
    share, other, follow, none, top, clear = (fact.astype(np.float64) for fact in every)
    return Beliefs(best, share, second, other, follow, none, top, slot, clear)


class Heard(NamedTuple):
    """What was made of texts: the words, the rows that they have, what is believed, how many known and unknown words there are, and
    whether it is told rather than asked; the topic of which it is a whole phrase, or -1."""

    net: Net
    read: Read
    rows: tuple[Said, ...]
    whole: Beliefs
    words: np.ndarray
    strange: np.ndarray
    told: np.ndarray
    exact: np.ndarray


def heard(texts: Sequence[str], t: Net) -> Heard:
    """Return what is made of texts, before anything is decided."""
    n = len(texts)
    read = t.reader.read(texts)
    plain, pairs = said(read, t.reader)
    rows = (*plain, *(found(t, one) for one in pairs))
    whole = beliefs(sums(t, n, [(one.text, one.key) for one in rows]), t)
    wordy = read.text[read.token >= len(FIRST)]
    told = np.array(["?" not in text and text.startswith(_TELLS) for text in texts])
    strange, mark = np.bincount(read.text[read.token == UNKNOWN], minlength=n), prints(n, read)
    place = np.searchsorted(t.exact, mark).clip(max=len(t.exact) - 1)
    exact = np.where(t.exact[place] == mark, t.exact_topics[place], -1)
    return Heard(t, read, rows, whole, np.bincount(wordy, minlength=n), strange, told, exact)


def sure_facts(h: Heard, slotted: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what speaks for the first topic in the first slot being meant, in the order of `Odds.sure`."""
    w, plain = h.whole, h.whole.slot == 0
    both = log_odds(w.share * np.where(slotted, w.clear, 1))
    beliefs = (both, log_odds(w.none), log_odds(w.follow), log_odds(w.other), w.top)
    asked = h.told & (slotted | h.net.spoken[w.best])  # to examine or to order may be told
    known = (slotted & plain, slotted & ~plain, np.log1p(h.words), h.strange / (h.words + h.strange + 1))
    return (*beliefs, *known, asked, h.exact == w.best)


def follow_facts(h: Heard) -> tuple[np.ndarray, ...]:
    """Return what speaks for a text being a follow-up for its first slot but "present", in the order of `Odds.follow`."""
    w = h.whole
    beliefs = (log_odds(w.follow * w.clear), log_odds(w.share), log_odds(w.none), w.top)
    return (*beliefs, np.log1p(h.words), h.strange / (h.words + h.strange + 1), h.told)


def parts(h: Heard) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Return (text, first topic, facts in the order of `Odds.part`) of each part of those texts that have several."""
    read, t = h.read, h.net
    first = np.flatnonzero(np.diff(read.part, prepend=-1))
    of = read.text[first]
    first = first[np.bincount(of, minlength=len(h.words))[of] > 1]
    of, number = read.text[first], np.full(int(read.within[-1]) + 2, -1)
    number[read.part[first]] = np.arange(len(first))
    inside = [(at, one.key) for one in h.rows for at in (number[one.part],)]
    own = beliefs(sums(t, len(first), [(at[at >= 0], key[at >= 0]) for at, key in inside]), t)
    words = np.bincount(inside[0][0][inside[0][0] >= 0], minlength=len(first))
    return of, own.best, (log_odds(own.share), log_odds(own.none), log_odds(own.follow), own.top, np.log(words))


class Hearing:
    """Understands questions in one world; what is outside it is "none"."""

    def __init__(self, kb: Knowledge) -> None:
        here = {row.test or name for name, row in kb.findings.items()} | set(kb.tests)
        self._topics = topics = net().topics
        self.slotted = np.array([t.startswith("s_") for t in topics])
        self._here = [t in here for t in topics]
        related = set(data("hearing")["related"])
        self._related = np.array([t in related for t in topics])
        self._asks = [Meaning("ask", (t,), s if t.startswith("s_") else SLOTS[0]) if t in here else NOTHING for t in topics for s in SLOTS]
        self._follows = [Meaning("follow", (), s) for s in SLOTS]

    def understand(self, text: str) -> Meaning:
        """Return what a text asks; never raises."""
        return self.understand_many([text])[0]

    def understand_many(self, texts: Sequence[str]) -> list[Meaning]:
        """Return what each of several texts asks: the same as one by one."""
        if not texts:
            return []
        h, (odds, z) = heard(texts, net()), fitted()
        w = h.whole
        facts = sure_facts(h, self.slotted[w.best])
        sure = weighed(odds.sure, facts)
        sure[(h.exact == w.best) & (facts[0] > _PLAIN)] += _PLAIN  # too few such questions are learned from for the odds to know them
        follow = weighed(odds.follow, follow_facts(h))
        veto = np.bincount(h.read.text[h.read.token == VETO], minlength=len(texts)) > 0
        meanings = [self._asks[k] for k in (w.best * len(SLOTS) + w.slot).tolist()]
        follows = (follow > z.sure) & (follow > sure) & (w.slot > 0) & ~veto
        for i in np.flatnonzero(follows).tolist():
            meanings[i] = self._follows[int(w.slot[i])]
        unsure = np.flatnonzero(~follows & (sure < z.sure))
        two = w.other[unsure] >= z.second * (w.share[unsure] + w.other[unsure])
        back = (
            unsure,
            (log_odds(w.none[unsure]) <= z.perhaps) & (w.share[unsure] >= z.second),
            w.best[unsure],
            np.where(two, w.second[unsure], w.best[unsure]),
        )
        for i, perhaps, best, second in zip(*(column.tolist() for column in back), strict=True):
            meanings[i] = self._unclear(best, second) if perhaps else NOTHING
        for i, topics in self._apart(h, odds, z).items():
            if not follows[i]:
                meanings[i] = self._several(topics)
        for i in np.flatnonzero(veto & ~self._related[w.best]).tolist():
            meanings[i] = NOTHING
        return meanings

    def _apart(self, h: Heard, odds: Odds, z: Zones) -> dict[int, list[int]]:
        """Return the topics of texts whose parts, each by itself, are surely about different things."""
        if not len(h.read.part) or not (np.diff(h.read.part) * (np.diff(h.read.text) == 0)).any():
            return {}
        of, best, facts = parts(h)
        found: dict[int, list[int]] = {}
        for i in np.flatnonzero(weighed(odds.part, facts) > z.apart).tolist():
            row = found.setdefault(int(of[i]), [])
            if (topic := int(best[i])) not in row:
                row.append(topic)
        return {i: row for i, row in found.items() if len(row) > 1}

    def _several(self, topics: list[int]) -> Meaning:
        here = tuple(self._topics[i] for i in topics if self._here[i])
        return Meaning("several" if len(here) > 1 else "unclear", here) if here else NOTHING

    def _unclear(self, best: int, second: int) -> Meaning:
        """Return what to ask back about: one topic or two."""
        able = tuple(self._topics[k] for k in dict.fromkeys((best, second)) if self._here[k])
        return Meaning("unclear", able) if able else NOTHING
