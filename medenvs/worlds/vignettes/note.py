"""Writing the note of a case: the facts of a calculator in one of twelve templates of its family, with what surrounds them.

Difficulty 1 lists the values; 2 adds irrelevant facts; 3 prints values in other units; 4 implies criteria, leaves some
unmentioned behind a look-alike, and gives the date of birth for the age; 5 adds outdated values and changes to be added up.
Every choice hangs on a slot of the case's key; the same case has the same note everywhere.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import cache

from medenvs.core.randomness import Key, word
from medenvs.worlds.calculators.model import Calculator, Number

from .facts import Fact, Sentence, facts_of, in_front
from .words import by_sex, data, day

SHORTEST, LONGEST = 60, 200
_TEMPLATE, _WHO, _VISIT, _EXTRA, _FACT = 64, 65, 66, 128, 256  # slots; the inputs have those below 64
_FIRST_VISIT = datetime.date(2019, 1, 1)
_EXTRAS = (0, 0, 3, 3, 3, 3)  # irrelevant facts by difficulty


class Writer:
    """Writes the notes of one calculator."""

    def __init__(self, calculator: Calculator) -> None:
        keys = [i.key for i in calculator.inputs]
        self.age = keys.index("age") if "age" in keys else None
        self.female = keys.index("female") if "female" in keys else None
        self.obstetric = calculator.family == "obstetric"
        self.woman = self.obstetric or bool({"oestrogen_use", "hormonal_treatment"} & set(keys))
        self.frames = [[_frame(t, female) for t in data("templates")[calculator.family]] for female in (0, 1)]
        self.facts: Sequence[Sequence[Fact]] = [facts_of(calculator, female) for female in (0, 1)]
        young = any(i.key == "age" and i.low < 18 for i in calculator.inputs if isinstance(i, Number))
        self.extras = [_extras(frozenset(keys), young, female) for female in (0, 1)]

    def write(self, k: Key, values: Sequence[float], units: Sequence[int], level: int) -> str:
        """Return the note of a case at difficulty `level`; values and units in the order of the calculator's inputs."""
        u = word(k, _WHO) if self.age is None or self.female is None else 0
        female = 1 if self.woman else u & 1 if self.female is None else int(values[self.female])
        age = int(values[self.age]) if self.age is not None else 18 + (u * (25 if self.obstetric else 73) >> 32)
        frames = self.frames[female]
        before, after, capital, history, labs, close = frames[word(k, _TEMPLATE) * len(frames) >> 32]
        front: list[str] = []
        back: list[str] = []
        for n, fact in enumerate(self.facts[female]):
            u = u >> 16 if n & 1 else word(k, _FACT + n)  # two facts a word
            if text := fact(u, values, units, level):
                (front if fact.front else back).append(text)
        who = self._born(k, age, female) if level >= 4 and not self.obstetric else _aged(age, female)
        begin = f"{before}A{who[1:]}{after}" if capital else before + who + after
        words = " ".join((begin, history, labs, close, *front, *back)).count(" ") + 1
        self._surround(k, female, level, front, back, words)
        return " ".join([part for part in (begin, history if front else "", *front, labs if back else "", *back, close) if part])

    def _surround(self, k: Key, female: int, level: int, front: list[str], back: list[str], words: int) -> None:
        """Add irrelevant facts: as many as the difficulty wants, and more (without numbers) until the note is long enough.

        `words` may count a few too many: a lead-in that is not used, a space too much.
        """
        plain, numbers, past = self.extras[female]
        wanted, shortest = _EXTRAS[level], SHORTEST + 10
        dated = level == 5 and bool(past)
        turn = u = 0
        used: list[Sentence] = []
        while turn < wanted + dated or words < shortest:
            u = u >> 16 if turn & 1 else word(k, _EXTRA + turn)  # two a word
            pool = numbers if turn < wanted else past if dated and turn == wanted else plain
            turn += 1
            extra = pool[(u & 0xFFFF) * len(pool) >> 16]
            text = extra.say(u * 40_503 >> 4)
            size = text.count(" ") + 1
            place = front if extra.front else back
            if words + size <= LONGEST and extra not in used:
                used.append(extra)
                place.insert((u & 0xFF) * (len(place) + 1) >> 8, text)
                words += size

    def _born(self, k: Key, age: int, female: int) -> str:
        u = word(k, _VISIT)
        visit, seen = _visit((u >> 16) * 2400 >> 16)
        birthday = datetime.date(visit.year - age, visit.month, min(visit.day, 28)).toordinal() - ((u & 0xFFFF) * 360 >> 16)
        return f"a {_noun(age, female)} born on {day(datetime.date.fromordinal(birthday))} (seen on {seen})"


@cache
def _visit(days: int) -> tuple[datetime.date, str]:
    visit = _FIRST_VISIT + datetime.timedelta(days=days)
    return visit, day(visit)


def _frame(template: dict[str, str], female: int) -> tuple[str, str, bool, str, str, str]:
    """Return (before the patient, behind the patient, whether a sentence begins there, lead to history, lead to values, close)."""
    opening, history, labs, close = (by_sex(template.get(part) or "", female) for part in ("open", "history", "labs", "close"))
    capital = "{A_patient}" in opening
    before, _, after = opening.partition("{A_patient}" if capital else "{a_patient}")
    return before, after, capital, history, labs, close


def _noun(age: int, female: int) -> str:
    return ("boy", "girl")[female] if age < 18 else ("man", "woman")[female]


def _aged(age: int, female: int) -> str:
    return f"{'an' if age in (8, 11, 18) or 80 <= age < 90 else 'a'} {age}-year-old {_noun(age, female)}"


@cache
def _extras(keys: frozenset[str], young: bool, female: int) -> tuple[Sequence[Sentence], Sequence[Sentence], Sequence[Sentence]]:
    """Return the irrelevant sentences that suit a calculator: (without numbers, with a number, with an outdated value of its own)."""
    plain: list[Sentence] = []
    numbers: list[Sentence] = []
    past: list[Sentence] = []
    for d in data("distractors"):
        if keys.intersection(d.get("excludes", ())) or (young and d.get("adult")):
            continue
        said = Sentence(by_sex(d["text"], female), in_front(d["group"]), d.get("low"), d.get("high"), int(d.get("digits", 0)))
        if d.get("past"):
            (past if d.get("quantity") in keys else plain if "{}" not in d["text"] else numbers).append(said)
        else:
            (numbers if "{}" in d["text"] else plain).append(said)
    return tuple(plain), tuple(numbers), tuple(past)
