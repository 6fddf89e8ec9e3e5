"""NumPy archives, as numpy and zipfile read them: they check names, sizes and checksums."""

import io
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from core.base import compression
from core.drawing import npz_encoder
from core.drawing.npz_encoder import write_npz

Array = npt.NDArray[Any]
ARRAYS = st.lists(
    arrays_of.arrays(st.sampled_from([np.uint8, np.float32, np.dtype(">u2")]), arrays_of.array_shapes(min_side=0)),
    max_size=5,
)


class Forward(io.BytesIO):
    """A file that can only be written, as those that are complete when they appear."""

    def seek(self, *_: Any) -> int:
        raise AssertionError("sought")

    def tell(self) -> int:
        raise AssertionError("asked for the place")


def archive_of(arrays: dict[str, Array]) -> bytes:
    file = Forward()
    write_npz(file, arrays.items())
    return file.getvalue()


def check(archive: bytes, arrays: dict[str, Array]) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        assert members.testzip() is None
    with np.load(io.BytesIO(archive), allow_pickle=False) as found:
        assert found.files == list(arrays)
        for name, array in arrays.items():
            assert np.array_equal(found[name], array, equal_nan=array.dtype.kind == "f")
            assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)


@pytest.fixture(params=["libdeflate", "zlib"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "zlib":
        monkeypatch.setattr(compression, "deflate", None)
    return str(request.param)


@given(ARRAYS)
def test_any_arrays(arrays: list[Array]) -> None:
    named = {f"{number:04}": array for number, array in enumerate(arrays)}
    archive = archive_of(named)
    check(archive, named)
    assert archive_of(named) == archive


def test_views(library: str) -> None:
    image = np.arange(600, dtype=np.uint8).reshape(20, 30)
    named = {"turned": image.T, "part": image[3:9, ::2], "flipped": image[::-1], "one": image[:1, :1]}
    check(archive_of(named), named)


def test_a_date_and_system_that_are_always_the_same() -> None:
    with zipfile.ZipFile(io.BytesIO(archive_of({"a": np.zeros((3, 3))}))) as archive:
        (one,) = archive.infolist()
    by_numpy = io.BytesIO()
    np.savez_compressed(by_numpy, a=np.zeros((3, 3)))
    with zipfile.ZipFile(by_numpy) as archive:
        (other,) = archive.infolist()
    for name in ("filename", "date_time", "compress_type", "file_size", "CRC", "external_attr"):
        assert getattr(one, name) == getattr(other, name)
    assert (one.date_time, one.create_system, one.flag_bits, one.extra) == ((1980, 1, 1, 0, 0, 0), 3, 0, b"")


def test_nothing_in_it() -> None:
    check(archive_of({}), {})


def test_more_arrays_than_16_bits_count() -> None:
    named = {f"{number}": np.zeros((1, 1), np.uint8) for number in range(66_000)}
    archive = archive_of(named)
    with np.load(io.BytesIO(archive)) as found:
        assert len(found.files) == 66_000
        assert found["65999"].tolist() == [[0]]
    assert archive[-22:][10:12] == b"\xff\xff"


def test_more_bytes_than_32_bits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers that have no room stand where a larger archive has them. Here the room is taken for less."""
    arrays = {"a": np.zeros((3, 3)), "b": np.ones((3, 3))}
    plain = archive_of(arrays)
    monkeypatch.setattr(npz_encoder, "_NO_ROOM_IN_32", 100)
    archive = archive_of(arrays)
    assert len(archive) == len(plain) + 12 + 56 + 20  # the place of the second, and the end once more
    check(archive, arrays)
