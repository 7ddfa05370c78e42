"""What a patient may not say, in whatever letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medenvs.worlds.consultation.leaks import leaks


@pytest.mark.parametrize(
    ("reply", "secret", "leaking"),
    [
        ("It is influenza.", "influenza", True),
        ("INFLUENZA!", "Influenza", True),
        ("They said type-2 diabetes; I think.", "Type 2 diabetes", True),
        ("type 2, then diabetes", "Type 2 diabetes", False),  # not in this order
        ("parainfluenza", "influenza", False),  # another word
        ("in\u200bflu\u00adenza", "influenza", True),  # invisible characters
        ("ｉｎｆｌｕｅｎｚａ", "influenza", True),
        ("我得了急性肠胃炎。", "肠胃炎", True),
        ("急性 肠 胃炎", "肠胃炎", True),
        ("不发烧", "肠胃炎", False),
        ("Straße", "STRASSE", True),
        ("anything", "", False),
        ("anything", "…", False),
        ("", "influenza", False),
    ],
)
def test_secrets_are_found(reply, secret, leaking):
    assert leaks(reply, (secret,)) is leaking
    assert leaks(reply, ("something else", secret)) is leaking


def test_what_the_opening_says_is_no_secret():
    assert not leaks("My gout is back.", ("Gout", "colchicine"), "I had gout before")
    assert leaks("Give me colchicine for my gout.", ("Gout", "colchicine"), "I had gout before")


@given(st.text(max_size=40), st.text("ab -", max_size=8))
def test_a_secret_inside_is_always_found(text, secret):
    if any(c.isalnum() for c in secret):
        assert leaks(f"{text} {secret} {text}", (secret,))
