"""Logged episodes: what is whole passes, what is not is refused with patient, row and remedy."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.core.errors import BadData, BadValue
from tests.cases.wards_logged import fields, ward

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=6)
ROWS = ("observations", "actions", "rewards", "costs", "terminated", "truncated", "propensities")


@settings(max_examples=40)
@given(LENGTHS, st.booleans(), st.integers(0, 99))
def test_a_whole_ward_is_what_its_patients_are(lengths, box, seed):
    data = ward(lengths, box=box, seed=seed)
    assert data.rows == len(data) == sum(lengths) and data.patients == len(lengths) and data.box is box
    assert data.lengths.tolist() == lengths and data.step.tolist() == [k for many in lengths for k in range(many)]
    for i, (first, end) in enumerate(zip(data.starts[:-1], data.starts[1:], strict=True)):
        assert (data.patient[first:end] == i).all()
        assert np.array_equal(data.next_observations[first:end], np.r_[data.observations[first + 1 : end], data.last[i : i + 1]])
        assert data.returns[i] == pytest.approx(data.rewards[first:end].sum())
        assert data.episode_costs[i].tolist() == data.costs[first:end].sum(0).tolist()
    assert np.array_equal(data.column("map"), data.observations[:, 1])


@settings(max_examples=40)
@given(LENGTHS, st.integers(0, 99), st.data())
def test_a_part_is_the_patients_that_were_asked_for(lengths, seed, draw):
    data = ward(lengths, seed=seed)
    chosen = draw.draw(st.permutations(range(len(lengths))))[: draw.draw(st.integers(1, len(lengths)))]
    part = data.part(chosen)
    assert part.cases.tolist() == [1_000 + i for i in chosen]
    for place, i in enumerate(chosen):
        one, other = data.part([i]), part.part([place])
        assert one.same(other)
    assert data.part(np.ones(len(lengths), bool)).same(data)
    assert np.array_equal(data.part([0]).observations, data.observations[: lengths[0]])


def test_a_part_that_is_none_is_refused():
    data = ward()
    for wrong in ([3], [-1], [0, 0], [], [True, False], [[0]], [0.5]):
        with pytest.raises(BadValue, match="0 to 2"):
            data.part(wrong)
    with pytest.raises(BadValue, match="allowed: hour, map"):
        data.column("heart")


@settings(max_examples=40)
@given(LENGTHS.filter(lambda found: max(found) > 1), st.integers(0, 99), st.data())
def test_a_gap_a_duplicate_and_a_row_out_of_order_are_found(lengths, seed, draw):
    start = fields(lengths, seed=seed)
    starts, kind = start["starts"], draw.draw(st.sampled_from(["gap", "duplicate", "order"]))
    patient = draw.draw(st.sampled_from([i for i, many in enumerate(lengths) if many > 1]))
    row = draw.draw(st.integers(starts[patient] + 1, starts[patient + 1] - 1))
    seen, last = start["observations"].copy(), start["last"].copy()
    if kind == "duplicate":
        seen[row] = seen[row - 1]
    elif kind == "order":
        seen[[row - 1, row]] = seen[[row, row - 1]]
    else:
        seen[row : starts[patient + 1], 0] += 4
        last[patient, 0] += 4
    with pytest.raises(BadData, match=rf"patient {1_000 + patient}, row \d+ \(decision \d+ of {lengths[patient]}\)") as refused:
        ward(lengths, seed=seed, observations=seen, last=last)
    said = str(refused.value)
    assert {"gap": "not 4 h later", "duplicate": "Drop the duplicate", "order": "Sort"}[kind] in said
    assert f"row {row - 1} " in said


@settings(max_examples=40)
@given(LENGTHS, st.integers(0, 99), st.sampled_from(ROWS), st.data())
def test_a_row_too_many_or_too_few_is_found(lengths, seed, name, draw):
    array = fields(lengths, seed=seed)[name]
    wrong = np.concatenate([array, array[-1:]]) if draw.draw(st.booleans()) else array[:-1]
    with pytest.raises(BadData, match=r"shape|expected"):
        ward(lengths, seed=seed, **{name: wrong})


@settings(max_examples=40)
@given(
    LENGTHS,
    st.integers(0, 99),
    st.sampled_from(["observations", "rewards", "costs", "last"]),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.data(),
)
def test_what_is_no_number_is_found_where_it_stands(lengths, seed, name, value, draw):
    array = fields(lengths, seed=seed)[name].copy()
    row = draw.draw(st.integers(0, len(array) - 1))
    array[(row, *(0 for _ in array.shape[1:]))] = value
    with pytest.raises(BadData, match="patient 1") as refused:
        ward(lengths, seed=seed, **{name: array})
    starts = np.r_[0, np.cumsum(lengths)]
    at = starts[row + 1] - 1 if name == "last" else row
    assert f"row {at} " in str(refused.value) and str(refused.value).count(". ") >= 1


WRONG = {
    "a hole in the starts": ({"starts": [0, 3, 3, 8]}, "starts must rise"),
    "starts that begin late": ({"starts": [1, 3, 4, 8]}, "starts must rise"),
    "starts that fall": ({"starts": [0, 5, 4, 8]}, "starts must rise"),
    "a patient twice": ({"cases": [7, 8, 7]}, "patient 7 stands twice"),
    "fractions for doses": ({"actions": np.full(8, 0.5)}, "expected int64"),
    "a negative dose": ({"actions": np.full(8, -1)}, "patient 1000, row 0 .*negative"),
    "swapped doses": ({"actions": np.tile([0.1, 400.0], (8, 1))}, "patient 1000.*Order the doses fluid, vasopressor"),
    "no dose": ({"actions": np.full((8, 2), np.nan)}, "a dose is negative or not a number"),
    "three doses": ({"actions": np.zeros((8, 3))}, "shape"),
    "no chance": ({"propensities": np.zeros(8)}, "was possible"),
    "a chance above one": ({"propensities": np.full(8, 1.5)}, "above 1"),
    "negative harm": ({"costs": np.full((8, 2), -1.0)}, "hours of harm"),
    "texts": ({"rewards": np.array(["a"] * 8)}, "rewards holds .*expected float64"),
    "names twice": ({"columns": ("map", "map")}, "distinct"),
    "an end too early": ({"terminated": np.ones(8, bool), "truncated": np.zeros(8, bool)}, "ends before"),
    "no end": ({"terminated": np.zeros(8, bool), "truncated": np.zeros(8, bool)}, "Mark it truncated"),
    "two ends": ({"terminated": np.arange(8) > 6, "truncated": np.arange(8) > 6}, "terminated and truncated"),
    "swapped columns": ({"columns": ("map", "hour"), "about": {"ranges": {"map": [25, 150]}}}, "column 'map' is outside 25 to 150"),
    "another interval": ({"about": {"interval": 1}}, "1 h apart"),
    "about": ({"about": {"x": object()}}, "JSON"),
    "nobody": ({"cases": [], "starts": [0]}, "shape|starts"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case):
    wrong, said = WRONG[case]
    with pytest.raises(BadData, match=said):
        ward(**wrong)


def test_no_message_holds_a_measured_value():
    seen, doses = fields()["observations"].copy(), np.tile(np.float32([987.25, 987.25]), (8, 1))
    seen[2, 1] = 987.25
    for wrong in ({"observations": seen}, {"actions": doses}, {"costs": np.full((8, 2), -987.25)}, {"propensities": np.full(8, 987.25)}):
        with pytest.raises(BadData) as refused:
            ward(**wrong)
        assert "987" not in str(refused.value)


@settings(max_examples=40)
@given(LENGTHS, st.booleans(), st.integers(0, 99))
def test_sameness_is_bit_for_bit(lengths, box, seed):
    data, again = ward(lengths, box=box, seed=seed), ward(lengths, box=box, seed=seed)
    assert data.same(again)
    for name in ("rewards", "propensities", "observations"):
        changed = getattr(data, name).copy()
        changed.flat[-1] = np.nextafter(changed.flat[-1], changed.dtype.type(0.5)) if np.isfinite(changed.flat[-1]) else 0.5
        assert not data.same(ward(lengths, box=box, seed=seed, **{name: changed}))
    assert not data.same(ward(lengths, box=box, seed=seed, about=json.loads(json.dumps(dict(data.about) | {"seed": 4}))))
