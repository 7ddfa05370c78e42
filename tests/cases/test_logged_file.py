"""A data file is read as it was written, or refused; and it is written whole or not at all."""

import contextlib
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medenvs.cases.logged_file import ARRAYS, load, save, whole
from medenvs.core.errors import BadData, BadValue, MedenvsError
from tests.cases.wards_logged import ward

LOOSE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LOOSE
@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.booleans(), st.integers(0, 99))
def test_what_is_written_is_read_bit_for_bit(tmp_path, lengths, box, seed):
    data = ward(lengths, box=box, seed=seed)
    assert load(save(data, tmp_path / "a.npz", force=True)).same(data)


def test_the_same_set_gives_the_same_bytes(tmp_path):
    first, second = (save(ward(), tmp_path / name).read_bytes() for name in ("a.npz", "b.npz"))
    assert first == second


@LOOSE
@given(st.data())
def test_a_damaged_file_is_refused_or_still_the_set(tmp_path, draw):
    data = ward()
    path = save(data, tmp_path / "a.npz", force=True)
    held = bytearray(path.read_bytes())
    if draw.draw(st.booleans()):
        for _ in range(3):
            held[draw.draw(st.integers(0, len(held) - 1))] = draw.draw(st.integers(0, 255))
    else:
        held = held[: draw.draw(st.integers(0, len(held) - 1))]
    path.write_bytes(bytes(held))
    with contextlib.suppress(BadData):
        assert load(path).same(data)


def test_other_files_are_refused(tmp_path):
    data = ward()
    arrays = {name: getattr(data, name) for name in ARRAYS}
    told = {"name": "x", "columns": ["hour", "map"], "cost_names": ["a", "b"], "about": {}}
    place = tmp_path / "x.npz"
    for wrong in (
        arrays,
        arrays | {"told": np.array([1])},
        arrays | {"told": np.array("[]")},
        arrays | {"told": np.array(json.dumps(told | {"columns": 3}))},
        arrays | {"told": np.array(json.dumps(told | {"about": []}))},
        arrays | {"told": np.array(json.dumps(told | {"columns": ["a"]}))},
        arrays | {"told": np.array("[" * 99)},
        {"told": np.array(json.dumps(told))},
        arrays | {"told": np.array(json.dumps(told)), "rewards": np.array([{}] * 8, object)},
    ):
        np.savez(place, **wrong)
        with pytest.raises(BadData, match="x"):
            load(place)
    np.savez(place, told=np.array(json.dumps(told)), **arrays)
    assert load(place).columns == ("hour", "map")
    for text in (b"", b"hello", b"PK\x03\x04"):
        place.write_bytes(text)
        with pytest.raises(BadData):
            load(place)
    with pytest.raises(BadData, match="nowhere"):
        load(tmp_path / "nowhere.npz")


def test_a_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_BZIP2, compresslevel=9) as archive:
        archive.writestr("observations.npy", bytes(1 << 26))
    with pytest.raises(BadData, match="are no data set"):
        load(tmp_path / "b.npz")


def test_a_name_that_is_taken_is_kept(tmp_path):
    path = save(ward(), tmp_path / "deep" / "a.npz")
    before = path.read_bytes()
    with pytest.raises(BadValue, match="--force"):
        save(ward(seed=1), path)
    assert path.read_bytes() == before
    assert load(save(ward(seed=1), path, force=True)).same(ward(seed=1))


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_fails_leaves_nothing_and_takes_nothing(tmp_path, folder, error):
    path = tmp_path / "a"

    def fill(half, text):
        if folder:
            half.mkdir()
        (half / "x" if folder else half).write_text(text)

    with whole(path) as half:
        fill(half, "old")

    def fail():
        with whole(path, force=True) as half:
            fill(half, "half")
            raise error

    with pytest.raises(error):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and (path / "x" if folder else path).read_text() == "old"
    with whole(path, force=True) as half:
        fill(half, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and (path / "x" if folder else path).read_text() == "new"


def test_credentialed_rows_are_their_owners_alone(tmp_path):
    path = save(ward(about={"credentialed": True}), tmp_path / "a.npz")
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(MedenvsError):
        save(ward(), path)
