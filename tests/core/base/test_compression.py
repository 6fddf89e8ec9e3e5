"""zlib streams by libdeflate and by zlib: each reads what the other writes, and neither takes what is damaged."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base import compression
from core.base.compression import compress, crc32, decompress


@pytest.fixture(params=["libdeflate", "zlib"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What compresses."""
    if request.param == "zlib":
        monkeypatch.setattr(compression, "deflate", None)
    else:
        assert compression.deflate, "the package deflate is not installed"
    return str(request.param)


DATA = bytes(range(256)) * 40


def test_libdeflate_is_used(library: str) -> None:
    """Its streams are other ones than those of zlib, or this would test one library twice."""
    assert (compress(DATA) == zlib.compress(DATA, 1)) == (library == "zlib")


@pytest.mark.parametrize("data", [b"", b"a", DATA, memoryview(DATA)[7:900]], ids=["nothing", "a byte", "much", "view"])
def test_what_is_compressed_comes_back(data: bytes | memoryview) -> None:
    stream = compress(data)
    assert zlib.decompress(stream) == data
    assert decompress(zlib.compress(data, 9), len(data)) == data
    assert decompress(stream + b"more", len(data)) == data


@pytest.mark.parametrize("size", [0, len(DATA) - 1, len(DATA) + 1])
def test_other_sizes(size: int) -> None:
    with pytest.raises(ValueError, match="cut off or damaged"):
        decompress(compress(DATA), size)


@pytest.mark.parametrize("end", [0, 1, 5, -4, -1])
def test_streams_that_are_cut_off(end: int) -> None:
    with pytest.raises(ValueError, match="cut off or damaged"):
        decompress(compress(DATA)[:end], len(DATA))


@pytest.mark.parametrize("place", [0, 1, 30, -1])
def test_damaged_streams(place: int) -> None:
    stream = bytearray(compress(DATA))
    stream[place] ^= 0x55
    with pytest.raises(ValueError, match="cut off or damaged"):
        decompress(stream, len(DATA))


def test_checksum() -> None:
    assert crc32(b"123456789") == 0xCBF43926  # the check value of CRC-32/ISO-HDLC
    assert crc32(b"6789", crc32(b"12345")) == 0xCBF43926


@given(st.binary(max_size=300))
def test_both_libraries_read_both(data: bytes) -> None:
    by_libdeflate, by_zlib = compression.deflate.zlib_compress(data, 1) if compression.deflate else b"", compress(data)
    for stream in filter(None, (by_libdeflate, by_zlib)):
        assert zlib.decompress(stream) == decompress(stream, len(data)) == data
