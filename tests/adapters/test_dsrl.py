"""DSRL's layout: what its readers expect is there, and what was written is read bit for bit."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medenvs.adapters import dsrl
from medenvs.core.errors import BadData, MissingExtra
from medenvs.systems.sepsis_logs import logged
from tests.cases.wards_logged import ward

h5py = pytest.importorskip("h5py")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans(), st.integers(0, 99))
def test_what_is_written_is_read_bit_for_bit(tmp_path, lengths, box, seed):
    data = ward(lengths, box=box, seed=seed)
    assert dsrl.load(dsrl.save(data, tmp_path / "a.hdf5", force=True)).same(data)


def test_its_readers_find_what_they_expect(tmp_path):
    data = logged("low", 30, box=True)
    with h5py.File(dsrl.save(data, tmp_path / "a.hdf5")) as file:
        held = {name: file[name][()] for name in dsrl.FLAT}
    assert all(len(array) == data.rows for array in held.values())
    inside = np.flatnonzero(~(held["terminals"] | held["timeouts"]))
    assert np.array_equal(held["next_observations"][inside], held["observations"][inside + 1])
    assert held["costs"].ndim == held["rewards"].ndim == 1 and np.array_equal(held["costs"], data.costs.sum(1))
    assert (held["terminals"] | held["timeouts"]).sum() == data.patients and held["actions"].shape == (data.rows, 2)


def damaged(path, change):
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def test_other_files_are_refused(tmp_path):
    def without(name):
        return lambda file: file.__delitem__(name)

    def outside(file):
        dsrl.save(ward(), tmp_path / "other.hdf5", force=True)
        del file["rewards"]
        file["rewards"] = h5py.ExternalLink("other.hdf5", "rewards")

    def elsewhere(file):
        (tmp_path / "secret").write_bytes(bytes(64))
        del file["rewards"]
        file.create_dataset("rewards", (8,), "f8", external=[(str(tmp_path / "secret"), 0, 64)])

    def folder(file):
        del file["rewards"]
        file.create_group("rewards")

    def texts(file):
        del file["rewards"]
        file["rewards"] = ["a"] * 8

    def far(file):
        file["starts"][1] = 99

    def before(file):
        file["starts"][1] = -3

    def untold(file):
        del file.attrs["medenvs"]

    def told(file):
        file.attrs["medenvs"] = 3

    for change in (without("costs"), without("starts"), outside, elsewhere, folder, texts, far, before, untold, told):
        path = damaged(dsrl.save(ward(), tmp_path / "a.hdf5", force=True), change)
        with pytest.raises(BadData, match="hdf5"):
            dsrl.load(path)
    (tmp_path / "b.hdf5").write_bytes(b"hello")
    for name in ("b.hdf5", "nowhere.hdf5"):
        with pytest.raises(BadData, match=name):
            dsrl.load(tmp_path / name)


def test_without_h5py_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingExtra, match=r"medenvs\[data\]"):
        dsrl.save(ward(), tmp_path / "a.hdf5")
    assert list(tmp_path.iterdir()) == []
