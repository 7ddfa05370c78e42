"""Tables with gaps, duplicates, swapped columns, unknown units or bad cells: refused by stay and row, with a remedy that works."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.cases.mimic_columns import columns
from medenvs.cases.mimic_sepsis import Reading, load
from medenvs.cases.mimic_table import read
from medenvs.core.errors import BadData, UnknownName
from tests.cases.mimic_tables import fake as faked
from tests.cases.mimic_tables import same, stay_rows, written

SEED = st.integers(0, 2**31)


def fake():
    """Few stays, since every test writes them; above the number from which medians count."""
    return faked(24)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("mimic")


@pytest.fixture(scope="module")
def loaded(place):
    return load(written(place / "fake_plain.csv", fake()))


def refused(path, **options):
    """Return (stay, row, what is said) of a table that is refused."""
    with pytest.raises(BadData) as caught:
        load(path, Reading(**options))
    found = re.search(r"stay (\S+), row (\d+): (.*)", str(caught.value))
    assert found, str(caught.value)
    return found[1], int(found[2]), found[3]


@settings(max_examples=8, deadline=None)
@given(SEED)
def test_a_gap_names_the_row_behind_it(place, seed):
    table, draws = fake(), np.random.default_rng(seed)
    inner = np.flatnonzero((table["bloc"] > 1) & (np.r_[table["bloc"][1:], 1] > 1))
    gone = int(draws.choice(inner))
    rows = draws.permutation(np.delete(np.arange(len(table["bloc"])), gone))
    stay, row, said = refused(written(place / "fake_gap.csv", table, rows))
    assert rows[row - 1] == gone + 1 and float(stay) == table["icustayid"][gone]
    assert "gap before the row" in said and "gaps='cut'" in said and "gaps='drop'" in said


@settings(max_examples=8, deadline=None)
@given(SEED)
def test_a_duplicate_names_the_row(place, seed):
    table, draws = fake(), np.random.default_rng(seed)
    twice = int(draws.integers(len(table["bloc"])))
    rows = draws.permutation(np.append(np.arange(len(table["bloc"])), twice))
    stay, row, said = refused(written(place / "fake_twice.csv", table, rows))
    assert rows[row - 1] == twice and float(stay) == table["icustayid"][twice] and "stand twice. Drop the duplicate" in said


def test_gaps_are_cut_or_dropped(place, loaded):
    table = fake()
    begin, inner, early = (stay_rows(table, i) for i in (1, 4, 7))
    gone = [begin[0], inner[6], early[1]]
    path = written(place / "fake_gaps.csv", table, np.delete(np.arange(len(table["bloc"])), gone))
    cut, dropped = load(path, Reading(gaps="cut", box=True)), load(path, Reading(gaps="drop", box=True))
    assert cut.left_out == {"cut": 1, "dropped": 2} and dropped.left_out == {"cut": 0, "dropped": 3}
    whole = load(place / "fake_plain.csv", Reading(box=True))
    rows = [sum(p.rows for p in found.splits.values()) for found in (whole, cut, dropped)]
    assert rows[1] == rows[0] - sum(map(len, (begin, inner, early))) + 5 and rows[2] == rows[0] - sum(map(len, (begin, inner, early)))
    split, one = next((s, p.part([i])) for s, p in cut.splits.items() for i in np.flatnonzero(p.truncated[p.ends]))
    before = whole.splits[split].part(whole.splits[split].cases == 4)
    assert one.rows == 5 and not one.terminated.any() and one.truncated.tolist() == [False] * 4 + [True] and not one.rewards.any()
    assert np.array_equal(one.observations, before.observations[:5]) and np.array_equal(one.last[0], before.observations[5])


def test_a_cut_stay_of_a_raw_table_keeps_its_outcome(place):
    table = fake()
    last = np.r_[np.diff(table["icustayid"]) != 0, True]
    long = np.isin(table["icustayid"], table["icustayid"][table["bloc"] == 5])
    raw = {n: c for n, c in table.items() if not n.startswith(("died", "mortality", "bloc"))}
    raw |= {"r:reward": np.where(last, 1 - 2 * table["mortality_90d"], 0), "step": table["bloc"] - 1}
    rows = np.flatnonzero(~(long & (table["bloc"] == 4)))
    found = load(written(place / "fake_raw_gap.csv", raw, rows), Reading(gaps="cut", box=True))
    assert found.left_out == {"cut": len(np.unique(table["icustayid"][long])), "dropped": 0}
    assert sum(d.sum() for d in found.died.values()) == table["mortality_90d"][last].sum() > 2


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("SysBP", "DiaBP"),
        ("MeanBP", "SysBP"),
        ("MeanBP", "DiaBP"),
        ("SpO2", "FiO2_1"),
        ("max_dose_vaso", "input_4hourly"),
        ("input_4hourly", "input_total"),
        ("output_4hourly", "output_total"),
        ("Sodium", "Chloride"),
        ("Platelets_count", "Hb"),
        ("HR", "RR"),
    ],
)
def test_swapped_columns(place, a, b):
    table = fake()
    stay, row, said = refused(written(place / "fake_swapped.csv", table | {a: table[b], b: table[a]}))
    assert {a, b} <= set(re.findall(r"\w+", said)) and "look swapped" in said and "each other's names" in said
    assert float(stay) == table["icustayid"][row - 1]


UNITS = [(c.name, unit) for c in columns().values() for unit in c.others if unit != c.stored]


@pytest.mark.parametrize(("name", "unit"), [*UNITS, ("age", "years")])
def test_units_are_recognised_and_the_remedy_helps(place, loaded, name, unit):
    table, c = fake(), columns()[name]
    table[name] = table[name] / 365.25 if name == "age" else c.restore(table[name], unit)
    path = written(place / "fake_units.csv", table)
    stay, row, said = refused(path)
    assert f"{name} is not in {c.stored or c.unit}" in said and f"(--unit {name}={unit})" in said
    assert float(stay) == table["icustayid"][row - 1]
    found = load(path, Reading(units={name: unit}))
    for split, part in found.splits.items():
        assert np.allclose(part.observations, loaded.splits[split].observations, rtol=1e-5, atol=1e-5)


def test_units_nobody_knows(place):
    table = fake()
    said = refused(written(place / "fake_units.csv", table | {"Sodium": table["Sodium"] / 1000}))[2]
    assert "Sodium is not in mmol/L" in said and "unknown unit. Convert the column" in said
    with pytest.raises(UnknownName, match="Did you mean 'Fahrenheit'"):
        load(place / "fake_units.csv", Reading(units={"Temp_C": "Farenheit"}))
    with pytest.raises(UnknownName, match="Did you mean 'Temp_C'"):
        load(place / "fake_units.csv", Reading(units={"Temp": "Celsius"}))


def test_a_normalised_table(place):
    scaled = {n: (c - c.mean()) / (c.std() or 1) if columns()[n].typical else c for n, c in fake().items()}
    assert "looks normalised. Load the raw one" in refused(written(place / "fake_scaled.csv", scaled))[2]


@pytest.mark.parametrize(
    ("factor", "unit"), [(1 / 3600, "hours"), (1 / 60, "minutes"), (1 / 14400, "blocks of four hours"), (1.7, "unknown unit")]
)
def test_clocks(place, factor, unit):
    table = fake()
    said = refused(written(place / "fake_clock.csv", table | {"charttime": table["charttime"] * factor}))[2]
    assert "does not rise by 14400 s a row" in said and unit in said and "Convert it to seconds" in said


def changed(name, value, row=37):
    table = fake()
    table[name] = table[name].astype(object if isinstance(value, str) else float)
    table[name][row] = value
    return table


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HR", np.nan, "column 'HR' is empty or infinite. Impute it"),
        ("HR", np.inf, "column 'HR' is empty or infinite"),
        ("HR", "NA", "column 'HR' is empty or infinite"),
        ("HR", "", "column 'HR' is empty or infinite"),
        ("HR", "fast", "column 'HR' is no number. Write a number"),
        ("charttime", "2101-10-20 19:00", "column 'charttime' is no number. Write seconds"),
        ("charttime", np.nan, "column 'charttime' is empty"),
        ("HR", 251.0, "column 'HR' lies outside 0 to 250 1/min.*outside='clip'"),
        ("Weight_kg", 0.0, "column 'Weight_kg' lies outside 20 to 300 kg"),
        ("max_dose_vaso", -0.1, "column 'max_dose_vaso' lies outside 0 to 10 ug/kg/min"),
        ("gender", 2.0, "column 'gender' is neither 0 nor 1"),
        ("mechvent", 0.5, "column 'mechvent' is neither 0 nor 1"),
        ("died_within_48h_of_out_time", 0.5, "neither 0 nor 1"),
        ("bloc", 3.5, "bloc rises by something else than whole blocks"),
        ("charttime", 7_000_000_001.0, "rises by something else than whole blocks|disagree"),
    ],
)
def test_bad_cells_are_named(place, name, value, said):
    table = changed(name, value)
    stay, row, what = refused(written(place / "fake_cell.csv", table))
    assert re.search(said, what) and abs(row - 38) <= 1 and float(stay) == fake()["icustayid"][row - 1]


def test_ids_that_are_none(place):
    for value in (np.nan, 200_001.5):
        assert refused(written(place / "fake_cell.csv", changed("icustayid", value)))[2].startswith("column 'icustayid' is no whole number")


def test_outcomes_that_change_within_a_stay(place):
    table = fake()
    assert (
        "changes within the stay"
        in refused(written(place / "fake_o.csv", changed("mortality_90d", 1 - table["mortality_90d"][37])), outcome="mortality_90d")[2]
    )
    subjects = table | {"subject_id": np.arange(len(table["bloc"]))}
    assert "'subject_id' is empty or changes" in refused(written(place / "fake_o.csv", subjects))[2]
    few = {"SUBJECT_ID": np.array([1.0]), "ICUSTAY_ID": np.array([9_000_001.0])}
    assert "the stay is not in ICU.csv" in refused(place / "fake_plain.csv", subjects=written(place / "ICU.csv", few))[2]


@pytest.mark.parametrize("value", [0, -1, 2])
def test_rewards_that_tell_no_outcome(place, value):
    table = {n: c for n, c in fake().items() if not n.startswith(("died", "mortality"))}
    last = np.r_[np.diff(table["icustayid"]) != 0, True]
    table["r:reward"] = np.where(last, 1, 0)
    table["r:reward"][last if value == 0 else [37, 38]] = value
    assert "'reward' is not 1 or -1 once in the stay" in refused(written(place / "fake_r.csv", table))[2]


def test_values_out_of_range_are_clipped_when_asked(place):
    table = changed("HR", 400.0)
    found = load(written(place / "fake_clip.csv", table), Reading(outside="clip"))
    assert max(p.column("HR").max() for p in found.splits.values()) == 250


@pytest.mark.parametrize(
    ("name", "held", "error", "said"),
    [
        ("a.csv", b"", BadData, "no column 'icustayid'"),
        ("a.csv", b"icustayid,HR\n", BadData, "no rows"),
        ("a.csv", b"icustayid,o:HR,HR\n1,2,3\n", BadData, "column 'HR' stands twice"),
        ("a.csv", b"icustayid,HR\n1,2\n1\n", BadData, "row 2: 1 cells under a header of 2"),
        ("a.csv", b"icustayid,HR\n1,2\n1," + b"9" * 70_000, BadData, "a line of more than"),
        ("a.csv", b"icustayid," + b"," * 1_000 + b"\n", BadData, "a line of more than"),
        ("a.csv", b"icustayid,HR\n1,\x00\n", BadData, "a.csv"),
        ("a.csv", b"\xff\xfe\x00icustayid", BadData, "no column 'icustayid'"),
        ("a.csv.gz", b"icustayid,HR\n1,2\n", BadData, "not a table"),
        ("a.csv.gz", gzip.compress(b"icustayid,HR\n" + b"1,2\n" * 9_000)[:60], BadData, "not a table"),
        ("a.csv.gz", gzip.compress(b"icustayid," + b"0" * 10_000_000), BadData, "a line of more than"),
        ("a.xlsx", b"", UnknownName, r"unknown data file ending '.xlsx'.*Allowed: .csv, .csv.gz, .parquet"),
    ],
)
def test_files_that_are_no_table(tmp_path, name, held, error, said):
    (tmp_path / name).write_bytes(held)
    with pytest.raises(error, match=said):
        read(tmp_path / name)


def test_parquet_files_that_are_no_table(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="needs the extra data")
    import pyarrow.parquet as files

    (tmp_path / "a.parquet").write_bytes(b"PAR1 nonsense")
    files.write_table(arrow.table({"icustayid": [1, 2], "HR": ["fast", "slow"]}), tmp_path / "b.parquet")
    files.write_table(arrow.table({"icustayid": [1, None], "o:HR": [80, None]}), tmp_path / "c.parquet")
    for name, said in (("a", "not a parquet table"), ("b", "column 'HR' holds string. Expected numbers")):
        with pytest.raises(BadData, match=said):
            read(tmp_path / f"{name}.parquet")
    assert np.array_equal(read(tmp_path / "c.parquet")["HR"], [80, np.nan], equal_nan=True)


def test_files_that_are_not_there(tmp_path):
    written(tmp_path / "fake_table.csv", {"icustayid": np.arange(3.0)})
    with pytest.raises(UnknownName, match=r"Did you mean 'fake_table.csv'"):
        read(tmp_path / "fake_tabel.csv")
    with pytest.raises(UnknownName, match="none here"):
        read(tmp_path / "nowhere" / "a.csv")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["1", "2.5", "", "nan", "x", '"', "inf", "9e999", "\u0663"]), max_size=4), max_size=6))
def test_any_csv_is_read_or_refused(place, rows):
    path = place / "fake_any.csv"
    path.write_text("\n".join(["icustayid,bloc,HR", *map(",".join, rows)]), "utf-8")
    said = ""
    try:
        found = read(path)
        assert len(found) == len(found["HR"]) > 0
    except BadData as error:
        said = str(error)
    assert not said or said.startswith("fake_any.csv")


def test_few_stays_are_loaded_without_a_verdict_on_their_medians(place, loaded):
    table = fake()
    some = np.flatnonzero(table["icustayid"] <= np.unique(table["icustayid"])[11])
    hot = table | {"Temp_C": np.full(len(table["bloc"]), 41.0)}
    found = load(written(place / "fake_few.csv", hot, some))
    assert sum(p.patients for p in found.splits.values()) == 12 and not same(found, loaded)
    assert "Temp_C is not in Celsius" in refused(written(place / "fake_hot.csv", hot))[2]
