"""Whether a reply says what nobody may say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def plain(text: str) -> str:
    """Return the casefolded words of a text with one space around each, invisible characters left out."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c) != "Cf")
    return f" {' '.join(_WORD.findall(shown))} "


def leaks(reply: str, secrets: Iterable[str], known: str = "") -> bool:
    """Whether a reply holds the words of a secret in their order; what `known`, the opening, holds already is no secret.

    In scripts that do not part words (Chinese, Japanese, Korean) spaces do not count.
    """
    said, open_words = plain(reply), plain(known)
    for secret in map(plain, secrets):
        words = secret.strip()
        if not words or secret in open_words:
            continue
        if secret in said or (_UNSPACED.search(words) and words.replace(" ", "") in said.replace(" ", "")):
            return True
    return False
