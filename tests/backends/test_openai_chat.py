"""The client of model endpoints against servers that are well, down, slow, lying or hostile."""

import json
import socket

import pytest

from medenvs.backends.completion import BadReply, EndpointDown, EndpointRefused
from medenvs.backends.endpoint import Endpoint
from medenvs.backends.openai_chat import OpenAIChat
from medenvs.core.errors import BadValue, EndpointError, MedenvsError
from tests.backends.serving import completion, serving

CANARY = "canary-9c1e-key"
CHAT = [{"role": "user", "content": "patient text"}]


def client(url, slept=None, **settings):
    settings = {"retries": 3, "parallel": 4, **settings}
    return OpenAIChat(Endpoint(url, "tiny", **settings), sleep=(slept if slept is not None else []).append)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def echo(handler, _, body):
    text = f"{body['messages'][0]['content']}/{body['seed']}"
    handler.send(200, completion(text, usage={"prompt_tokens": 3, "completion_tokens": 2}))


def test_replies_come_in_order_with_counts(monkeypatch):
    monkeypatch.setenv("MY_KEY", f"{CANARY}\n")
    with serving(echo) as server:
        chat = client(server.url, key_env="MY_KEY", parameters={"temperature": 0.5})
        chats = [[{"role": "user", "content": f"q{i}"}] for i in range(30)]
        assert chat.generate(chats, range(30)) == chat.attempt(chats, range(30)) == [f"q{i}/{i}" for i in range(30)]
        path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {CANARY}"
    assert body["model"] == "tiny" and body["temperature"] == 0.5
    c = chat.counts
    assert (c.calls, c.retries, c.failures, c.tokens_in, c.tokens_out) == (60, 0, 0, 180, 120)


def test_no_key_is_sent_unless_named():
    with serving(echo) as server:
        client(server.url).generate([CHAT], [0])
        assert "Authorization" not in server.asked[0][1]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_busy_then_well(status):
    slept = []
    with serving(lambda h, n, b: h.send(status, b"{}") if n < 2 else echo(h, n, b)) as server:
        chat = client(server.url, slept, wait_s=1.0)
        assert chat.generate([CHAT], [7])[0].endswith("/7") and len(server.asked) == 3
        again = client(server.url, repeated := [], wait_s=1.0)
        assert again.attempt([CHAT], [7]) and repeated == []
    assert chat.counts.retries == 2 and len(slept) == 2 and 0.5 <= slept[0] < 1.0 <= slept[1] < 2.0


def test_the_server_may_ask_for_a_pause_up_to_the_limit():
    slept, asks = [], ("7", "999", "soon", "-1")
    with serving(lambda h, n, _: h.send(429, b"", Retry_After=asks[n])) as server:
        assert client(server.url, slept, longest_wait_s=20.0).attempt([CHAT], [0]) == [None]
    assert slept[:2] == [7.0, 20.0] and 0 < slept[2] <= 2.0 and len(slept) == 3


def test_waits_are_drawn_from_the_seed():
    def waits(seed):
        slept = []
        client(f"http://127.0.0.1:{closed_port()}", slept).attempt([CHAT], [seed])
        return slept

    assert waits(1) == waits(1) != waits(2)


LYING = {
    "not JSON": lambda h: h.send(200, b"<html>busy</html>"),
    "no object": lambda h: h.send(200, b"[1]"),
    "no choices": lambda h: h.send(200, b'{"choices": []}'),
    "no text": lambda h: h.send(200, completion(None)),
    "text of another kind": lambda h: h.send(200, completion({"a": 1})),
    "too deep": lambda h: h.send(200, b'{"choices":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "other bytes": lambda h: h.send(200, b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("lie", LYING)
def test_what_is_no_completion_is_asked_again_then_an_error(lie):
    with serving(lambda h, *_: LYING[lie](h)) as server:
        chat = client(server.url)
        with pytest.raises(BadReply, match="no chat completion"):
            chat.generate([CHAT], [0])
        assert len(server.asked) == 4 and chat.attempt([CHAT], [0]) == [None]
    assert chat.counts.failures == 2


def test_a_huge_answer_is_not_read_and_not_asked_for_again():
    with serving(lambda h, *_: h.send(200, completion("x" * 50_000))) as server:
        with pytest.raises(BadReply, match="more than 2048 bytes"):
            client(server.url, largest=2048).generate([CHAT], [0])
        assert len(server.asked) == 1


@pytest.mark.parametrize("slow", ["silent", "drips", "cut"])
def test_slow_or_broken_answers_end_in_a_clear_error(slow):
    def behave(h, *_):
        if slow == "silent":
            h.rfile.read(1)
        elif slow == "drips":
            h.drip()
        else:
            h.send(200, b'{"choices"', Content_Length="900")

    with serving(behave) as server:
        chat = client(server.url, retries=1, answer_s=0.2)
        with pytest.raises(EndpointDown, match=r"127\.0\.0\.1:\d+ does not answer: .*Check that the server runs"):
            chat.generate([CHAT], [0])
        assert len(server.asked) == 2


def test_down_is_bounded_over_a_batch():
    slept = []
    chat = client(f"http://127.0.0.1:{closed_port()}/v1", slept)
    assert chat.attempt([CHAT] * 500, [0] * 500) == [None] * 500
    assert chat.counts.calls <= 12 and chat.counts.failures == 500 and len(slept) <= 36
    with pytest.raises(EndpointError, match="cannot connect"):
        chat.generate([CHAT], [0])


@pytest.mark.parametrize(("status", "said"), [(301, "redirect"), (307, "redirect"), (401, "key"), (403, "key"), (404, "base_url")])
def test_no_service_is_raised_at_once_and_redirects_are_not_followed(status, said):
    with serving(echo) as other, serving(lambda h, *_: h.send(status, b"{}", Location=f"{other.url}/chat/completions")) as server:
        for ask in (client(server.url).attempt, client(server.url).generate):
            with pytest.raises(EndpointRefused, match=said):
                ask([CHAT] * 200, [0] * 200)
        assert other.asked == [] and len(server.asked) < 60


def test_one_rejected_chat_leaves_the_others(monkeypatch):
    monkeypatch.setenv("MY_KEY", CANARY)
    why = json.dumps(
        {"error": {"message": f"bad {CANARY} {CHAT[0]['content']}", "code": "context_length_exceeded", "param": CANARY}}
    ).encode()
    with serving(lambda h, n, b: h.send(400, why) if b["seed"] == 1 else echo(h, n, b)) as server:
        chat = client(server.url, key_env="MY_KEY")
        assert [r is None for r in chat.attempt([CHAT] * 3, [0, 1, 2])] == [False, True, False] and len(server.asked) == 3
        with pytest.raises(BadReply, match=r"status 400, code context_length_exceeded\)") as caught:
            chat.generate([CHAT] * 3, [0, 1, 2])
    assert CANARY not in str(caught.value) and "patient" not in str(caught.value)


URLS = (
    "ftp://h/v1",
    "file:///etc/passwd",
    "h:80",
    "http://",
    "http://u:pw@h",
    "http://h?key=x",
    "http://h#x",
    "http://h:99999",
    "http://[::1",
    "",
)


@pytest.mark.parametrize("url", [*URLS, "http://h /", "http://h\r\nX: y", "http://h\\@e", "http://" + "h" * 600])
def test_other_addresses_are_refused_without_showing_them(url):
    with pytest.raises(BadValue, match="base_url is not") as caught:
        Endpoint(url, "tiny")
    assert "pw" not in str(caught.value) and "key=x" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"retries": 99}, {"parallel": 0}, {"answer_s": float("nan")}, {"key_env": f"sk {CANARY}"}, {"model": ""}]
)
def test_settings_have_limits(wrong):
    with pytest.raises(BadValue) as caught:
        Endpoint(**{"base_url": "http://h", "model": "m", **wrong})
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("value", [None, "", f"{CANARY} two", f"{CANARY}\r\nX: y", f"{CANARY}é"])
def test_a_key_that_is_none_is_named_by_its_variable(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("MY_KEY", raising=False)
    else:
        monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(BadValue, match="MY_KEY") as caught:
        client("http://127.0.0.1:9", key_env="MY_KEY").attempt([CHAT], [0])
    assert CANARY not in str(caught.value)


def test_the_key_stays_out_of_everything(monkeypatch, tmp_path, caplog, capfd):
    monkeypatch.setenv("MY_KEY", CANARY)
    failures = (lambda h: h.send(401, CANARY.encode()), lambda h: h.send(500, CANARY.encode(), X_Key=CANARY), lambda h: h.send(302, b""))
    for fail in failures:
        with serving(lambda h, *_, fail=fail: fail(h)) as server:
            chat = client(server.url, key_env="MY_KEY")
            with pytest.raises(MedenvsError) as caught:
                chat.generate([CHAT], [0])
            shown = f"{chat!r} {vars(chat)} {chat.endpoint!r} {caught.getrepr(style='long', showlocals=False)}"
            assert CANARY not in shown
    assert CANARY not in caplog.text and CANARY not in "".join(capfd.readouterr())


def test_only_this_machine_discloses_nothing():
    here = ("http://localhost:1", "http://127.8.0.1", "http://[::1]:2", "https://LOCALHOST")
    there = ("https://api.example.org", "http://10.0.0.1", "http://localhost.example.org", "http://127.0.0.1.nip.io", "http://0.0.0.0")
    assert [OpenAIChat(Endpoint(u, "m")).discloses for u in here] == [""] * 4
    assert all("sends text to" in OpenAIChat(Endpoint(u, "m")).discloses for u in there)


def test_seeds_and_chats_go_together():
    with pytest.raises(BadValue, match="one seed per chat"):
        client("http://127.0.0.1:9").attempt([CHAT], [])
