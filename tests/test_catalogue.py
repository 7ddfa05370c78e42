"""Every registered id through every conformance check: a new environment is tested without writing a test."""

import pytest

from medenvs.evaluation import card as cards
from medenvs.evaluation.card import faults
from medenvs.evaluation.conformance import apply, checks, target
from medenvs.systems.catalog import CATALOG, entry

IDS = [row.id for row in CATALOG]


@pytest.mark.parametrize(
    ("env_id", "check"), [(i, c) for i in IDS for c in checks(target(i))], ids=lambda x: x if isinstance(x, str) else x.__name__
)
def test_conformance(env_id, check):
    finding = apply(check, target(env_id))
    assert finding.passed, finding.detail


@pytest.mark.parametrize("env_id", IDS)
def test_a_card_that_drifts_is_caught(env_id):
    where, card = target(env_id), cards.card(env_id)
    views = where.make(), where.make(obs_mode="numeric")

    def wrong(**changed):
        return list(faults(card._replace(sections=tuple((n, changed.get(n, body)) for n, body in card.sections)), *views))

    body = dict(card.sections)
    term = views[0].unwrapped.system.terms[0]
    assert wrong() == []
    assert wrong(Rewards=body["Rewards"].replace(term.name, "renamed"))
    assert wrong(Rewards=body["Rewards"].replace(f"weight {term.weight}", f"weight {term.weight + 1}"))
    assert wrong(Rewards=body["Rewards"] + " bonus (weight 2.0): never.")
    assert wrong(Arguments="None.") and wrong(Actions="Anything.") and wrong(Costs="")
    assert list(faults(card._replace(sections=card.sections[1:]), *views))


@pytest.mark.parametrize("env_id", IDS)
def test_rows_are_complete(env_id):
    row = entry(env_id)
    assert row.summary.endswith(".") and row.family and row.module.startswith("medenvs.systems.")
