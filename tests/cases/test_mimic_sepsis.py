"""MIMIC tables as logged episodes: aligned rows, no same-step dose in the state, nothing learned from other splits, order-invariant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.cases.dose_bins import Bins
from medenvs.cases.mimic_columns import columns, known, states
from medenvs.cases.mimic_rewards import COSTS
from medenvs.cases.mimic_sepsis import DOSES, Reading, load
from medenvs.core.errors import BadData, BadValue, UnknownName
from medenvs.envs.treatment.kernel import COSTS as WORLD_COSTS
from tests.cases.mimic_tables import fake, same, stay_rows, written

LAGGED = ("max_dose_vaso", "input_4hourly", "input_total", "cumulated_balance")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("mimic")


@pytest.fixture(scope="module")
def plain(place):
    return written(place / "fake_plain.csv", fake())


@pytest.fixture(scope="module")
def loaded(plain):
    return load(plain)


def by_stay(found):
    """Yield (split, stay's number in the table, episode of one patient)."""
    for split, part in found.splits.items():
        for i, case in enumerate(part.cases.tolist()):
            yield split, case, part.part([i])


def test_every_row_becomes_its_own_decision(loaded):
    table = fake()
    assert sum(p.rows for p in loaded.splits.values()) == len(table["bloc"]) and set(loaded.splits) <= {"train", "validation", "test"}
    for _, case, one in by_stay(loaded):
        rows = stay_rows(table, case)
        c = {n: v[rows] for n, v in table.items()}
        assert one.rows == len(rows) and one.terminated.tolist() == [False] * (len(rows) - 1) + [True] and not one.truncated.any()
        for name in ("HR", "MeanBP", "Creatinine", "mechvent", "output_4hourly", "age"):
            assert np.array_equal(one.column(name), (c[name] / 365.25 if name == "age" else c[name]).astype(np.float32))
        assert np.array_equal(one.column("hour"), 4 * np.arange(len(rows)))
        assert one.rewards.tolist() == [0.0] * (len(rows) - 1) + [1 - 2 * c["mortality_90d"][0]]
        urine = c["output_4hourly"] / c["Weight_kg"] / 4
        flooded = c["cumulated_balance"] > 0.1 * c["Weight_kg"] * 1000
        wrong = [c["MeanBP"] < 65, c["SpO2"] < 92, urine < 0.5, flooded, c["max_dose_vaso"] > 0.5]
        assert np.array_equal(one.costs, 4.0 * np.array(wrong).T) and one.cost_names == COSTS
        assert np.isnan(one.propensities).all() and one.about["credentialed"] is True and one.about["simulated"] is False
    assert set(COSTS) <= set(WORLD_COSTS)


def test_what_a_row_says_of_its_own_doses_stands_in_the_next_state(loaded):
    table = fake()
    for _, case, one in by_stay(loaded):
        rows = stay_rows(table, case)
        c = {n: v[rows] for n, v in table.items()}
        begun = {"max_dose_vaso": 0, "input_4hourly": 0, "input_total": c["input_total"][0] - c["input_4hourly"][0]}
        begun["cumulated_balance"] = begun["input_total"]  # no urine was charted before the first row
        for name in LAGGED:
            assert np.allclose(one.column(f"previous_{name}"), [begun[name], *c[name][:-1]], rtol=1e-6, atol=1e-2)
            assert one.last[0, one.columns.index(f"previous_{name}")] == np.float32(c[name][-1])
        assert one.last[0, one.columns.index("HR")] == one.column("HR")[-1] and one.last[0, 0] == 4 * len(rows)


def test_the_doses_of_a_row_leave_its_state_alone(place, loaded):
    table = fake()
    last = np.r_[np.diff(table["icustayid"]) != 0, True]
    given = np.where(last, 777.0, 0.0)
    for name in ("input_4hourly", "input_total", "cumulated_balance"):
        table[name] = table[name] + given
    table["max_dose_vaso"] = np.where(last, table["max_dose_vaso"] + 0.3, table["max_dose_vaso"])
    table["SOFA"] = np.where(last, 24, table["SOFA"])
    other = load(written(place / "fake_dosed.csv", table), Reading(box=True))
    for split, part in other.splits.items():
        assert np.array_equal(part.observations, loaded.splits[split].observations)
        assert not np.array_equal(part.last, loaded.splits[split].last)
    assert not any(n in DOSES or n in ("SOFA", *LAGGED) for n in part.columns)


@pytest.mark.parametrize("layout", ["gz", "raw", "prefixes", "extra", "parquet", "no_charttime", "no_bloc", "words"])
def test_layouts_hold_the_same(place, loaded, layout):
    table, path = fake(), place / f"fake_{layout}.csv"
    if layout == "gz":
        path = place / "fake_gz.csv.gz"
    elif layout == "raw":
        rows = np.r_[np.diff(table["icustayid"]) != 0, True]
        reward = np.where(rows, 1 - 2 * table["died_within_48h_of_out_time"], 0)
        table = {n: c for n, c in table.items() if n not in ("bloc", "died_within_48h_of_out_time", "mortality_90d")}
        meta = {"traj": table["charttime"] * 0 + 1, "step": fake()["bloc"] - 1, "m:charttime": table["charttime"]}
        table = meta | {f"o:{n}": c for n, c in table.items() if n != "charttime"} | {"a:action": reward * 0, "r:reward": reward}
    elif layout == "prefixes":
        table = {f"{'oamr'[i % 4]}:{n.upper() if i % 3 else n}": c for i, (n, c) in enumerate(table.items())}
    elif layout == "extra":
        table = {"note": np.array(["secret"] * len(table["bloc"])), **dict(reversed(table.items())), "elixhauser": table["bloc"] * np.nan}
    elif layout == "parquet":
        arrow = pytest.importorskip("pyarrow", reason="needs the extra data")
        import pyarrow.parquet as files

        path = place / "fake.parquet"
        files.write_table(arrow.table(table), path)
        assert same(load(path), loaded)
        return
    elif layout == "words":
        table["died_within_48h_of_out_time"] = np.where(table["died_within_48h_of_out_time"] == 1, "True", "False")
    else:
        del table[layout.removeprefix("no_")]
    assert same(load(written(path, table)), loaded)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_order_nor_prefixes_matter(place, loaded, random):
    table = fake()
    rows, names = list(range(len(table["bloc"]))), list(table)
    random.shuffle(rows)
    random.shuffle(names)
    prefixed = {random.choice(("", "o:", "a:", "m:", "r:", "O:")) + random.choice((n, n.upper())): table[n] for n in names}
    assert same(load(written(place / "fake_shuffled.csv", prefixed, rows)), loaded)


def test_no_patient_stands_in_two_splits(place):
    table = fake(120)
    numbers, stay = np.unique(table["icustayid"], return_inverse=True)
    inside = load(written(place / "fake_patients.csv", table | {"subject_id": 500.0 + stay // 3}))
    listed = {"ROW_ID": numbers * 0, "SUBJECT_ID": 500.0 + np.arange(len(numbers)) // 3, "ICUSTAY_ID": numbers}
    beside = load(written(place / "fake_stays.csv", table), Reading(subjects=written(place / "ICUSTAYS.csv", listed)))
    alone = load(place / "fake_stays.csv")
    patients = {s: set((p.cases // 3).tolist()) for s, p in inside.splits.items()}
    assert sum(map(len, patients.values())) == 40 == len(set.union(*patients.values())) and len(patients) > 1
    assert same(inside, beside) and (inside.split_by, alone.split_by) == ("patient", "stay")
    of_stays = [set((p.cases // 3).tolist()) for p in alone.splits.values()]
    assert sum(map(len, of_stays)) > 40  # so the patients' numbers did decide
    early = listed | {"ICUSTAY_ID": numbers + 200_000}
    assert same(load(place / "fake_stays.csv", Reading(subjects=written(place / "fake_late.csv", early))), inside)


@pytest.mark.parametrize("scaled", [False, True])
def test_bins_and_scale_know_the_train_split_only(place, loaded, scaled):
    table = fake()
    train = np.isin(np.searchsorted(np.unique(table["icustayid"]), table["icustayid"]), loaded.splits["train"].cases)
    changed = {n: np.where(train, table[n], 0.7 * table[n]) for n in ("max_dose_vaso", "input_4hourly", "HR", "Creatinine", "age")}
    how = Reading(scaled=scaled)
    before, after = load(place / "fake_plain.csv", how), load(written(place / "fake_other.csv", table | changed), how)
    assert before.bins == after.bins and before.scale == after.scale and before.splits["train"].same(after.splits["train"])
    assert not before.splits["test"].same(after.splits["test"])
    if scaled:
        seen = before.splits["train"].observations[:, 1:]
        kinds = np.array(before.scale.kinds[1:])
        moved = np.isin(kinds, ("z", "log"))
        assert np.abs(seen[:, moved].mean(0)).max() < 1e-4 and np.abs(seen[:, moved].std(0) - 1).max() < 1e-3
        assert set(np.unique(seen[:, kinds == "binary"])) <= {-0.5, 0.5}


def test_both_forms_of_doses_map_onto_each_other(plain, loaded):
    two = load(plain, Reading(box=True))
    assert two.bins is None and two.splits["train"].actions.dtype == np.float32
    for split, part in loaded.splits.items():
        assert np.array_equal(loaded.bins.actions(two.splits[split].actions), part.actions)
        assert Bins.retold(part.about["bins"]) == loaded.bins


@pytest.mark.parametrize("reward", ["sofa_delta", "ogsrl", "organs_delta"])
def test_rewards_come_from_the_own_stay(place, reward):
    table = fake()
    table["SOFA"] += 0.01 * np.arange(len(table["SOFA"]))  # every row can be told from every other
    found = load(written(place / f"fake_{reward}.csv", table), Reading(reward=reward))
    for _, case, one in by_stay(found):
        score = table["SOFA"][stay_rows(table, case)] if reward != "organs_delta" else one.column("SOFA_organs").astype(float)
        wanted = -np.clip(score, 2.5, 12.5) if reward == "ogsrl" else np.r_[score[:-1] - score[1:], 0]
        assert np.allclose(one.rewards, wanted) and one.about["reward_reads_doses"] is (reward != "organs_delta")


def test_the_organs_score_reads_no_dose():
    table = fake()
    with_doses = table["SOFA"] - np.where(table["max_dose_vaso"] > 0, 3 + (table["max_dose_vaso"] > 0.1), table["MeanBP"] < 70)
    from medenvs.cases.mimic_rewards import organs

    assert np.array_equal(organs(table), with_doses) and set(np.unique(organs(table))) <= set(range(21))
    worst = dict.fromkeys(("PaO2_FiO2", "Platelets_count", "output_4hourly"), 1.0) | {"mechvent": 1.0, "GCS": 3.0, "Weight_kg": 80.0}
    assert organs({n: np.array([x]) for n, x in (worst | {"Total_bili": 20.0, "Creatinine": 9.0}).items()}).tolist() == [20.0]


def test_columns_are_chosen_by_name(plain):
    found = load(plain, Reading(columns=("input_total", "SpO2")))
    assert found.splits["train"].columns == ("hour", "previous_input_total", "SpO2")


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"reward": "sofa"}, UnknownName, "Allowed: .*organs_delta"),
        ({"gaps": "fill"}, UnknownName, "Allowed: cut, drop, refuse"),
        ({"outcome": "mortality"}, UnknownName, "Did you mean 'mortality_90d'"),
        ({"columns": ("HR", "SOFA")}, BadValue, "Use SOFA_organs"),
        ({"columns": ("Creatinin",)}, UnknownName, "Did you mean 'Creatinine'"),
        ({"columns": ()}, BadValue, "Name each column"),
        ({"columns": ("HR", "HR")}, BadValue, "Name each column"),
    ],
)
def test_options_that_do_not_exist(options, error, said):
    with pytest.raises(error, match=said):
        Reading(**options)


@pytest.mark.parametrize(
    ("gone", "options", "said"),
    [
        ("HR", {}, r"no column 'HR' \(1 of those needed are absent: HR\). Name the columns of the state"),
        ("SOFA", {"reward": "ogsrl"}, r"no column 'SOFA'.*'ogsrl' needs them: choose another"),
        ("GCS", {"reward": "organs_delta", "columns": ("HR",)}, r"no column 'GCS'.*'organs_delta' needs them"),
        ("SpO2", {"columns": ("HR",)}, r"no column 'SpO2'.*tell doses and costs"),
        ("mortality_90d", {"outcome": "mortality_90d"}, r"no column 'mortality_90d'. Choose another outcome"),
        ("icustayid", {}, r"no column 'icustayid'"),
    ],
)
def test_absent_columns_are_named_with_a_remedy(place, gone, options, said):
    table = fake()
    del table[gone]
    with pytest.raises(BadData, match=said):
        load(written(place / "fake_absent.csv", table), Reading(**options))
    if gone == "SOFA":
        assert load(place / "fake_absent.csv").splits


def test_the_map_speaks_of_every_column_of_the_sheet():
    assert len(states()) == 47 and known("o:hr") == known(' "HR"') == "HR" and known("a:action") is None and known("SOFA_organs") is None
    for c in columns().values():
        assert c.low < c.high and (c.typical is None or c.low <= c.typical[0] < c.typical[1] <= c.high) and c.scale and c.role
        for unit in c.others:
            assert c.typical and np.isclose(c.restore(c.convert(3.0, unit), unit), 3.0)
            middle = c.restore(sum(c.typical) / 2, unit)
            assert not c.typical[0] <= middle <= c.typical[1], f"{c.name}: {unit} cannot be told from {c.unit}"
