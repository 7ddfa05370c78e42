"""Patients of a finite decision process: a case is the state in which a stay begins."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

import numpy as np

from medenvs.core.cases import Case, Endless
from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.core.randomness import key, word
from medenvs.core.turn import Lane
from medenvs.worlds.tabular.alias import drawn, packed
from medenvs.worlds.tabular.model import Mdp

_STREAM = 0x5441_0001  # all draws of these cases; another constant would be another set of patients
_BLOCK = 8_192  # cases drawn at a time, so that the work stays in the cache


class TabularCases(Endless):
    """Stays whose first state is drawn from the process's initial distribution; its columns are `case` and `start`."""

    def __init__(self, mdp: Mdp, pool: int | None = None) -> None:
        super().__init__(pool)
        self._mdp = mdp
        begins = np.flatnonzero(mdp.initial)
        spans, self._entries = packed([(begins, mdp.initial[begins])])
        self._row, self._few = int(spans[0]), self._entries.tolist()

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        """Return the columns of one case (plain values) or of an array of cases."""
        if isinstance(cases, int):
            return {"case": cases, "start": drawn(PLAIN, self._few, self._row, word(key(_STREAM, cases), 0))}
        start = np.empty(len(cases), np.int16)  # many are prepared, so they are kept small
        for i in range(0, len(cases), _BLOCK):
            start[i : i + _BLOCK] = drawn(numpy_lanes(), self._entries, self._row, word(key(_STREAM, cases[i : i + _BLOCK]), 0))
        return {"case": cases, "start": start}

    def __getitem__(self, case: int) -> Case:
        split, start = self.split_of(case), self.columns(case)["start"]
        levels = isqrt(self._mdp.actions)
        doses = ", ".join(f"{a // levels}/{a % levels}" for a in np.flatnonzero(self._mdp.admissible[start]).tolist())
        text = f"A stay that begins in state {start}; mean SOFA {self._mdp.sofa[start]:.1f}."
        return Case(case, text, {"start": start}, (f"Doses on record there (fluids/vasopressor): {doses}.",), {"split": split})
