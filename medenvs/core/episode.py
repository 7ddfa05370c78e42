"""One running episode on plain numbers: what the single views share. `Episodes` is its batched twin; both play the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .lanes import PLAIN
from .randomness import Key, key
from .reward import Ledger
from .services import Ending
from .speech import Hearing, told
from .system import System
from .transcript import Message, flat, reply
from .turn import Turn

LONGEST = 16_384  # code points of one action that are kept


class Outcome(NamedTuple):
    """What an action led to: rewards by outside role, every term (0.0 where it does not apply), costs, ends."""

    rewards: dict[str, float]
    terms: dict[str, float]
    applies: dict[str, bool]
    costs: dict[str, float]
    terminated: bool
    truncated: bool
    clipped: bool


class Episode:
    """One episode of a system at a time. With `words` the moves are texts, else numbers."""

    def __init__(self, system: System, *, words: bool, longest: int = LONGEST) -> None:
        self.system, self.words = system, words
        self.kernel = system.kernel.on(PLAIN)
        spec = self.kernel.spec
        self._order = tuple(r.name for r in spec.roles)
        self.roles = system.roles
        self._hearing = {r: Hearing(system.language, r, longest) for r in self._order}
        self._ledgers = {r: Ledger(system.terms, r, r == self._order[0]) for r in self.roles}
        names = dict.fromkeys((*spec.terms, *system.language.terms, *(t for j in system.judges for t in j.terms)))
        self._zeros, self._never = dict.fromkeys(names, 0.0), dict.fromkeys(names, False)
        self._usual = {name: words or name not in system.language.terms for name in names}  # what applies where nothing is absent
        self._counted = sum(self._usual.values())
        self._render, self._columns, self._draw = system.language.render, system.cases.columns, system.cases.draw
        self._free = dict.fromkeys(spec.costs, 0.0)
        self._unsaid = dict.fromkeys(system.language.terms, 0.0)  # words pay whoever spoke them
        self._alone = len(self._order) == 1 and not system.players
        self._simple = self._alone and not system.judges
        self.state: Any = None
        self.case = -1
        self.log: dict[str, list[Any]] = {r: [] for r in self._order}  # content, said, content, said, …
        self.shown: dict[str, str] = dict.fromkeys(self._order, "")  # transcripts as texts
        self._heard: dict[str, str | None] = dict.fromkeys(self._order)

    def start(
        self,
        stream: int,
        stream_key: Key,
        episode: int,
        split: str = "train",
        case: int | None = None,
        knobs: Mapping[str, int] | None = None,
    ) -> None:
        """Begin episode number `episode` of a stream, or the given case, with the columns of `knobs` overwritten.

        What happens depends on these alone.
        """
        self.case = case = self._draw(stream_key, episode, split) if case is None else case
        spec = self.kernel.spec
        keys = key(spec.stream, case, stream, episode) if spec.draws else (0, 0)
        columns = self._columns(case)
        self.state = self.kernel.reset({**columns, **knobs} if knobs else columns, keys, None)
        if self.words and self._alone:
            role, content = self._order[0], self._render(self.state, self._order[0], None, None)[0]
            self.log[role], self.shown[role] = [content], content if content.__class__ is str else flat(content)
        elif self.words:
            for role in self._order:
                self.log[role], self._heard[role] = [], None
            self._tell(None, None, False)
        if self.system.players:
            self._let_others_play(Turn({}, {}, False, False), self._zeros.copy(), self._never.copy())

    def mover(self) -> str:
        """Return the role whose turn it is."""
        return self._order[0] if len(self._order) == 1 else self._order[int(self.kernel.mover(self.state))]

    def act(self, role: str, action: Any) -> Outcome:
        """Play one action of an outside role, let the inside players answer, ask the judges, and settle the rewards."""
        clipped, words, turn = self._play(role, action)
        terms = {**self._zeros, **words}
        if self._simple and not turn.absent and len(words) + len(turn.terms) == self._counted:  # every term applies
            terms.update(turn.terms)
            paid = {role: self._ledgers[role].one(terms)}
            costs = {**self._free, **turn.costs} if self._free else {}
            return Outcome(paid, terms, self._usual.copy(), costs, bool(turn.terminated), bool(turn.truncated), clipped)
        applies = {**self._never, **dict.fromkeys(words, True)}
        _credit(turn, terms, applies)
        if not self._alone:
            turn = self._let_others_play(turn, terms, applies)
        ended = bool(turn.terminated), bool(turn.truncated)
        if self.system.judges and (ended[0] or ended[1]):
            self._judge(terms, applies)
        rewards = {r: ledger.one(terms if r == role else {**terms, **self._unsaid}) for r, ledger in self._ledgers.items()}
        return Outcome(rewards, terms, applies, {**self._free, **turn.costs}, *ended, clipped)

    def _play(self, role: str, action: Any) -> tuple[bool, Mapping[str, float], Turn]:
        """Return (the action was cut, what its words are worth, what it did)."""
        if not self.words:
            self.state, turn = self.kernel.step(self.state, {role: plain(action)}, True)
            return False, {}, turn
        said, meaning, clipped = self._hearing[role](action)
        self.state, turn = self.kernel.step(self.state, {role: meaning.action}, True)
        self.log[role].append(said)
        if self._alone:
            self._told(role, self._render(self.state, role, None, None)[0], meaning.fault)
        else:
            self._heard = {r: said if r != role else h for r, h in self._heard.items()}
            self._tell(meaning.fault, role, bool(turn.terminated or turn.truncated))
        return clipped, meaning.terms, turn

    def _tell(self, fault: str | None, speaker: str | None, over: bool) -> None:
        """Render what the next mover reads; when the episode is over, what each role that has spoken reads."""
        listeners = [r for r in self._order if self.log[r] or r == speaker] if over else [self.mover()]
        for role in listeners:
            if len(self.log[role]) % 2 == 0:
                content = self._render(self.state, role, None, [self._heard[role]])[0]
                self._told(role, content, fault if role == speaker else None)
                self._heard[role] = None

    def _told(self, role: str, content: Any, fault: str | None) -> None:
        if fault is not None:
            content = told(content, fault)
        log, text = self.log[role], content if content.__class__ is str else flat(content)
        self.shown[role] = reply(self.shown[role], log[-1], text) if log else text
        log.append(content)

    def _let_others_play(self, turn: Turn, terms: dict[str, float], applies: dict[str, bool]) -> Turn:
        while not (turn.terminated or turn.truncated) and (role := self.mover()) in self.system.players:
            seen = self.see(role)
            (action,) = self.system.players[role].act_batch([seen], [{"messages": self.messages(role), "case": self.case}])
            _, _, later = self._play(role, action)
            _credit(later, terms, applies)
            costs = {k: turn.costs.get(k, 0.0) + later.costs.get(k, 0.0) for k in {**turn.costs, **later.costs}}
            turn = Turn({}, costs, later.terminated, later.truncated)
        return turn

    def _judge(self, terms: dict[str, float], applies: dict[str, bool]) -> None:
        for judge in self.system.judges:
            (verdict,) = judge.score([Ending(self.case, self.roles[0], self.messages(self.roles[0]), self.truth())])
            for name, value in (verdict or {}).items():
                terms[name], applies[name] = value, True

    def see(self, role: str) -> Any:
        """Return what a role observes: the whole transcript as one text, or its numbers."""
        return self.shown[role] if self.words else self.kernel.observe(self.state, role)

    def messages(self, role: str) -> list[Message]:
        """Return the role's conversation in the OpenAI message format (fresh dicts)."""
        return [{"role": "assistant" if i % 2 else "user", "content": c} for i, c in enumerate(self.log[role])]

    def truth(self) -> Mapping[str, Any]:
        """Return what only tests, judges and gold agents may see."""
        return self.kernel.truth(self.state, None) if hasattr(self.kernel, "truth") else {}  # type: ignore[attr-defined]


def _credit(turn: Turn, terms: dict[str, float], applies: dict[str, bool]) -> None:
    absent = turn.absent
    for name, value in turn.terms.items():
        if not (absent and absent.get(name)):
            terms[name], applies[name] = terms[name] + value, True


def plain(action: Any) -> Any:
    """Return a numeric action as Python numbers: spaces hand out NumPy scalars, which plain lanes must not meet."""
    return action.tolist() if hasattr(action, "tolist") else action
