"""The second reading gives the worked examples, the stated answer at table corners and the top of each published range."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from calculators_by_hand import BY_HAND

VECTORS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data" / "calculator_vectors.json").read_text())

# Worked examples of calculators that have no second reading yet.
UNREAD = {
    "aa_grad",
    "anc",
    "apache_aps",
    "apgar",
    "apri",
    "bsa_dubois",
    "charlson",
    "corr_na_katz",
    "delta_gap",
    "fick_co",
    "heart",
    "osm_gap",
    "parkland",
    "pf_ratio",
    "rpi",
    "shock_index",
    "stopbang",
}
RENAMED: dict[str, dict[str, str]] = {
    "fena": {"sna": "na"},
    "ttkg": {"sk": "k"},
    "meld": {"cr": "scr", "dial": "dialysis"},
    "meld_na": {"cr": "scr", "dial": "dialysis"},
    "meld3": {"cr": "scr"},
    "maddrey": {"control": "pt_control"},
    "steroid": {"src": "from_name", "to": "to_name"},
    "temp_conv": {"F": "temp_f"},
}
TAKES_FEMALE = {"cockcroft_gault", "ckd_epi_2021", "mdrd", "fwd", "ibw", "adjbw", "meld3"}


def _arguments(name: str) -> dict[str, Any]:
    """Return the inputs of one worked example under the names its function takes."""
    renamed = RENAMED.get(name, {})
    given: dict[str, Any] = VECTORS[name]["inputs"]
    inputs = {renamed.get(key, key): value for key, value in given.items()}
    if name in TAKES_FEMALE:
        inputs["female"] = int(inputs.pop("sex") == "F")
    if name == "fwd":
        inputs["age"] = 65 if inputs.pop("elderly") else 64
    if name == "meld3":
        inputs["dialysis"] = 0
    if VECTORS[name]["scoring"] in ("date", "tuple"):
        inputs = {key: date.fromisoformat(value).toordinal() if isinstance(value, str) else value for key, value in inputs.items()}
    return {key: int(value) if isinstance(value, bool) else value for key, value in inputs.items()}


def _expected(name: str) -> Any:
    value = VECTORS[name]["value"]
    if VECTORS[name]["scoring"] == "date":
        month, day, year = (int(part) for part in value.split("/"))
        return date(year, month, day).toordinal()
    if VECTORS[name]["scoring"] == "tuple":
        return 7 * value[0] + value[1]
    return value


def test_every_worked_example_is_read_or_named_as_unread() -> None:
    assert set(VECTORS) == set(BY_HAND) | UNREAD
    assert not set(BY_HAND) & UNREAD


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_worked_example(name: str) -> None:
    truth, expected = BY_HAND[name](**_arguments(name)), _expected(name)
    assert isinstance(truth, (int, Fraction))
    if VECTORS[name]["scoring"] == "dec5":
        assert float(truth) == pytest.approx(expected, rel=1e-9, abs=0)
    else:
        assert truth == expected


LIVER = {"scr": 0.5, "bili": 0.4, "inr": 0.8, "dialysis": 0}
CORNERS: list[tuple[str, dict[str, Any], Any]] = [
    ("ckd_epi_2021", {"scr": 0.9, "age": 50}, 142 * Fraction("0.9938") ** 50),
    ("calvert", {"gfr": 140}, 750),
    ("fluids_421", {"weight": 10}, 40),
    ("fluids_421", {"weight": 20}, 60),
    ("steroid", {"to_name": "betamethasone"}, 6),
    ("mme", {"items": [("fentanyl patch", 25, 3)]}, 60),
    ("meld", LIVER, 6),
    ("meld", LIVER | {"dialysis": 1}, 20),
    ("meld_na", LIVER | {"na": 110}, 6),
    ("meld_na", {"scr": 9, "bili": 40, "inr": 9}, 40),
    ("meld3", LIVER | {"na": 150, "alb": 5, "female": 0}, 6),
    ("meld3", LIVER | {"na": 150, "alb": 5, "female": 0, "dialysis": 1}, 18),
    ("child_pugh", {"bili": 2.0, "alb": 3.5, "inr": 1.7, "asc": 0}, 8),
    ("child_pugh", {"bili": 3.0, "alb": 2.8, "inr": 2.3, "asc": 0}, 8),
    ("sofa", {"pf": 80, "vent": 0}, 13),
    ("sofa", {"pf": 80}, 15),
    ("sofa", {"bili": 12.0}, 16),
    ("sofa", {"pressor": "none"}, 12),
    ("sofa", {"urine": 150}, 16),
    ("psi", {"sex": "F"}, 144),
    ("psi", {"temp": 40}, 169),
    ("news2", {"temp": 38.04}, 9),
    ("news2", {"temp": 36.04}, 10),
    ("gbs", {"bun": 22.35}, 12),
    ("abcd2", {"speech": 1}, 6),
    ("abcd2", {"sbp": 120, "dbp": 90}, 6),
    ("abcd2", {"dur": 9}, 5),
    ("sirs", {"paco2": 32}, 3),
    ("geneva", {"age": 65}, 14),
    ("ich", {"gcs": 12}, 4),
    ("bisap", {"age": 60}, 2),
]


@pytest.mark.parametrize(("name", "changed", "expected"), CORNERS)
def test_worked_example_changed_at_a_corner(name: str, changed: dict[str, Any], expected: Any) -> None:
    assert float(BY_HAND[name](**(_arguments(name) | changed))) == pytest.approx(float(expected), rel=1e-12, abs=0)


WORST = {
    "wells_pe": ({"hr": 120}, 12.5),
    "perc": ({"age": 60, "hr": 120, "spo2": 90}, 8),
    "geneva": ({"age": 80, "hr": 120}, 22),
    "padua": ({"age": 80, "bmi": 40}, 20),
    "cha2ds2vasc": ({"age": 80, "sex": "F"}, 9),
    "has_bled": ({"age": 80}, 9),
    "gbs": ({"bun": 80, "hb": 6, "sex": "M", "sbp": 70, "hr": 120}, 23),
    "timi": ({"age": 80}, 7),
    "rcri": ({"cr": 3}, 6),
    "curb65": ({"bun": 40, "rr": 40, "sbp": 80, "dbp": 40, "age": 80}, 5),
    "bisap": ({"bun": 40, "sirs": 4, "age": 80}, 5),
    "alvarado": ({"temp": 39, "wbc": 20}, 10),
    "ich": ({"gcs": 3, "vol": 60, "age": 90}, 6),
    "abcd2": ({"age": 80, "sbp": 180, "dbp": 100, "dur": 90}, 7),
    "centor": ({"age": 5, "temp": 39, "cough": 0}, 5),
    "child_pugh": ({"bili": 9, "alb": 1.5, "inr": 4, "asc": 2, "enc": 2}, 15),
    "news2": ({"rr": 40, "spo2": 80, "sbp": 70, "pulse": 150, "alert": 0, "temp": 34}, 20),
    "sofa": (
        {"pf": 60, "plt": 10, "bili": 20, "map": 40, "pressor": "norepi>0.1", "gcs": 3, "cr": 8, "urine": 50},
        24,
    ),
}


@pytest.mark.parametrize("name", sorted(WORST))
def test_the_worst_patient_reaches_the_top_of_the_published_range(name: str) -> None:
    measured, top = WORST[name]
    flags = {key: 1 for key in _arguments(name) if key not in measured}
    assert BY_HAND[name](**(flags | measured)) == top
