"""Where a language model is served and how patiently it is asked. The key is named, never held."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from medenvs.core.errors import BadValue

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_LONGEST_URL = 500
_LIMITS = {
    "connect_s": (0.01, 600.0),
    "answer_s": (0.01, 3600.0),
    "retries": (0, 20),
    "wait_s": (0.0, 60.0),
    "longest_wait_s": (0.0, 600.0),
    "parallel": (1, 256),
    "largest": (1_024, 1 << 26),
}


def _plain() -> dict[str, Any]:
    return {"temperature": 0.0, "max_tokens": 512}


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server: `base_url` without /chat/completions, the model's name there, and the NAME of the environment
    variable that holds the key (None: no key is sent).

    `parameters` go into every request. Times in seconds: to connect, until the whole answer is there, before the first repetition
    (doubled each time, with jitter), at most between two. `retries` repetitions, `parallel` requests at once, answers of at most
    `largest` bytes. Raises BadValue for anything else.
    """

    base_url: str
    model: str
    key_env: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=_plain)
    connect_s: float = 10.0
    answer_s: float = 120.0
    retries: int = 4
    wait_s: float = 0.5
    longest_wait_s: float = 30.0
    parallel: int = 8
    largest: int = 1 << 20

    def __post_init__(self) -> None:
        _split(self.base_url)
        if not 0 < len(self.model) <= 200 or not self.model.isprintable():
            raise BadValue("model is empty or unprintable. Give the name under which the endpoint serves it.")
        if self.key_env is not None and not _NAME.fullmatch(self.key_env):  # it may be the key itself: not shown
            raise BadValue("key_env is not the name of an environment variable. Give the name, e.g. 'OPENAI_API_KEY', never the key.")
        for name, (low, high) in _LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise BadValue(f"{name} is {getattr(self, name)}; allowed: {low} to {high}.")

    @property
    def parts(self) -> SplitResult:
        """The parts of the base URL."""
        return _split(self.base_url)

    @property
    def host(self) -> str:
        """The host, with its port where one is given: what errors call the endpoint."""
        return self.parts.netloc

    @property
    def local(self) -> bool:
        """Whether the endpoint is this machine, so that text sent there does not leave it."""
        name = self.parts.hostname or ""
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"

    def key(self) -> str | None:
        """Return the key from the environment; raises BadValue, which names the variable alone."""
        if self.key_env is None:
            return None
        found = os.environ.get(self.key_env, "").strip()
        if not found:
            raise BadValue(f"environment variable {self.key_env} is not set. Put the key of {self.host} there.")
        if not (found.isascii() and found.isprintable()) or " " in found:
            raise BadValue(f"environment variable {self.key_env} holds no key: spaces, control characters or non-ASCII.")
        return found


def _split(url: str) -> SplitResult:
    """Return the parts of a base URL; raises BadValue, which does not show the URL: it may hold a secret."""
    try:
        parts = urlsplit(url if len(url) <= _LONGEST_URL else "")
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine, parts = False, urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not fine or not plain or "@" in parts.netloc or parts.query or parts.fragment:
        raise BadValue(
            "base_url is not http(s)://host[:port][/path] without user, query or fragment. "
            "Give e.g. 'http://localhost:8000/v1', and the key through key_env."
        )
    return parts
