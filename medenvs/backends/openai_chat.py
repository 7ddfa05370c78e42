"""A TextGenerator over an OpenAI-compatible endpoint: many requests at once, bounded retries with back-off, errors that say what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from medenvs.core.errors import BadValue, EndpointError
from medenvs.core.randomness import key, uniform

from .completion import BadReply, EndpointDown, EndpointRefused, Reply, reply
from .endpoint import Endpoint
from .exchange import NoAnswerError, post

Chat = Sequence[Mapping[str, Any]]
_BACKOFF = 0x57414954


@dataclass
class Counts:
    """What was asked so far, in chats and repetitions; tokens as the endpoint tells them."""

    calls: int = 0
    retries: int = 0
    failures: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class _Asked:
    """What came of one chat, after how many tries."""

    tries: int = 0
    reply: Reply | None = None
    error: EndpointError | None = None


class _Batch:
    """What the requests of one call share: once enough chats in a row got no answer, the rest are not asked."""

    def __init__(self, key: str | None, patience: int) -> None:
        self.key, self._patience, self._unheard = key, patience, 0

    def lost(self) -> bool:
        """Whether there is no hope left."""
        return self._unheard >= self._patience

    def hears(self, error: EndpointError | None) -> None:
        """Take note of how a chat ended; two threads that meet here cost at most one more request."""
        self._unheard = self._unheard + 1 if isinstance(error, EndpointDown) else 0


class OpenAIChat:
    """Completes chats at an endpoint. `sleep` is called with the seconds between two tries."""

    def __init__(self, endpoint: Endpoint, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.endpoint, self._sleep, self.counts = endpoint, sleep, Counts()
        self.name = f"{endpoint.model} at {endpoint.host}"
        self.discloses = "" if endpoint.local else f"sends text to {endpoint.host}"
        place = f"{endpoint.parts.scheme}://{endpoint.host}{endpoint.parts.path.rstrip('/')}"
        self.identity = {"model": endpoint.model, "place": place, "parameters": dict(endpoint.parameters)}

    def generate(self, chats: Sequence[Chat], seeds: Sequence[int]) -> list[str]:
        """Return one reply per chat; raises the EndpointError of the first that has none."""
        texts: list[str] = []
        for one in self._ask(chats, seeds):
            if one.reply is None:
                assert one.error is not None  # one or the other
                raise one.error
            texts.append(one.reply.text)
        return texts

    def attempt(self, chats: Sequence[Chat], seeds: Sequence[int]) -> list[str | None]:
        """Return one reply per chat, None where there is none; raises EndpointRefused."""
        return [one.reply.text if one.reply else None for one in self._ask(chats, seeds)]

    def _ask(self, chats: Sequence[Chat], seeds: Sequence[int]) -> list[_Asked]:
        if len(chats) != len(seeds):
            raise BadValue(f"{len(chats)} chats but {len(seeds)} seeds. Give one seed per chat.")
        batch, asked = _Batch(self.endpoint.key(), 2 * self.endpoint.parallel), list[_Asked]()
        with ThreadPoolExecutor(self.endpoint.parallel) as pool:
            for one in pool.map(lambda chat, seed: self._one(batch, chat, seed), chats, seeds):  # left early, it cancels what waits
                asked.append(one)
                self._count(one)
                if isinstance(one.error, EndpointRefused):
                    raise one.error
        return asked

    def _count(self, one: _Asked) -> None:
        counts = self.counts
        counts.calls += one.tries > 0
        counts.retries += max(0, one.tries - 1)
        counts.failures += one.reply is None
        if one.reply:
            counts.tokens_in += one.reply.tokens_in
            counts.tokens_out += one.reply.tokens_out

    def _one(self, batch: _Batch, chat: Chat, seed: int) -> _Asked:
        """Ask until there is a reply, none can be hoped for, or the tries are used up."""
        e, one = self.endpoint, _Asked()
        asked = {**e.parameters, "model": e.model, "messages": [dict(m) for m in chat], "seed": int(seed)}
        body = json.dumps(asked, ensure_ascii=True, allow_nan=False).encode("ascii")
        while one.tries <= e.retries and not batch.lost():
            one.tries += 1
            again, wish = self._try(batch, body, one)
            if not again:
                break
            if one.tries <= e.retries:
                self._sleep(self._pause(int(seed), one.tries, wish))
        if not one.tries:
            one.error = EndpointDown(f"{e.host} is not asked any more: many chats in a row got no answer. Check that the server runs.")
        batch.hears(one.error)
        return one

    def _try(self, batch: _Batch, body: bytes, one: _Asked) -> tuple[bool, str]:
        """Ask once; return whether asking again may help, and how long the server wishes to be left alone."""
        wish = ""
        try:
            answer = post(self.endpoint, "/chat/completions", body, batch.key)
            wish = answer.retry_after
            one.reply, one.error = reply(self.endpoint, answer, batch.key), None
        except NoAnswerError as error:
            one.error = EndpointDown(f"{self.endpoint.host} does not answer: {error}. Check that the server runs, and base_url.")
        except EndpointError as error:
            one.error = error
        return isinstance(one.error, EndpointDown) or (isinstance(one.error, BadReply) and one.error.again), wish

    def _pause(self, seed: int, tries: int, wish: str) -> float:
        """Return the seconds before the next try: what the server wishes, or doubling with jitter; never above the limit."""
        e = self.endpoint
        if wish.isascii() and wish.isdigit() and len(wish) < 7:
            return min(float(wish), e.longest_wait_s)
        return min(e.wait_s * 2.0 ** (tries - 1), e.longest_wait_s) * (0.5 + 0.5 * uniform(key(_BACKOFF, seed), tries))
