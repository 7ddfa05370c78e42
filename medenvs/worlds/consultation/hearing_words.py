"""The words of free questions: cut, brought to one token per idea, typing mistakes mended, what asks nothing left out."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LONGEST = 80  # words and marks of a text that are considered
LETTERS = 1_200  # and letters, at most
SLOTS = ("present", "onset", "severity", "course")
FILLER, UNKNOWN, ASKS, STOP, COMMA, JOINS = range(6)  # the first tokens
CUES = tuple(f"{mark}{slot}" for mark in "@~" for slot in SLOTS[1:])  # "~" says the slot only where no topic is named
EXTRA = ("follow", "none")  # what is asked for beside the topics: a slot of what was asked last, or nothing
VETO = 6  # a word of questions about anything but the patient
FIRST = ("", "?", "??", ".", ",", "&", "!", "^", *CUES)
_HERE = Path(__file__).parent
_SUFFIXES = ("fulness", "ingly", "ness", "ing", "edly", "ies", "ied", "ed", "ly", "s")
_MARKS = {"’": "'", "‘": "'", "？": "?", "。": ".", "，": ",", "؟": "?"}
_STOPS = {"!": ".", ";": ".", "\n": ".", ":": ","}
_ASCII = {i: c if (c := chr(i)).isalnum() or c in " ?.,'\x00\x02" else _STOPS.get(c, " ") for i in range(128)}
_YOU, _REQUEST, _ORDERS, _OPENS, _STATES, _DOES = (1 << i for i in range(6))  # what a word does in its sentence


@cache
def data(name: str) -> Any:
    """Return one of the data files beside this module."""
    return json.loads((_HERE / f"{name}.json").read_text("utf-8"))


def stem(word: str) -> str:
    """Return the word without its ending and in one spelling: a crude but constant short form."""
    if len(word) > 5:
        word = word.replace("ae", "e").replace("oe", "e").replace("our", "or").replace("ph", "f")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 5 and word[-1] in "ey":
        return word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _deletions(word: str) -> Iterable[str]:
    return (word[:i] + word[i + 1 :] for i in range(1, len(word)))


class Tokens(dict[str, str]):
    """Word -> token, remembered: "" for a filler, "?" for an unknown word."""

    def __init__(self, known: Iterable[str]) -> None:
        """`known` are the words that may be meant by a mistyped one."""
        super().__init__()
        table, known = data("hearing"), tuple(known)
        self._given = frozenset(known)
        self._fixed = {w: token for token, words in table["same"].items() for w in (token, *words.split())}
        self._fixed |= dict.fromkeys(table["fillers"].split(), "") | {"?": "??", ".": ".", ",": ",", "and": "&", "or": "&", "when": "^"}
        for mark, kind in (("~", "weak"), ("@", "cues")):
            for slot, words in table[kind].items():
                self._fixed |= {w: f"{mark}{slot}" for w in words if " " not in w}
        self._stems = {stem(w): t for w, t in reversed(self._fixed.items()) if t and t[0] not in "@~?!^" and w.isalpha() and len(w) > 3}
        for token, kind in (("?", "plain"), ("!", "veto")):
            self._fixed |= {w: token for w in table[kind].split() if w not in self._fixed and w not in self._given}
        self._words = dict.fromkeys(w for w in (*self._fixed, *known) if w.isalnum() and self._fixed.get(w) not in ("?", "!"))
        self._known = {stem(w) for w in self._words}
        self._near: dict[str, str] = {}
        for word in (w for w in self._words if len(w) >= 5):
            for short in _deletions(word):
                self._near.setdefault(short, word)

    def __missing__(self, word: str) -> str:
        token = self._token(word)
        if len(self) < 50_000:
            self[word] = token
        return token

    def _token(self, word: str) -> str:
        if word in self._fixed:
            return self._fixed[word]
        short = stem(word)
        if word in self._words or short in self._known:
            return self._stems.get(short, short)
        if word.isdigit():
            return ""
        meant = self._meant(word) if len(word) >= 4 and word.isalpha() else None
        if meant is None:
            return "?"
        return self._fixed[meant] if meant in self._fixed else self._stems.get(stem(meant), stem(meant))

    def mended(self, word: str) -> str:
        """Return the word that a mistyped one stands for; any other as it is."""
        if len(word) < 4 or not word.isalpha() or word in self._fixed or word in self._words or stem(word) in self._known:
            return word
        return self._meant(word) or word

    def _meant(self, word: str) -> str | None:
        """Return the known word at one letter's distance, or with two letters in the other order; the first letter kept."""
        for i in range(1, len(word) - 1):
            if (turned := word[:i] + word[i + 1] + word[i] + word[i + 2 :]) in self._words:
                return turned
        if word in self._near:
            return self._near[word]
        if len(word) < 5:
            return None
        shorter = list(_deletions(word))
        for short in shorter:
            if len(short) >= 5 and short in self._words:
                return short
        return next((self._near[s] for s in shorter if s in self._near and len(self._near[s]) == len(word)), None)


class Read(NamedTuple):
    """What several texts say, in one row: per content word or cue its text, token and clause, and its part of a clause (numbered).

    And the symbols of every word that asks, fillers among them, with one at the end of each text; and the part that each is in.
    """

    text: np.ndarray
    token: np.ndarray
    clause: np.ndarray
    part: np.ndarray
    symbols: np.ndarray
    within: np.ndarray


def _folded(text: str) -> str:
    """Return an ASCII text: accents dropped, typographic marks made plain, letters of other scripts as one unknown letter."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c if c < "\x80" else _MARKS.get(c, "\x02" if c.isalnum() else "" if unicodedata.combining(c) else " ") for c in plain)


def spoken(texts: Sequence[str]) -> list[str]:
    """Return the words and marks of all texts, each text ended by NUL."""
    parts = [text[:LETTERS] if text.isascii() else _folded(text[:LETTERS]) for text in texts]
    joined = "\0".join([part if "\0" not in part else part.replace("\0", " ") for part in parts])
    joined = joined.replace("...", " ").lower().translate(_ASCII).replace("'", "")
    joined = joined.replace("?", " ? ").replace(".", " . ").replace(",", " , ").replace("\0", " \0 ")
    return (joined + " \0").split()


class Reader:
    """Reads texts into numbered tokens. A symbol is a word that stands in an expression, or the token of any other word."""

    def __init__(self, known: Iterable[str], names: Iterable[str], apart: Iterable[str] = ()) -> None:
        """`names` are the tokens in their order, FIRST first; words of `apart` have symbols of their own."""
        table, self.tokens = data("hearing"), Tokens(known)
        self.number = {name: i for i, name in enumerate(names)}
        self._symbols: dict[str, int] = {}
        self._token_of = list(range(len(self.number)))
        self._does = [0] * len(self.number)
        merged = {tuple(words.split()): self._numbered(token) for words, token in table["merge"].items()}
        for mark, kind in (("~", "weak"), ("@", "cues")):
            for slot, words in table[kind].items():
                merged |= {tuple(w.split()): self.number[f"{mark}{slot}"] for w in words if " " in w}
        for bit, words in zip((_YOU, _REQUEST, _ORDERS, _OPENS, _STATES, _DOES), table["roles"], strict=True):
            for word in words.split():
                self._does[self._own(word)] |= bit
        for word in apart:
            self._own(word)
        self._longer: dict[int, list[tuple[tuple[int, ...], int]]] = {}
        for words in sorted(merged, key=len, reverse=True):
            row = tuple(self._own(w) for w in words)
            self._longer.setdefault(row[0] << 16 | row[1], []).append((row[2:], merged[words]))
        self._pairs = np.zeros(1 << 16, bool)
        for key in self._longer:
            self._pairs[((key >> 16) * 40_503 ^ key) & 0xFFFF] = True
        self._symbols["\0"] = self.end = len(self._token_of)
        self._tokens_of, self._does_of = np.array([*self._token_of, 0]), np.array([*self._does, 0])

    def _numbered(self, word: str) -> int:
        return self.number.get(self.tokens[word], UNKNOWN)

    def _own(self, word: str) -> int:
        """Return the symbol of a word, a new one the first time."""
        if word not in self._symbols:
            self._symbols[word] = len(self._token_of)
            self._token_of.append(self._numbered(word))
            self._does.append(0)
        return self._symbols[word]

    def symbol(self, word: str) -> int:
        """Return the symbol of a word."""
        number = self._symbols.get(word)
        if number is None:
            number = self._symbols.get(self.tokens.mended(word), -1)
            number = self._numbered(word) if number < 0 else number
            if len(self._symbols) < 50_000:
                self._symbols[word] = number
        return number

    def read(self, texts: Sequence[str]) -> Read:
        """Return the content of the texts."""
        words = spoken(texts)
        known = self._symbols
        try:
            symbols = np.fromiter(map(known.__getitem__, words), np.int64, len(words))
        except KeyError:
            symbols = np.array([self.symbol(w) for w in words])
        ends = np.flatnonzero(symbols == self.end)
        text = np.zeros(len(symbols), np.int64)
        text[ends[:-1] + 1] = 1
        text = np.cumsum(text)
        if np.diff(ends, prepend=-1).max() > LONGEST:
            near = np.arange(len(symbols)) - np.concatenate([[0], ends[:-1] + 1])[text] < LONGEST
            near |= symbols == self.end
            symbols, text = symbols[near], text[near]
        token = self._merged(symbols)
        keep = self._asking(symbols, token, text)
        mark, end = (token >= ASKS) & (token <= COMMA), symbols == self.end
        asking = (keep & ~mark) | end
        clause = np.cumsum(mark | end)
        keep &= (token != FILLER) & ((token == UNKNOWN) | (token >= JOINS + 1))
        part = clause + np.cumsum(token == JOINS)
        return Read(text[keep], token[keep], clause[keep], part[keep], symbols[asking], part[asking])

    def _merged(self, symbols: np.ndarray) -> np.ndarray:
        """Return the tokens of the symbols; an expression has one, at its first word."""
        token = self._tokens_of[symbols]
        first, second = symbols[:-1], symbols[1:]
        hits = np.flatnonzero(self._pairs[(first * 40_503 ^ (first << 16 | second)) & 0xFFFF])
        if not len(hits):
            return token
        row, free = symbols.tolist(), 0
        for i in hits.tolist():
            if i < free:
                continue
            for rest, number in self._longer.get(row[i] << 16 | row[i + 1], ()):
                n = len(rest)
                if not n or tuple(row[i + 2 : i + 2 + n]) == rest:
                    token[i], token[i + 1 : i + 2 + n], free = number, FILLER, i + 2 + n
                    break
        return token

    def _asking(self, symbols: np.ndarray, token: np.ndarray, text: np.ndarray) -> np.ndarray:
        """Return which words stand in a sentence that asks or orders: where questions are put, statements are left out."""
        n = int(text[-1]) + 1
        mark = (token == ASKS) | (token == STOP) | (symbols == self.end)
        last = np.concatenate([[True], mark[:-1]])
        sentence = np.cumsum(last) - 1
        count = int(sentence[-1]) + 1
        does = self._does_of[symbols]
        opening = np.flatnonzero(last)
        holds = np.zeros((6, count), bool)
        for i in range(6):
            holds[i, sentence[(does >> i & 1).astype(bool)]] = True
        asks = np.zeros(count, bool)
        asks[sentence[token == ASKS]] = True
        of = text[opening]
        questions = np.zeros(n, bool)
        questions[of[asks]] = True
        opens = does[opening]
        orders = (opens & _ORDERS > 0) | holds[5]
        told = holds[4] & ~holds[0] & ~holds[1] & ~holds[5] & ((opens & _OPENS) == 0)
        kept = np.where(questions[of], asks | orders, ~told)
        return kept[sentence]


def paired(read: Read) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return (first, second, key) for each two neighbouring content words of a clause, and for those with one between: their places, and a
    key in either order."""
    wordy = np.flatnonzero(read.token >= len(FIRST))
    token, clause = read.token[wordy], read.clause[wordy]
    near = [(at, at + step) for step in (1, 2) for at in (np.flatnonzero(clause[:-step] == clause[step:]),)]
    return [(wordy[a], wordy[b], np.minimum(token[a], token[b]) << 16 | np.maximum(token[a], token[b])) for a, b in near]


def prints(n: int, read: Read) -> np.ndarray:
    """Return a fingerprint of the content words of each of `n` texts, whatever their order; 0 for a text without any."""
    wordy = (read.token >= len(FIRST)) | (read.token == UNKNOWN)
    text, token = read.text[wordy], read.token[wordy].astype(np.uint64) + np.uint64(1)
    token *= np.uint64(0x9E3779B97F4A7C15)
    token ^= token >> np.uint64(30)
    token *= np.uint64(0xBF58476D1CE4E5B9)
    token ^= token >> np.uint64(27)
    found = np.zeros(n, np.uint64)
    if len(text):
        starts = np.flatnonzero(np.diff(text, prepend=-1))
        found[text[starts]] = np.add.reduceat(token, starts)
    return (found >> np.uint64(32)).astype(np.int64)
