"""MTMedDialog (Feng et al. 2025) and files in its public layouts: SFT and RL rows (parquet), test items (JSON)."""

from __future__ import annotations

from collections.abc import Mapping

from .budget import Budget
from .cursor import Cursor
from .naming import named
from .recorded import Exchange, Record, RecordedCases, what_was_said

_OPENS, _CLOSES = "Patient's description:", "\nDecide next action:"  # what stands around a self-report in a prompt


class MTMedDialogCases(RecordedCases):
    """One case per distinct self-report; the rows of its turns are merged. See RecordedCases."""

    def __init__(self, data: str | Mapping[str, str], budget: Budget = (2, 10)) -> None:
        super().__init__(data, budget, record)


def record(row: Cursor) -> Record:
    """Return the record of a row; raises BadData naming row and key. An empty profile is made of what the patient has said."""
    if row.get("reward_model") is None:
        exchanges, report, gold, kept = _exchanges(row.at("dialogue")), row.at("self_report").text(), row, row
    else:
        kept = row.at("reward_model")
        exchanges, report, gold = _exchanges(kept.at("patient_information")), _report(row.at("prompt")), kept.at("ground_truth")
    profile, category, advice = kept.get("enhanced_description"), row.get("category"), gold.get("recommendation")
    diagnosis = gold.at("diagnosis").text()
    return Record(
        report,
        (profile.text(empty=True) if profile else "") or what_was_said(report, exchanges),
        diagnosis,
        advice.text(empty=True) if advice else "",
        exchanges,
        named(diagnosis),
        category=category.text(empty=True) if category else "",
    )


def _exchanges(place: Cursor) -> tuple[Exchange, ...]:
    """Return the recorded exchanges; one without question or answer is left out."""
    found: list[Exchange] = []
    for item in place.items():
        asked, answered = item.get("doctor_question"), item.get("patient_response")
        exchange = Exchange(asked.lines() if asked else "", answered.lines() if answered else "")
        if exchange.question and exchange.answer:
            found.append(exchange)
    return tuple(found)


def _report(prompt: Cursor) -> str:
    """Return the self-report inside a prompt: one text, or chat messages."""
    texts = [prompt] if isinstance(prompt.value, str) else [m.at("content") for m in prompt.items()]
    for place in texts:
        _, opened, behind = place.text(empty=True).partition(_OPENS)
        if opened and (report := behind.partition(_CLOSES)[0].strip()):
            return report
    raise prompt.refuse(f"a text, or messages, with the self-report behind {_OPENS!r}")
