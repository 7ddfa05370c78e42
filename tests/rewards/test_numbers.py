"""Answers: what a text says as a number, and which interval counts as right."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medenvs.core.lanes import PLAIN, numpy_lanes
from medenvs.rewards.numbers import DATE, NUMBER, WEEKS_DAYS, interval, read, written


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("36.7", NUMBER, 36.7),
        ("-1.57", NUMBER, -1.57),
        ("\u22121.57", NUMBER, -1.57),
        ("+4", NUMBER, 4),
        ("1,234.5", NUMBER, 1234.5),
        ("8e3 mL", NUMBER, 8000),
        (".28877 %", NUMBER, 0.28877),
        ("71.4 mL/min/1.73 m2", NUMBER, 71.4),
        ("9 / 4", NUMBER, 2.25),
        ("3 out of 5", NUMBER, 3),
        ("12/17/2024", DATE, datetime.date(2024, 12, 17).toordinal()),
        ("2024-12-17", DATE, datetime.date(2024, 12, 17).toordinal()),
        ("(19, 1)", WEEKS_DAYS, 134),
        ("19 weeks 1 day", WEEKS_DAYS, 134),
        ("19w1d", WEEKS_DAYS, 134),
        ("('19 weeks', '1 day')", WEEKS_DAYS, 134),
    ],
)
def test_answers_that_count(text: str, kind: int, value: float) -> None:
    reading, fault = read(text)
    assert fault is None and reading is not None
    assert reading.kind == kind and reading.value == pytest.approx(value)


NONSENSE = ["", "about five", "1 2", "5 6", "1/0", "02/30/2024", "13/13/2024", "\uff15", "\u0663", "\u2164", "1e999", "nan", "inf"]
CODE = [
    "0x10",
    "__import__('os')",
    "[1]",
    "1,23",
    "--5",
    "5;6",
    "<5",
    "(19, 1, 2)",
    "9" * 80,
    "1_000",
    "5=5",
    "5 or 6",
    "4 to 7",
    "5 x 3",
    "1//2",
    "1/2.5",
    "10/5/2",
]


@pytest.mark.parametrize("text", NONSENSE + CODE)
def test_answers_that_do_not_count(text: str) -> None:
    reading, fault = read(text)
    assert reading is None and fault


@given(st.text(max_size=200))
def test_reading_is_total(text: str) -> None:
    reading, fault = read(text)
    assert (reading is None) == (fault is not None)


@given(st.floats(-1e9, 1e9, allow_nan=False), st.sampled_from(["decimal", "half"]))
def test_what_is_written_is_read_back(value: float, output: str) -> None:
    value = round(value * 2) / 2 if output == "half" else value
    reading, fault = read(written(value, output))
    assert fault is None and reading is not None
    low, high = interval(PLAIN, value, output)
    assert low <= reading.value <= high


@given(st.integers(0, 300), st.integers(1, 3_000_000))
def test_days_are_read_back(days: int, ordinal: int) -> None:
    assert read(written(days, "weeks_days"))[0] == (WEEKS_DAYS, days)
    assert read(written(ordinal % 700_000 + 364_878, "date"))[0] == (DATE, ordinal % 700_000 + 364_878)


@pytest.mark.parametrize(("truth", "low", "high"), [(100.0, 95.0, 105.0), (-2.0, -2.1, -1.9), (0.0, -0.05, 0.05)])
def test_decimals_are_right_within_five_percent_of_their_size(truth: float, low: float, high: float) -> None:
    assert interval(PLAIN, truth, "decimal") == pytest.approx((low, high))


def test_whole_numbers_are_right_when_they_round_to_the_truth() -> None:
    for truth in range(-3, 12):
        low, high = interval(PLAIN, float(truth), "integer")
        for answer in np.arange(truth - 1.5, truth + 1.5, 0.25):
            assert (low <= answer <= high) == (round(answer) == truth)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.sampled_from(["decimal", "integer", "half"]))
def test_intervals_are_the_same_in_columns(truths: list[float], output: str) -> None:
    truths = [float(round(t)) for t in truths] if output == "integer" else truths
    low, high = interval(numpy_lanes(), np.array(truths), output)
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [interval(PLAIN, t, output) for t in truths]
