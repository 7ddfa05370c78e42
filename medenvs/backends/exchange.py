"""One HTTP exchange with an endpoint: a request out, at most so many bytes back within so much time, no redirect followed."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Timer
from typing import NamedTuple

from .endpoint import Endpoint


class Answer(NamedTuple):
    """What came back: status, body (cut one byte above the largest allowed), and what the server says of waiting (Retry-After)."""

    status: int
    body: bytes
    retry_after: str


class NoAnswerError(Exception):
    """Nothing usable came back; the message says what happened and holds nothing that was sent."""


def post(endpoint: Endpoint, path: str, body: bytes, key: str | None) -> Answer:
    """Return the answer to a JSON body posted below the base URL; raises NoAnswerError."""
    parts = endpoint.parts
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=endpoint.connect_s)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.connect()
    except (OSError, HTTPException, ValueError) as error:
        connection.close()
        raise NoAnswerError(f"cannot connect ({_named(error)})") from None
    with contextlib.closing(connection), _deadline(connection, endpoint.answer_s) as late:
        try:
            connection.request("POST", parts.path.rstrip("/") + path, body, headers)
            answer = _read(connection.getresponse(), endpoint.largest)
            if late:  # a line that is shut looks like one that has ended
                raise TimeoutError
            return answer
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a TLS socket that the deadline has shut
            said = f"no whole answer within {endpoint.answer_s:g} s" if late else f"the connection broke ({_named(error)})"
            raise NoAnswerError(said) from None


def _read(response: HTTPResponse, largest: int) -> Answer:
    body = response.read(largest + 1)
    if len(body) <= largest and response.length:  # what the server promised and did not send
        raise ConnectionError
    return Answer(response.status, body, response.headers.get("Retry-After", ""))


def _named(error: Exception) -> str:
    """Return what an error is called; its text may quote what was sent."""
    return type(error).__name__


@contextlib.contextmanager
def _deadline(connection: HTTPConnection, seconds: float) -> Iterator[list[bool]]:
    """Shut the connection down when the time is over, however the server drips; what is yielded is then no longer empty."""
    late: list[bool] = []

    def shut(line: socket.socket) -> None:
        late.append(True)
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    assert connection.sock is not None  # it has connected
    connection.sock.settimeout(seconds)
    timer = Timer(seconds, shut, (connection.sock,))
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
