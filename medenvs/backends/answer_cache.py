"""Replies kept on disk: what was asked once is not asked again. A kill leaves a whole file; the prompts are kept as hashes only."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from medenvs.core.errors import BadData, EndpointError

Chat = Sequence[Mapping[str, Any]]
_KIND = 0x6D656476  # marks the file as ours


class Identified(Protocol):
    """A generator whose `identity` holds model, place and parameters as JSON values."""

    name: str
    discloses: str

    @property
    def identity(self) -> Mapping[str, Any]:
        """What decides a reply besides chat and seed."""
        ...

    def attempt(self, chats: Sequence[Chat], seeds: Sequence[int]) -> Sequence[str | None]:
        """Return one reply per chat, None where there is none."""
        ...


class Cached:
    """A generator behind a cache file (private to the user). `cached` counts the replies that came from it.

    A chat that stands twice in a batch with one seed is asked once. What has no reply is not kept. Raises BadData for a file that is
    no cache of ours.
    """

    def __init__(self, generator: Identified, path: Path) -> None:
        self._inner, self._path, self.cached = generator, path, 0
        self.name, self.identity = generator.name, generator.identity
        self.discloses = " and ".join(filter(None, (generator.discloses, f"keeps replies in {path.name}")))
        self._file = _opened(path)

    def generate(self, chats: Sequence[Chat], seeds: Sequence[int]) -> list[str]:
        """Return one reply per chat; raises EndpointError if one has none."""
        replies = self.attempt(chats, seeds)
        spoken = [r for r in replies if r is not None]
        if len(spoken) < len(replies):
            lost = len(replies) - len(spoken)
            raise EndpointError(f"{self.name}: {lost} of {len(replies)} chats have no reply. What arrived is kept: ask again later.")
        return spoken

    def attempt(self, chats: Sequence[Chat], seeds: Sequence[int]) -> list[str | None]:
        """Return one reply per chat, None where there is none."""
        keys = [self._key(chat, seed) for chat, seed in zip(chats, seeds, strict=True)]
        known = {k: r for k in dict.fromkeys(keys) if (r := self._kept(k)) is not None}
        self.cached += sum(k in known for k in keys)
        ask = {k: i for i, k in reversed(list(enumerate(keys))) if k not in known}
        if ask:
            places = sorted(ask.values())
            replies = self._inner.attempt([chats[i] for i in places], [seeds[i] for i in places])
            fresh = {keys[i]: r for i, r in zip(places, replies, strict=True) if r is not None}
            self._keep(fresh)
            known |= fresh
        return [known.get(k) for k in keys]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _key(self, chat: Chat, seed: int) -> bytes:
        text = json.dumps([dict(self.identity), [dict(m) for m in chat], int(seed)], sort_keys=True, ensure_ascii=True)
        return hashlib.blake2b(text.encode("ascii"), digest_size=16).digest()

    def _kept(self, key: bytes) -> str | None:
        row = self._file.execute("SELECT reply FROM replies WHERE chat = ?", (key,)).fetchone()
        return row[0] if row and isinstance(row[0], str) else None

    def _keep(self, fresh: Mapping[bytes, str]) -> None:
        with self._file:  # one transaction: all of it or nothing
            self._file.executemany("INSERT OR REPLACE INTO replies VALUES (?, ?)", fresh.items())


def _opened(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise BadData(f"{path.name} cannot be opened ({type(error).__name__}). Remedy: name a file you may write.") from None
    file = sqlite3.connect(path, timeout=60.0)
    try:
        (kind,) = file.execute("PRAGMA application_id").fetchone()
        new = not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if kind != _KIND and not new:
            raise sqlite3.DatabaseError
        with file:
            file.execute("CREATE TABLE IF NOT EXISTS replies (chat BLOB PRIMARY KEY, reply TEXT NOT NULL) WITHOUT ROWID")
            file.execute(f"PRAGMA application_id = {_KIND}")
        file.execute("SELECT chat, reply FROM replies LIMIT 1")
    except sqlite3.DatabaseError:
        file.close()
        raise BadData(f"{path.name} is no answer cache of medenvs, or damaged. Remedy: name another file, or delete it.") from None
    return file
