"""Services that environments and agents may use, always in batches: judges, text generators, retrievers; and painters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Ending(NamedTuple):
    """An episode that has ended, as a judge reads it."""

    case: int
    role: str
    messages: Sequence[Mapping[str, Any]]
    truth: Mapping[str, Any]


class Judge(Protocol):
    """A source of reward terms, called once per vector step over the rows that ended, before they are reset."""

    terms: tuple[str, ...]

    def score(self, endings: Sequence[Ending]) -> Sequence[Mapping[str, float] | None]:
        """Return the terms of each ending; None where the judge has no verdict (absent, never 0)."""
        ...


class Painter(Protocol):
    """Draws an episode. It is given what one role has observed and nothing else, so nothing hidden can show."""

    fps: int  # frames a second of a video

    def paint(self, seen: Sequence[Mapping[str, Any]]) -> Any:
        """Return (height, width, 3) uint8 pixels of the numeric observations so far, one at least, the last one being now."""
        ...


class TextGenerator(Protocol):
    """Completes chats. `discloses` says how text leaves this process ("sends text to …", "keeps replies in …"), "" if it does not;
    judges and players built on a generator hand it on, and a System of credentialed cases refuses them."""

    discloses: str

    def generate(self, chats: Sequence[Sequence[Mapping[str, Any]]], seeds: Sequence[int]) -> Sequence[str]:
        """Return one reply per chat (OpenAI message format); raises EndpointError if one has none."""
        ...

    def attempt(self, chats: Sequence[Sequence[Mapping[str, Any]]], seeds: Sequence[int]) -> Sequence[str | None]:
        """Return one reply per chat, None where there is none; raises EndpointError where no later call could fare better."""
        ...


class Found(NamedTuple):
    """Documents of one query, best first; equal scores are ordered by id."""

    ids: Sequence[int]
    scores: Sequence[float]


class Retriever(Protocol):
    """Finds passages. `fingerprint` names index and settings, so that an answer may be cached."""

    fingerprint: str

    def search(self, queries: Sequence[str], k: int) -> Sequence[Found]:
        """Return the k best documents of each query."""
        ...
