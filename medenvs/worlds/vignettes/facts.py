"""How one input of a calculator is said in a note: measured values, criteria, grades, dates, drugs with their dose."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Protocol

from medenvs.worlds.calculators.body import OPIOIDS
from medenvs.worlds.calculators.drawing import decimals, shown
from medenvs.worlds.calculators.model import Calculator, Day, Flag, Level, Number

from .words import by_sex, data, day
from .words import units as other_units

_ORDER = ("history", "social", "symptoms", "treatment", "exam", "body", "vitals", "imaging", "labs")
_FRONT = 6  # groups before this one stand in the first half of a note
_TERSE_FROM = 10  # inputs from which a note lists instead of telling
_TRENDS = (
    ("The {label} had been {a} at first and has since risen by {d}.", "The {label} had been {a} at first and has since fallen by {d}."),
    ("From {a} the {label} has gone up by {d}.", "From {a} the {label} has come down by {d}."),
    ("The {label}, {a} on the previous check, is now {d} higher.", "The {label}, {a} on the previous check, is now {d} lower."),
)


class Fact(Protocol):
    """Says something about the case."""

    front: bool

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        """Return the sentence for the random word u; "" when it stays unsaid."""
        ...

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return it in a few words."""
        ...


def in_front(group: str) -> bool:
    """Return whether facts of a group stand in the first half of a note."""
    return group not in _ORDER or _ORDER.index(group) < _FRONT


class Sentence:
    """An irrelevant sentence, with a number of its own where it has one."""

    def __init__(self, text: str, front: bool, low: float | None, high: float | None, digits: int) -> None:
        self.front = front
        self._scale, self._digits = 10**digits, digits
        self._before, _, self._after = text.partition("{}")
        self._low, self._many = (0, 0) if low is None or high is None else (round(low * self._scale), round((high - low) * self._scale) + 1)

    def say(self, u: int) -> str:
        """Return the sentence; the low sixteen bits of u choose the number."""
        if not self._many:
            return self._before
        number = self._low + ((u & 0xFFFF) * self._many >> 16)
        said = str(number) if self._digits == 0 else f"{number / self._scale:.{self._digits}f}"
        return self._before + said + self._after


class NumberFact:
    """A measured value, in one of its units; at difficulty 5 one in three is given as an earlier value and a change."""

    def __init__(self, index: int, i: Number, female: int) -> None:
        words = data("quantities")[i.key]
        self.index, self.front = index, in_front(words["group"])
        self.others = other_units().get(i.key, ())
        self.digits = (decimals(i.step), *(o.digits for o in self.others))
        self.low, self.step = i.low, i.step
        names = (words["unit"], *(o.name for o in self.others))
        values = [_with_unit(f"%.{d}f", name) for d, name in zip(self.digits, names, strict=True)]
        self._forms = [[_filled(f, v, female) for f in words["forms"]] for v in values]
        self._terse = [_filled(words["terse"], v, female) for v in values]
        self._trends = [
            [[t.replace("{label}", words["label"]).replace("%", "%%").format(a=v, d=v) for t in pair] for pair in _TRENDS] for v in values
        ]
        self._changes = [words["group"] in ("labs", "vitals") and name and "%" not in name for name in names]  # 10 % less is ambiguous

    def _shown(self, values: Sequence[float], units: Sequence[int]) -> tuple[float, int]:
        unit, value = units[self.index], values[self.index]
        return (shown(value, self.others[unit - 1]) if unit else value), unit

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        value, unit = self._shown(values, units)
        if level == 5 and u % 3 == 0 and self._changes[unit]:
            return self._change(u, value, unit)
        forms = self._forms[unit]
        return forms[u % len(forms)] % value

    def _change(self, u: int, value: float, unit: int) -> str:
        scale = 10 ** self.digits[unit]
        ticks = round(value * scale)
        step = 1 + (u >> 8) % max(1, ticks // 6)
        up = (u >> 4) & 1 and ticks - step > 0
        return self._trends[unit][u % len(_TRENDS)][0 if up else 1] % ((ticks - step if up else ticks + step) / scale, step / scale)

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return label and value."""
        value, unit = self._shown(values, units)
        return self._terse[unit] % value


class FlagFact:
    """A criterion: stated or negated; from difficulty 4 on also implied, or unmet behind a look-alike."""

    def __init__(self, index: int, i: Flag, female: int) -> None:
        words = data("flags")[i.key]
        self.index, self.front = index, in_front(words["group"])
        said = {k: [by_sex(t, female) for t in words.get(k) or ()] for k in ("yes", "no", "implied", "decoy")}
        self._plain = (said["no"], said["yes"])
        self.hidden = (said["decoy"] or said["no"], said["implied"] or said["yes"])
        self._terse = (words.get("terse_no") or f"no {words['label']}", words.get("terse_yes") or words["label"])

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        met = int(values[self.index])
        forms = (self.hidden if level >= 4 and u & 1 else self._plain)[met]
        return forms[(u >> 1) % len(forms)]

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return the criterion or its negation."""
        return self._terse[int(values[self.index])]


class LevelFact:
    """A graded criterion in words."""

    def __init__(self, index: int, i: Level, female: int) -> None:
        words = data("flags")[i.key]
        self.index, self.front = index, in_front(words["group"])
        self._said = [[by_sex(t, female) for t in forms] for forms in words["levels"]]

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        forms = self._said[int(values[self.index])]
        return forms[u % len(forms)]

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return the first wording without its full stop."""
        text = self._said[int(values[self.index])][0].rstrip(".")
        return text[0].lower() + text[1:]


class DayFact:
    """A calendar day."""

    def __init__(self, index: int, i: Day, female: int) -> None:
        words = data("quantities")[i.key]
        self.index, self.front = index, True
        self._forms = [_filled(f, "%s", female) for f in words["forms"]]
        self._terse = words["terse"]

    def _day(self, values: Sequence[float]) -> str:
        return day(datetime.date.fromordinal(int(values[self.index])))

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        return self._forms[u % len(self._forms)] % self._day(values)

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return label and day."""
        return self._terse.format(self._day(values))


class DrugFact:
    """Drugs with doses, said in one sentence; `places` maps the sentence's slots to inputs."""

    front = True

    def __init__(self, line: str, places: dict[str, int], names: dict[str, Sequence[str]], female: int) -> None:
        self._forms = [by_sex(t, female) for t in data("quantities")["composites"][line]]
        self._places, self._names = places, names

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        said = {k: self._names[k][int(values[j])] if k in self._names else f"{values[j]:g}" for k, j in self._places.items()}
        return self._forms[u % len(self._forms)].format(**said)

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return the plain sentence."""
        return self(0, values, units, 1)


class ListFact:
    """Several facts of one half of the note in one sentence, for scores with many inputs; from difficulty 4 on some stand apart, hidden."""

    def __init__(self, members: Sequence[Fact], front: bool) -> None:
        self.members, self.front = members, front

    def __call__(self, u: int, values: Sequence[float], units: Sequence[int], level: int) -> str:
        listed: list[str] = []
        apart: list[str] = []
        for n, member in enumerate(self.members):
            if level >= 4 and isinstance(member, FlagFact) and len(apart) < 3 and (u >> n) & 3 == 0:
                apart.append(member(u | 1, values, units, level))
            else:
                listed.append(member.terse(values, units))
        text = "; ".join(listed)
        return " ".join([text[0].upper() + text[1:] + ".", *apart]) if text else " ".join(apart)

    def terse(self, values: Sequence[float], units: Sequence[int]) -> str:
        """Return the list."""
        return self(0, values, units, 1)


def facts_of(calculator: Calculator, female: int) -> list[Fact]:
    """Return how a calculator's inputs are said, in the order of a note; age and sex stand in its opening."""
    found: list[tuple[int, Fact]] = []
    inputs = [(n, i) for n, i in enumerate(calculator.inputs) if i.key not in ("age", "female")]
    for n, i in inputs:
        fact = _drug_fact(calculator, i.key, female) if i.key.startswith(("drug_", "dose_", "times_")) else _fact(n, i, female)
        if fact is not None:
            group = (data("quantities").get(i.key) or data("flags").get(i.key) or {"group": "treatment"})["group"]
            found.append((_ORDER.index(group), fact))
    found.sort(key=lambda pair: pair[0])
    facts = [fact for _, fact in found]
    if len(inputs) < _TERSE_FROM:
        return facts
    halves = [[f for f in facts if f.front is front] for front in (True, False)]
    return [ListFact(half[i : i + 8], half[0].front) for half in halves if half for i in range(0, len(half), 8)]


def _fact(n: int, i: Any, female: int) -> Fact:
    kinds: dict[type, Any] = {Number: NumberFact, Flag: FlagFact, Level: LevelFact, Day: DayFact}
    return kinds[type(i)](n, i, female)


def _drug_fact(calculator: Calculator, key: str, female: int) -> Fact | None:
    """Return the sentence of an opioid with its dose; dose and times are said with their drug."""
    if not key.startswith("drug_"):
        return None
    at = {i.key: n for n, i in enumerate(calculator.inputs)}
    n = key[-1]
    return DrugFact("mme_line", {"drug": at[key], "dose": at[f"dose_{n}"], "times": at[f"times_{n}"]}, {"drug": OPIOIDS}, female)


def _with_unit(number: str, unit: str) -> str:
    unit = unit.replace("%", "%%")
    return f"{number} {unit}" if unit else number


def _filled(form: str, value: str, female: int) -> str:
    return by_sex(form, female).replace("%", "%%").replace("{}", value)
