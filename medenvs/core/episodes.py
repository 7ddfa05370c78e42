"""N running episodes on arrays: which case comes next, parsing, rules, inside players, judges, rewards, transcripts.

Every view and every trainer drives this; it never resets a row by itself. What happens in a row depends on its stream and
episode number alone, not on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .ahead import Ahead
from .conversations import Conversations
from .episode import LONGEST
from .kernel import scatter
from .lanes import Lanes, numpy_lanes
from .randomness import Key, key
from .reward import Ledger
from .services import Ending
from .speech import Hearing
from .system import System
from .transcript import Message
from .turn import Turn

Array = np.ndarray


class Outcomes(NamedTuple):
    """What one move in every active row led to; arrays of length N, meaningless where the row was not active."""

    rewards: dict[str, Array]
    terms: dict[str, Array]
    applies: dict[str, Array]
    costs: dict[str, Array]
    terminated: Array
    truncated: Array
    clipped: Array


class Episodes:
    """N episodes of a system at a time. With `words` the moves are lists of texts, else arrays."""

    def __init__(
        self, system: System, n: int, *, words: bool, lanes: Lanes | None = None, longest: int = LONGEST, logs: bool = True
    ) -> None:
        self.system, self.n, self.words = system, n, words
        self.kernel = system.kernel.on(lanes or numpy_lanes())
        spec = self.kernel.spec
        self._order = tuple(r.name for r in spec.roles)
        self.roles = system.roles
        self._hearing = {r: Hearing(system.language, r, longest, max(256, 16 * n)) for r in self._order}
        self._ledgers = {r: Ledger(system.terms, r, r == self._order[0]) for r in self.roles}
        self._judged = tuple(t for j in system.judges for t in j.terms)
        self._names = tuple(dict.fromkeys((*spec.terms, *system.language.terms, *self._judged)))
        self._pack = getattr(self.kernel, "pack", np.array)
        self._alone = len(self._order) == 1 and not system.players
        self._ahead = Ahead(system.cases, n)
        self.state: Any = None
        self.cases = np.zeros(n, np.int64)
        self.talk = Conversations(n, self._order, logs or not self._alone or bool(system.judges))

    def start(
        self,
        streams: Array,
        stream_keys: Key,
        episodes: Array,
        split: str = "train",
        cases: Array | None = None,
        rows: Array | None = None,
        knobs: Mapping[str, int] | None = None,
    ) -> None:
        """Begin an episode in the given rows (None: in all); the arrays hold one entry per row that begins. `knobs` overwrite columns."""
        if cases is None:
            drawn, columns = self._ahead.take(stream_keys, episodes, split, rows)
        else:
            drawn, columns = cases, self.system.cases.columns(cases)
        if knobs:
            columns = {**columns, **{name: np.full(len(drawn), value) for name, value in knobs.items()}}
        spec = self.kernel.spec
        keys = key(spec.stream, drawn, streams, episodes) if spec.draws else (0, 0)
        fresh = self.kernel.reset(columns, keys, len(drawn))
        if rows is None or len(rows) == self.n:
            self.state, self.cases, rows = fresh, drawn, None
        else:
            scatter(self.state, rows, fresh)
            self.cases[rows] = drawn
        if self.words:
            self.talk.forget(rows)
            self._tell(rows, {})
        if self.system.players:
            self._let_others_play(self._blank(), self._mask(rows))

    def _mask(self, rows: Array | None) -> Array:
        mask = np.zeros(self.n, bool)
        mask[slice(None) if rows is None else rows] = True
        return mask

    def _blank(self) -> Turn:
        return Turn({}, {}, np.zeros(self.n, bool), np.zeros(self.n, bool))

    def act(self, role: str, moves: Any, active: Array | None = None) -> Outcomes:
        """Play one move of an outside role in every active row (None: all), then players, judges and ledger."""
        rows = None if active is None or not self.words or active.all() else np.flatnonzero(active)  # only words are picked out
        here = np.ones(self.n, bool) if active is None else active
        clipped, turn = self._play(role, moves, rows, here)
        if not self._alone:
            turn = self._let_others_play(turn, here & ~(turn.terminated | turn.truncated))
        terms, applies = self._settle(turn, here)
        if self.system.judges:
            self._judge(terms, applies, here & (turn.terminated | turn.truncated))
        zero = np.zeros(self.n)
        rewards = {r: ledger.many(terms if r == role else self._unsaid(terms, zero), zero) for r, ledger in self._ledgers.items()}
        costs = {c: turn.costs.get(c, zero) for c in self.kernel.spec.costs}
        return Outcomes(rewards, terms, applies, costs, turn.terminated, turn.truncated, clipped)

    def _unsaid(self, terms: dict[str, Array], zero: Array) -> dict[str, Array]:
        return {**terms, **dict.fromkeys(self.system.language.terms, zero)}  # words pay whoever spoke them

    def _play(self, role: str, moves: Any, rows: Array | None, active: Array) -> tuple[Array, Turn]:
        clipped = np.zeros(self.n, bool)
        if not self.words:
            self.state, turn = self.kernel.step(self.state, {role: np.asarray(moves)}, active)
            return clipped, turn
        texts = moves if rows is None else [moves[i] for i in rows.tolist()]
        heard = self._hearing[role].many(texts, self._pack)
        self.state, turn = self.kernel.step(self.state, {role: self._spread(heard.actions, rows)}, active)
        for name in self.system.language.terms if role in self._ledgers else ():
            turn.terms[name] = _placed(heard.terms[name], 0.0, rows, self.n)
        if heard.clipped is not None:
            clipped = _placed(heard.clipped, False, rows, self.n)
        self.talk.says(role, rows, heard.texts)
        faults = heard.faults if rows is None else {int(rows[i]): fault for i, fault in heard.faults.items()}
        over: Any = turn.terminated | turn.truncated
        self._tell(rows, faults, role, over)
        return clipped, turn

    def _spread(self, actions: Any, rows: Array | None) -> Any:
        """Return moves for every row, `nothing` where none was made."""
        nothing = self.kernel.nothing
        if isinstance(nothing, tuple):
            parts = zip(actions, nothing, strict=True)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return type(nothing)(*(_placed(a, none, rows, self.n) for a, none in parts))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return _placed(actions, nothing, rows, self.n)

    def _tell(self, rows: Array | None, faults: Mapping[int, str], speaker: str | None = None, over: Array | None = None) -> None:
        """Render what the next movers read; in rows that are over, what each role that has spoken reads."""
        render = self.system.language.render
        if self._alone:
            self.talk.tells(self._order[0], rows, render(self.state, self._order[0], rows, None), faults)
            return
        chosen = np.arange(self.n) if rows is None else rows
        mover = np.broadcast_to(self.kernel.mover(self.state), (self.n,))[chosen]
        for number, role in enumerate(self._order):
            lines = self.talk.lines(role, chosen)
            wants = mover == number if over is None else np.where(over[chosen], lines > 0, mover == number)
            mine = chosen[wants & (lines % 2 == 0)]
            if len(mine):
                others: list[str | None] = [self.talk.heard[role][int(i)] for i in mine]
                self.talk.tells(role, mine, render(self.state, role, mine, others), faults if role == speaker else {})

    def _let_others_play(self, turn: Turn, open_rows: Array) -> Turn:
        while True:
            mover = np.broadcast_to(self.kernel.mover(self.state), (self.n,))
            now = [(r, open_rows & (mover == k)) for k, r in enumerate(self._order) if r in self.system.players]
            now = [(r, mask) for r, mask in now if mask.any()]
            if not now:
                return turn
            for role, mask in now:
                rows = np.flatnonzero(mask)
                later = self._inside(role, rows, mask)
                turn = _merged(turn, later, mask)
                open_rows = open_rows & ~(turn.terminated | turn.truncated)

    def _inside(self, role: str, rows: Array, mask: Array) -> Turn:
        player = self.system.players[role]
        seen = self.see(role, rows)
        if not self.words:
            seen = [{name: value[i] for name, value in seen.items()} for i in range(len(rows))]
        infos = [{"messages": self.messages(i, role) if self.words else [], "case": int(self.cases[i])} for i in rows]
        replies = player.act_batch(seen, infos)
        if self.words:
            texts = [""] * self.n
            for i, said in zip(rows.tolist(), replies, strict=True):
                texts[i] = said
            return self._play(role, texts, rows, mask)[1]
        moves = np.zeros((self.n, *np.shape(replies)[1:]), np.asarray(replies).dtype)
        moves[rows] = replies
        return self._play(role, moves, rows, mask)[1]

    def _settle(self, turn: Turn, active: Array) -> tuple[dict[str, Array], dict[str, Array]]:
        terms: dict[str, Array] = {}
        applies: dict[str, Array] = {}
        here: dict[int, Array] = {}  # names that apply in the same rows share an array, but for those that judges write into
        for name in self._names:
            value = turn.terms.get(name)
            gone = turn.absent.get(name)
            terms[name] = np.zeros(self.n) if value is None else value if gone is None else np.where(gone, 0.0, value)
            if value is None or name in self._judged:
                applies[name] = np.zeros(self.n, bool) if value is None else active.copy() if gone is None else active & ~gone
            else:
                if id(gone) not in here:
                    here[id(gone)] = active.copy() if gone is None else active & ~gone
                applies[name] = here[id(gone)]
        return terms, applies

    def _judge(self, terms: dict[str, Array], applies: dict[str, Array], ended: Array) -> None:
        rows = np.flatnonzero(ended).tolist()
        if not rows:
            return
        role = self.roles[0]
        endings = [Ending(int(self.cases[i]), role, self.messages(i, role) if self.words else [], self.truth(i)) for i in rows]
        for judge in self.system.judges:
            for i, verdict in zip(rows, judge.score(endings), strict=True):
                for name, value in (verdict or {}).items():
                    terms[name][i], applies[name][i] = value, True

    def see(self, role: str, rows: Array | None = None) -> Any:
        """Return what a role observes: a list of transcripts, or its arrays (fresh)."""
        if not self.words:
            return self.kernel.observe(self.state, role, rows)
        shown = self.talk.shown[role]
        return list(shown) if rows is None else [shown[i] for i in rows.tolist()]

    def messages(self, row: int, role: str) -> list[Message]:
        """Return the conversation of a row in the OpenAI message format (fresh dicts); needs `logs`."""
        return self.talk.messages(row, role)

    def truth(self, row: int) -> Mapping[str, Any]:
        """Return what only tests, judges and gold agents may see of a row."""
        return self.kernel.truth(self.state, row) if hasattr(self.kernel, "truth") else {}  # type: ignore[attr-defined]


def _merged(turn: Turn, later: Turn, mask: Array) -> Turn:
    """Return `turn` with what happened `later` in the masked rows added; a term applies where it did in either."""
    terms, costs, absent = dict(turn.terms), dict(turn.costs), dict(turn.absent)
    for name, value in later.terms.items():
        counts = mask & ~later.absent[name] if name in later.absent else mask
        gone = absent.get(name, np.zeros_like(mask)) if name in terms else np.ones_like(mask)
        terms[name] = np.where(gone, 0.0, terms.get(name, 0.0)) + np.where(counts, value, 0.0)
        absent[name] = gone & ~counts
    for name, value in later.costs.items():
        costs[name] = costs.get(name, 0.0) + np.where(mask, value, 0.0)
    terminated, truncated = turn.terminated | mask & later.terminated, turn.truncated | mask & later.truncated
    return Turn(terms, costs, terminated, truncated, absent)


def _placed(values: Any, none: Any, rows: Array | None, n: int) -> Any:
    if rows is None:
        return values
    full = np.full((n, *np.shape(values)[1:]), none, np.asarray(values).dtype)
    full[rows] = values
    return full
