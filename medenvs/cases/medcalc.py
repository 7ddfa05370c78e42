"""Procedural clinical-calculator problems: a note, a question, an exact truth and the interval that counts as right.

The problem kind and its inputs follow from the case number alone; so do the words of the note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from medenvs.core.cases import Case, Endless
from medenvs.core.errors import BadValue
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.language import column
from medenvs.core.randomness import Key, below, key, word
from medenvs.core.turn import Lane
from medenvs.rewards.numbers import interval, kind_of, written
from medenvs.worlds.calculators.drawing import Drawer, Drawn
from medenvs.worlds.calculators.registry import CALCULATORS, VARIANTS, calculator
from medenvs.worlds.vignettes.note import Writer
from medenvs.worlds.vignettes.question import explained, questions
from medenvs.worlds.vignettes.words import units

_STREAM = 0x4D43_0001  # all draws of these cases; another constant would be another set of cases
_KIND, _DEPTH, _GIVEN, _CHAIN = range(1 << 20, (1 << 20) + 4)  # slots; inputs and notes have those below
LEVELS = (1, 2, 3, 4, 5)
WIDTH = max(len(c.inputs) for c in VARIANTS)
_NOTHING = [0.0] * WIDTH
_NUMBER = {c.id: n for n, c in enumerate(VARIANTS)}
_CHAINS: dict[str, list[int]] = {}
for _n, _c in enumerate(VARIANTS[len(CALCULATORS) :], len(CALCULATORS)):
    _CHAINS.setdefault(_c.id.split("+")[0], []).append(_n)


@cache
def _drawer(variant: int) -> Drawer:
    return Drawer(VARIANTS[variant], units())


@cache
def _questions(variant: int, given: bool) -> tuple[str, ...]:
    return questions(VARIANTS[variant], given)


@cache
def _writer(variant: int) -> Writer:
    return Writer(VARIANTS[variant])


class MedCalcCases(Endless):
    """Cases of difficulty `difficulty` (1 to 5, None: drawn per case) over the named calculators (None: all registered).

    formula_given: True, False, or None (drawn per case). `columns` gives case, variant, kind, truth, low, high and facts.
    """

    def __init__(
        self,
        difficulty: int | None = None,
        calculators: Sequence[str] | None = None,
        formula_given: bool | None = False,
        pool: int | None = None,
    ) -> None:
        super().__init__(pool)
        if difficulty is not None and difficulty not in LEVELS:
            raise BadValue(f"difficulty is {difficulty!r}; allowed: 1, 2, 3, 4, 5, or None for a mixture.")
        chosen = CALCULATORS if calculators is None else tuple(calculator(c) for c in calculators)
        if not chosen:
            raise BadValue("calculators is empty; name at least one, or None for all.")
        self.difficulty, self.formula_given = difficulty, formula_given
        self._kinds = [_NUMBER[c.id] for c in chosen]
        self._deep = [[k, *_CHAINS.get(VARIANTS[k].id, ())] for k in self._kinds]  # what level 5 may ask instead
        self._kinds_of, self._chains_many = np.array(self._kinds), np.array([len(d) for d in self._deep])
        self._chains_of = np.array([d + [0] * (self._chains_many.max() - len(d)) for d in self._deep])
        self._last: tuple[int, Key] = (-1, (0, 0))
        self._texts: dict[int, str] = {}
        self._known: dict[int, dict[str, Any]] = {}
        self._tables: dict[str, dict[str, Any]] = {}

    def level(self, k: Key) -> Any:
        """Return the difficulty of cases."""
        return 1 + below(k, _DEPTH, 5) if self.difficulty is None else self.difficulty + k[0] * 0

    def _variant(self, k: Key, level: int) -> int:
        place = below(k, _KIND, len(self._kinds))
        options = self._deep[place]
        return options[0] if level < 5 or len(options) == 1 else options[below(k, _CHAIN, len(options))]

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        """Return the columns of one case (plain values) or of an array of cases."""
        if isinstance(cases, int):
            return self._column(cases) if self.pool is None else self._kept(cases)
        return self._columns(np.asarray(cases, np.int64)) if self.pool is None else self._gathered(np.asarray(cases, np.int64))

    def _kept(self, case: int) -> dict[str, Any]:
        found = self._known.get(case)
        if found is None:
            if len(self._known) >= 3 * (self.pool or 0):
                self._known.clear()
            found = self._known[case] = self._column(case)
        return found

    def _gathered(self, cases: np.ndarray) -> dict[str, Any]:
        """Return columns out of the table of the split's pool, drawn once; cases outside the pool are drawn for themselves."""
        split = self.split_of(int(cases[0]))
        if split not in self._tables:
            self._tables[split] = self._columns(self.members(split))
        table = self._tables[split]
        place = self.place(cases, split)
        if not np.array_equal(table["case"][place], cases):
            return self._columns(cases)
        return {name: column[place] for name, column in table.items()}

    def _column(self, case: int) -> dict[str, Any]:
        k = self._key(case)
        level = self.level(k)
        variant = self._variant(k, level)
        output = VARIANTS[variant].output
        values, shown, truth = _drawer(variant).one(k, level >= 3)
        low, high = interval(PLAIN, truth, output)
        accepted = {"truth": truth, "low": low, "high": high}
        return {
            "case": case,
            "variant": variant,
            "kind": kind_of(output),
            **accepted,
            "facts": values + _NOTHING[len(values) :],
            "shown": shown,
        }

    def _key(self, case: int) -> Key:
        if case != self._last[0]:  # columns and prompt of a case follow each other
            self._last = (case, key(_STREAM, case))
        return self._last[1]

    def _columns(self, cases: np.ndarray) -> dict[str, Any]:
        """Draw all cases of one kind of problem at a time, then put every row back in its place."""
        m, n, k = numpy_lanes(), len(cases), key(_STREAM, cases)
        level = np.broadcast_to(self.level(k), (n,))
        variant = self._kinds_of[below(k, _KIND, len(self._kinds))]
        if (deep := level == 5).any():
            rows = np.flatnonzero(deep)
            variant[rows] = self._deepened(k, rows)
        order = np.argsort(variant.astype(np.int16), kind="stable")
        in_order, a, b, convert = variant[order], k[0][order], k[1][order], level[order] >= 3
        facts, shown = np.zeros((n, WIDTH), np.float32), np.zeros((n, WIDTH), np.int8)
        columns = {name: np.empty(n) for name in ("truth", "low", "high")} | {"kind": np.empty(n, np.int64)}
        edges = np.flatnonzero(np.diff(in_order, prepend=-1)).tolist()
        for start, stop in zip(edges, [*edges[1:], n], strict=True):
            number, here = int(in_order[start]), slice(start, stop)
            output, truth = VARIANTS[number].output, columns["truth"][here]
            _drawer(number).many((a[here], b[here]), convert[here], Drawn(facts[here], shown[here], truth))
            columns["low"][here], columns["high"][here] = interval(m, truth, output)
            columns["kind"][here] = kind_of(output)
        back = np.empty(n, np.int64)
        back[order] = np.arange(n)
        found = {name: column[back] for name, column in columns.items()}
        return {"case": cases, "variant": variant, **found, "facts": facts[back], "shown": shown[back]}

    def _deepened(self, k: Key, rows: np.ndarray) -> np.ndarray:
        """Return what cases of level 5 ask: their calculator, or one of its chains."""
        here: Key = (k[0][rows], k[1][rows])
        place = below(here, _KIND, len(self._kinds))
        return self._chains_of[place, below(here, _CHAIN, self._chains_many[place])]

    def prompts(self, state: Any, rows: Any) -> list[str]:
        """Return the prompts of the rows of a question's state; written once while they are remembered."""
        if state.case.__class__ is int:
            return [self.prompt(state.case, state.variant, state.facts, state.shown)]
        cases = column(state.case, rows)
        texts = list(map(self._texts.get, cases))
        if None in texts:
            places = [i for i, text in enumerate(texts) if text is None]
            at = places if rows is None else np.asarray(rows)[places]
            columns = [column(lane, at) for lane in (state.case, state.variant, state.facts, state.shown)]
            for i, row in zip(places, zip(*columns, strict=True), strict=True):
                texts[i] = self.prompt(*row)
        return texts  # pyright: ignore[reportReturnType]

    def prompt(self, case: int, variant: int, facts: Sequence[float], shown: Sequence[int]) -> str:
        """Return the prompt of a case whose columns are known."""
        text = self._texts.get(case)
        if text is None:
            k = self._key(case)
            note = _writer(variant).write(k, facts, shown, self.level(k))
            text = f"Clinical note (simulated):\n{note}\n\n{_questions(variant, self.given(k))[word(k, _GIVEN) >> 30]}"
            if len(self._texts) >= max(256, 3 * (self.pool or 0)):  # a group of rollouts reads the same case; a pool is kept whole
                self._texts.clear()
            self._texts[case] = text
        return text

    def given(self, k: Key) -> bool:
        """Return whether the prompt of a case shows the formula."""
        return bool(word(k, _GIVEN) & 1) if self.formula_given is None else self.formula_given

    def __getitem__(self, case: int) -> Case:
        split, c = self.split_of(case), self._column(case)
        asked, k = VARIANTS[c["variant"]], self._key(case)
        level = self.level(k)
        text = self.prompt(case, c["variant"], c["facts"], c["shown"])
        truth = {"answer": c["truth"], "low": c["low"], "high": c["high"], "output": asked.output}
        meta = {"calculator": asked.id, "name": asked.name, "category": asked.category, "difficulty": level, "split": split}
        return Case(case, text, truth, explained(asked, c["facts"], c["shown"], written(c["truth"], asked.output)), meta)
