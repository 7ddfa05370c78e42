"""Doses as twenty-five numbers: the published rank rule, one bin for equal doses, a map back that loses no bin."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medenvs.cases.dose_bins import Bins
from medenvs.core.errors import BadData, BadValue

DOSE = st.one_of(st.just(0.0), st.integers(1, 30).map(float), st.floats(2**-10, 5_000, width=32))


def published(doses):
    """The AI Clinician's rule for one drug, written out: rank with shared ties, four quarters of what is not zero, 0 for none."""
    given_ = doses[doses > 0]
    rank = np.array([np.mean(np.flatnonzero(np.sort(given_) == x) + 1) for x in given_])
    out = np.zeros(len(doses), int)
    out[doses > 0] = np.maximum(np.floor((rank / len(given_) + 0.249999999) * 4), 1)
    return out


def fitted(doses):
    """The bins, or None where one would be empty."""
    try:
        return Bins.fit(doses)
    except BadData:
        return None


@settings(max_examples=150)
@given(st.lists(st.tuples(DOSE, DOSE), min_size=12, max_size=60))
def test_bins_follow_the_published_rule(rows):
    doses = np.array(rows, np.float32)
    bins = fitted(doses)
    parts = [published(doses[:, i]) for i in (0, 1)]
    if bins is None:
        assert any(len(set(p) - {0}) < 4 for p in parts)
        return
    assert np.array_equal(bins.actions(doses), 5 * parts[0] + parts[1])


@settings(max_examples=150)
@given(st.lists(st.tuples(DOSE, DOSE), min_size=12, max_size=60), st.tuples(DOSE, DOSE))
def test_the_map_back_loses_no_bin(rows, other):
    bins = fitted(np.array(rows))
    assume(bins is not None)
    every = np.arange(25)
    assert np.array_equal(bins.actions(bins.doses(every)), every)
    assert Bins.retold(json.loads(json.dumps(bins.told()))) == bins
    strange = np.array([other])
    again = bins.actions(bins.doses(bins.actions(strange)))
    assert np.array_equal(again, bins.actions(strange)) and bins.doses(np.array([0])).tolist() == [[0.0, 0.0]]


def test_more_is_never_a_lower_bin():
    bins = Bins.fit(np.stack([np.arange(100.0), np.arange(100.0) / 50], -1))
    steps = np.linspace(0, 200, 999)
    fluid = bins.actions(np.stack([steps, 0 * steps], -1)) // 5
    assert (np.diff(fluid) >= 0).all() and set(fluid.tolist()) == {0, 1, 2, 3, 4}
    assert bins.upper[0] == (24.0, 49.0, 74.0) and bins.median[0] == (0.0, 12.5, 37.0, 62.0, 87.0)


@pytest.mark.parametrize("doses", [[[1.0, -0.1]], [[np.nan, 1.0]], [1.0, 2.0], [[1.0, 2.0, 3.0]]])
def test_doses_that_are_none(doses):
    bins = Bins.fit(np.stack([np.arange(9.0), np.arange(9.0)], -1))
    with pytest.raises(BadValue, match="fluid and vasopressor"):
        bins.actions(np.array(doses))


@pytest.mark.parametrize("actions", [[25], [-1], [1.0]])
def test_actions_that_are_none(actions):
    with pytest.raises(BadValue, match="0 to 24"):
        Bins.fit(np.stack([np.arange(9.0), np.arange(9.0)], -1)).doses(np.array(actions))


def test_too_few_doses_are_refused_with_a_remedy():
    with pytest.raises(BadData, match=r"vasopressor: too few distinct doses above 0 for four bins \(bin 1 stays empty\). Use box=True"):
        Bins.fit(np.stack([np.arange(9.0), np.full(9, 0.1)], -1))
