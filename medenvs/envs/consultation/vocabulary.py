"""Names that a doctor may use: of diagnoses with their synonyms, of what can be recommended, of everything that can be asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from medenvs.worlds.consultation.actions import MOST_ITEMS, Actions
from medenvs.worlds.consultation.model import Knowledge

_WORD = re.compile(r"[^\W_]+")
_ITEMS = re.compile(r"[;,\n]|\band\b|\bwith\b|\bplus\b", re.IGNORECASE)
_MOST, _LONGEST = 64, 4_096  # words of a text that are read as names, and letters of a recommendation


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case."""
    return tuple(_WORD.findall(text.lower())[:_MOST])


class Names:
    """Finds in texts the names of a list, in any case, by their words; of two names of one number either will do."""

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        self._known: dict[tuple[str, ...], int] = {}
        for name, number in names:
            self._known.setdefault(words(name), number)
        self._longest = max(map(len, self._known))

    def within(self, text: str) -> list[int]:
        """Return the numbers of the names in a text, each once, longest names first taken at every place."""
        said, at, found = words(text), 0, list[int]()
        while at < len(said):
            for length in range(min(self._longest, len(said) - at), 0, -1):
                number = self._known.get(said[at : at + length])
                if number is not None:
                    found += [number] * (number not in found)
                    at += length
                    break
            else:
                at += 1
        return found


class Vocabulary:
    """The names of one world."""

    def __init__(self, kb: Knowledge, a: Actions) -> None:
        self.actions = a
        self.diseases = Names((n, i) for i, d in enumerate(kb.diseases.values()) for n in (d.name, *d.synonyms, d.id.replace("_", " ")))
        self.items = Names((n, i) for i, drug in enumerate(kb.drugs) for n in (drug, f"{drug}s"))
        self.phrases: Mapping[str, int] = _phrases(kb, a)

    def diagnosis(self, text: str) -> int | str:
        """Return the move that names a diagnosis, or what is wrong with the text."""
        found = self.diseases.within(text)
        if len(found) == 1:
            return self.actions.diagnose + found[0]
        return "name one diagnosis, not several" if found else "that diagnosis is not known here; name one by its usual name"

    def recommendation(self, text: str) -> tuple[int, ...]:
        """Return the items of a recommendation; what is not known counts as an item all the same."""
        parts = [part for part in _ITEMS.split(text[:_LONGEST]) if _WORD.search(part)]
        return tuple(i for part in parts[:MOST_ITEMS] for i in self.items.within(part) or [self.actions.other])[:MOST_ITEMS]


def _phrases(kb: Knowledge, a: Actions) -> dict[str, int]:
    """Return the move of each phrase of the knowledge base, in lower case: asking for it, examining it, ordering its test."""
    found: dict[str, int] = {}
    for name, row in kb.findings.items():
        move = a.number[name if row.test is None else row.test]
        for phrase in (*row.clinical, *row.lay, name):
            found.setdefault(phrase.lower(), move)
    for name, test in kb.tests.items():
        found[test.name.lower()] = found[name.lower()] = a.number[name]
    return found
