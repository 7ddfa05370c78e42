"""Replies kept on disk: asked once, kept apart by everything that decides them, whole after a kill."""

import os
import sqlite3
import stat

import pytest

from medenvs.backends.answer_cache import Cached
from medenvs.backends.endpoint import Endpoint
from medenvs.backends.openai_chat import OpenAIChat
from medenvs.backends.scripted import Scripted
from medenvs.core.errors import BadData, EndpointError
from tests.backends.serving import completion, serving

CHATS = [[{"role": "user", "content": t}] for t in ("a", "b", "a")]


def counting():
    asked = []

    def script(chat, seed):
        asked.append((chat[0]["content"], seed))
        return None if chat[0]["content"] == "b" else f"{chat[0]['content']}{seed}"

    return Scripted(script), asked


def test_what_was_asked_once_is_not_asked_again(tmp_path):
    inner, asked = counting()
    first = Cached(inner, tmp_path / "deep" / "replies.sqlite")
    assert first.attempt(CHATS, [1, 1, 1]) == ["a1", None, "a1"] and asked == [("a", 1), ("b", 1)]
    first.close()
    again = Cached(inner, tmp_path / "deep" / "replies.sqlite")
    assert again.attempt(CHATS, [1, 1, 2]) == ["a1", None, "a2"] and asked[2:] == [("b", 1), ("a", 2)] and again.cached == 1
    with pytest.raises(EndpointError, match="1 of 3 chats have no reply"):
        again.generate(CHATS, [1, 1, 1])
    assert again.generate(CHATS[:1], [2]) == ["a2"]


def test_replies_of_another_model_place_or_setting_are_others(tmp_path):
    with serving(lambda h, n, _: h.send(200, completion(str(n)))) as one, serving(lambda h, n, _: h.send(200, completion("other"))) as two:

        def asks(url, model="m", **parameters):
            chat = Cached(OpenAIChat(Endpoint(url, model, parameters=parameters)), tmp_path / "replies")
            return chat.generate(CHATS[:1], [0])[0]

        assert [asks(one.url), asks(one.url), asks(one.url, "n"), asks(one.url, temperature=1), asks(two.url)] == [
            "0",
            "0",
            "1",
            "2",
            "other",
        ]


def test_the_file_is_private_and_holds_no_prompt(tmp_path):
    path = tmp_path / "replies"
    old = os.umask(0)
    try:
        Cached(Scripted(lambda *_: "reply"), path).generate([[{"role": "user", "content": "patient-secret"}]], [0])
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and b"patient-secret" not in path.read_bytes()
    assert "keeps replies in replies" in Cached(Scripted(lambda *_: ""), path).discloses


def test_a_transaction_that_was_cut_leaves_the_file_whole(tmp_path):
    path = tmp_path / "replies"
    cache = Cached(Scripted(lambda *_: "kept"), path)
    cache.generate(CHATS[:1], [0])
    half = sqlite3.connect(path)
    half.execute("INSERT INTO replies VALUES (x'00', 'half')")
    half.close()  # as a kill does: no commit
    again = Cached(Scripted(lambda *_: "new"), path)
    assert again.generate(CHATS[:1], [0]) == ["kept"]
    assert sqlite3.connect(path).execute("SELECT count(*) FROM replies").fetchone() == (1,)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one" * 9, None, "foreign"])
def test_other_files_are_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "replies"
    if content is None:
        path.mkdir()
    elif content == "foreign":
        file = sqlite3.connect(path)
        file.execute("CREATE TABLE replies (theirs)")
        file.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(BadData, match="Remedy"):
        Cached(Scripted(lambda *_: ""), path)
    assert before is None or path.read_bytes() == before
