"""The fake table: MIMIC's column names, nobody's numbers, and a label that cannot be missed."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from medenvs.cases.mimic_columns import known
from medenvs.cases.mimic_sepsis import load
from medenvs.core.errors import BadValue
from medenvs.systems import fake_mimic
from tests.cases.mimic_tables import same

# The fields of the AI Clinician's data dictionary that its state is made of.
PUBLISHED = re.findall(
    r"\w+",
    """bloc icustayid charttime gender age re_admission died_within_48h_of_out_time mortality_90d Weight_kg GCS HR SysBP MeanBP DiaBP
    RR SpO2 Temp_C FiO2_1 Potassium Sodium Chloride Glucose BUN Creatinine Magnesium Calcium SGOT SGPT Total_bili Hb WBC_count
    Platelets_count PTT PT INR Arterial_pH paO2 paCO2 Arterial_BE Arterial_lactate HCO3 mechvent Shock_Index PaO2_FiO2 max_dose_vaso
    input_total input_4hourly output_total output_4hourly cumulated_balance SOFA SIRS""",
)


def test_it_has_the_published_columns(tmp_path):
    with fake_mimic.write(tmp_path / "fake.csv", 30).open() as file:
        header, *rows = csv.reader(file)
    assert sorted(header) == sorted(PUBLISHED) and all(known(name) == name for name in PUBLISHED)
    assert all(len(row) == len(header) for row in rows)
    with fake_mimic.write(tmp_path / "fake_raw.csv", 30, raw=True).open() as file:
        raw = next(csv.reader(file))
    assert raw[:4] == ["traj", "step", "m:charttime", "m:icustayid"] and raw[-2:] == ["a:action", "r:reward"]
    assert all(name.startswith("o:") for name in raw[4:-2]) and len(raw) == 4 + 47 + 2


def test_both_layouts_load_alike(tmp_path):
    tables = [fake_mimic.write(tmp_path / f"fake_{raw}.csv", 60, raw=raw) for raw in (False, True)]
    assert same(*map(load, tables))


def test_a_table_follows_from_its_seed(tmp_path):
    a, b, c = (fake_mimic.table(30, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a[n], b[n]) for n in a) and any(len(a[n]) != len(c[n]) or not np.array_equal(a[n], c[n]) for n in a)
    path = fake_mimic.write(tmp_path / "fake.csv", 30)
    before = path.read_bytes()
    with pytest.raises(BadValue, match="exists"):
        fake_mimic.write(path, 30)
    assert fake_mimic.write(path, 30, force=True).read_bytes() == before


def test_it_is_labelled(tmp_path):
    for name in ("MIMICtable.csv", "fake.txt"):
        with pytest.raises(BadValue, match="no name of a fake table"):
            fake_mimic.write(tmp_path / name)
    assert fake_mimic.table(30)["icustayid"].min() > 299_999  # MIMIC's stays end there


def test_what_must_agree_agrees():
    c = fake_mimic.table(60)
    first = c["bloc"] == 1
    assert np.allclose(c["input_total"] - c["output_total"], c["cumulated_balance"])
    assert np.allclose(np.diff(c["input_total"])[~first[1:]], c["input_4hourly"][1:][~first[1:]])
    assert np.allclose(np.diff(c["output_total"])[~first[1:]], c["output_4hourly"][1:][~first[1:]])
    assert (c["DiaBP"] < c["MeanBP"]).all() and (c["MeanBP"] < c["SysBP"]).all() and (c["SOFA"] <= 24).all()
    assert np.allclose(c["Shock_Index"], c["HR"] / c["SysBP"]) and np.allclose(c["PaO2_FiO2"], c["paO2"] / c["FiO2_1"])
