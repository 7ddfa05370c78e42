"""What an endpoint's answer says: a reply, or which of three errors it is."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from medenvs.core.errors import EndpointError
from medenvs.core.language import sanitised
from medenvs.core.transcript import parse_json

from .endpoint import Endpoint
from .exchange import Answer

_BUSY = {408, 425, 429}
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
_NO_SERVICE = {
    401: "does not accept the key (401). Check the environment variable that key_env names",
    403: "forbids this (403). Check the key in the environment variable that key_env names, and the model",
    404: "knows no such path or model (404). Check base_url (without /chat/completions) and model",
}


class EndpointDown(EndpointError):
    """No answer, or only that the server is busy or broken; a later request may fare better."""


class EndpointRefused(EndpointError):
    """The endpoint will not serve this client at all (key, model, path, redirect); no later request could fare better."""


class BadReply(EndpointError):
    """An answer that is no chat completion, or a request that the endpoint rejects. `again`: asking again may help."""

    def __init__(self, said: str, *, again: bool = False) -> None:
        super().__init__(said)
        self.again = again


class Reply(NamedTuple):
    """A completion, and the tokens the endpoint says it took (0 where it says nothing)."""

    text: str
    tokens_in: int
    tokens_out: int


def reply(endpoint: Endpoint, answer: Answer, key: str | None) -> Reply:
    """Return the completion in an answer; raises EndpointDown, EndpointRefused or BadReply, none of which quotes a text."""
    status, host = answer.status, endpoint.host
    if 300 <= status < 400:
        raise EndpointRefused(f"{host} answers with a redirect ({status}), which is not followed. Give the final address as base_url.")
    if status in _NO_SERVICE:
        raise EndpointRefused(f"{host} {_NO_SERVICE[status]}.")
    if status in _BUSY or status >= 500:
        raise EndpointDown(f"{host} is busy or broken (status {status}). Try later, or with fewer requests at once (parallel).")
    if len(answer.body) > endpoint.largest:
        raise BadReply(f"{host} answers with more than {endpoint.largest} bytes. Lower max_tokens, or raise `largest`.")
    if status != 200:
        raise BadReply(f"{host} rejects the request (status {status}{_codes(answer.body, key)}). Check `parameters` and the text's length.")
    found = _completion(answer.body)
    if found is None:
        raise BadReply(f"{host} answers with something that is no chat completion. Check that base_url is OpenAI-compatible.", again=True)
    return found


def _completion(body: bytes) -> Reply | None:
    found = _json(body)
    choices = found.get("choices")
    message = _dict(_dict(choices[0] if isinstance(choices, list) and choices else None).get("message"))
    text = message.get("content")
    if not isinstance(text, str):
        return None
    usage = _dict(found.get("usage"))
    return Reply(sanitised(text), _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))


def _codes(body: bytes, key: str | None) -> str:
    """Return the machine-readable codes of an OpenAI error; free text stays out: it may quote what was sent."""
    error = _dict(_json(body).get("error"))
    codes = [(name, c) for name in ("code", "param") if isinstance(c := error.get(name), str) and _CODE.fullmatch(c)]
    return "".join(f", {name} {c}" for name, c in codes if not key or (c not in key and key not in c))


def _json(body: bytes) -> dict[str, Any]:
    try:
        return _dict(parse_json(body.decode("utf-8", "replace")))
    except ValueError:
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 31 else 0
