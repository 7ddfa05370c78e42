"""How a chart, an answer, a result and an end read. All of it follows from what is true of the case; nothing names the disease."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from typing import Any

import numpy as np

from medenvs.core.randomness import Key, below
from medenvs.worlds.consultation.actions import SLOTS, Actions
from medenvs.worlds.consultation.codes import NO, NOT_KNOWN, YES
from medenvs.worlds.consultation.model import PREGNANCIES, Knowledge
from medenvs.worlds.consultation.personas import NAMES
from medenvs.worlds.consultation.prices import CARE, QUESTION, RIGHT, UNIT

_DETAILS: Mapping[str, tuple[str, ...]] = {  # what a patient says of a symptom; drawn for each case and symptom, the same whenever asked
    "onset": (
        "It began this morning.", "It began yesterday.", "It began about three days ago.", "It began about a week ago.",
        "It has been there for two or three weeks.", "It has been there for a month or two.", "It has been there for many months.",
    ),
    "severity": (
        "It is slight, two out of ten.", "It is bearable, four out of ten.",
        "It is fairly bad, six out of ten.", "It is very bad, eight out of ten.",
    ),
    "course": (
        "It is getting worse.", "It is getting better.", "It has stayed the same.", "It comes and goes.",
    ),
}  # fmt: skip
_DETAIL = 4 << 12  # slots of a case's key, behind those of the patient
_SAYS: Mapping[str, tuple[str, str, str]] = {  # yes, no, not known, by persona
    "truthful": ("Yes, {}.", "No, not {}.", "I cannot say anything sure about {}."),
    "forgetful": ("I think so, yes: {}.", "No, I do not remember {}.", "I cannot remember {}."),
    "reticent": ("Yes. {}.", "No, not {}.", "I would rather not talk about {}."),
    "low_literacy": ("Yeah, {}.", "Nah, not {}.", "Don't know what you mean by {}."),
    "anxious": ("Yes, {}, and it frightens me.", "No, thank goodness, not {}.", "I am not sure about {}, should I be worried?"),
}
MANNERS: Mapping[str, str] = {  # what a model that plays the patient is told of its persona
    "truthful": "You answer plainly.",
    "forgetful": "You are not sure of your memory, and say so.",
    "reticent": "You say as little as you can.",
    "low_literacy": "You use the simplest words there are.",
    "anxious": "You are frightened, and it shows.",
}
ENDS: tuple[str, ...] = (
    "",
    "The diagnosis is not right.",
    "Close: the diagnosis is a near neighbour of the right one.",
    "The diagnosis is right.",
    "There are no turns left.",
)
LOST = "I am sorry, I cannot say anything about that."
ONE = "One question at a time, please."
SILENCE = "The patient does not answer."
UNHEARD = "I did not understand that."
DEAR = "That order would cost more than this consultation may still spend."
HOW = (
    "Find out what the patient has. Each message is one of\n"
    "<answer>Question: ...</answer>, <answer>Examine: ...</answer>, <answer>Order: ...</answer> or, to end,\n"
    "<answer>Diagnosis: ...\nRecommendation: ...; ...</answer>\n"
    f"Questions cost {QUESTION * UNIT:g}, tests their list price / {1 / UNIT:g}; the right diagnosis earns {RIGHT:g}, the right "
    f"recommendation up to {CARE:g}."
)
HOW_ORIGINAL = (
    "Decide on the next action: one question, or the end of the consultation.\n"
    "<think> ... </think><answer>Question: ...?</answer> or <think> ... </think><answer>Diagnosis: ...\nRecommendation: ...</answer>"
)


class Sentences:
    """Ready sentences of one world, looked up by number."""

    def __init__(self, kb: Knowledge, a: Actions) -> None:
        self.kb, self.actions = kb, a
        rows = list(kb.findings.values())
        self.lay = [row.lay for row in rows]
        self._answers = {
            (persona, f, code): [_sentence(says[i], lay) for lay in rows[f].lay]
            for persona, says in enumerate(_SAYS[name] for name in NAMES)
            for f in range(len(rows))
            if not rows[f].measured
            for i, code in enumerate((YES, NO, NOT_KNOWN))
        }
        self._results: dict[tuple[int, tuple[int, ...]], str] = {}
        self.names = [kb.findings[t].name if t in kb.findings else kb.tests[t].name for t in a.topics]
        self.attributes = [x.text for x in kb.attributes.values() if x.rates is not None]

    def single(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what is said of topics with one finding, by (persona, topic, no / not known / yes, way), and how many ways there are.

        Texts of one byte a letter: transcripts grow with every reply, and copying them is most of a text step.
        """
        a, order = self.actions, (NO, NOT_KNOWN, YES)
        topics = a.orders
        ways = np.array([len(self.lay[a.shown[t][0]]) if t < a.asks else 1 for t in range(topics)])
        texts = np.empty((len(NAMES), topics, len(order), ways.max()), object)
        for persona in range(len(NAMES)):
            for t in range(topics):
                for i, code in enumerate(order):
                    row = self._answers[persona, a.shown[t][0], code] if t < a.asks else [self.seen(t, (code,))]
                    texts[persona, t, i, : len(row)] = row
        return texts, ways

    def answer(self, finding: int, code: int, persona: int, key: int) -> str:
        """Return what the patient says when asked about a finding."""
        ways = self._answers[persona, finding, code]
        return ways[(key + 7 * finding) % len(ways)]

    def seen(self, topic: int, codes: tuple[int, ...]) -> str:
        """Return what an examination or a test shows: `codes` of what it shows, in order; those behind are filling."""
        text = self._results.get((topic, codes))
        if text is None:
            text = self._results[topic, codes] = self._result(topic, codes)  # a test has few results
        return text

    def _result(self, topic: int, codes: tuple[int, ...]) -> str:
        rows, name, findings = list(self.kb.findings.values()), self.names[topic], self.actions.shown[topic]
        if self.actions.topics[topic] in self.kb.findings:
            return f"On examination, {rows[findings[0]].clinical[0]}: {'present' if codes[0] > 0 else 'not present'}."
        there = "; ".join(rows[f].clinical[0] for f, c in zip(findings, codes, strict=False) if c > 0)
        gone = "; ".join(rows[f].clinical[0] for f, c in zip(findings, codes, strict=False) if c < 0)
        return f"Result of {name}: {there or 'nothing abnormal'}." + (f" Not seen: {gone}." if gone else "")

    def detail(self, k: Key, finding: int, slot: int, code: int, persona: int) -> str:
        """Return what the patient says of one side of a symptom."""
        if code not in (YES, 3, 4):
            return self.answer(finding, code, persona, k[0])
        ways = _DETAILS[SLOTS[slot]]
        drawn: int = below(k, _DETAIL + 3 * finding + slot - 1, len(ways))
        return ways[drawn]

    def person(self, row: Mapping[str, Any]) -> str:
        """Return age, sex and pregnancy as one says them."""
        age, woman = row["age"], row["sex"] == 1
        noun = ("girl" if woman else "boy") if age < 18 else ("woman" if woman else "man")
        return f"a {age}-year-old {noun}" + (f", {PREGNANCIES[int(row['pregnancy'])]}" if row["pregnancy"] else "")

    def complaints(self, row: Mapping[str, Any]) -> str:
        """Return what the patient comes with."""
        key, places = int(row["key0"]), [int(f) for f in (row["first"], row["second"]) if f >= 0]
        return " and ".join(self.lay[f][(key + f) % len(self.lay[f])] for f in places)

    def opening(self, row: Mapping[str, Any], original: bool) -> str:
        """Return the chart and what the patient says first."""
        held = "; ".join(compress(self.attributes, row["chart"]))
        who, manner = self.person(row), NAMES[int(row["persona"])].replace("_", " ")
        chart = f"A{who[1:]} (simulated patient). eGFR {row['egfr']} ml/min/1.73 m2. On file: {held or 'nothing'}. Manner: {manner}."
        how = HOW_ORIGINAL if original else f"{HOW} You have {row['budget']} messages."
        return f'{chart}\nPatient: "I come because of {self.complaints(row)}."\n\n{how}'


def _sentence(form: str, lay: str) -> str:
    return form.format(lay[0].upper() + lay[1:] if form.startswith("Yes. {") else lay)
