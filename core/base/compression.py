"""zlib streams, by libdeflate where it is installed: several times as fast as zlib, and as small.

The package `deflate` has wheels of it for every platform that Blender has. Elsewhere zlib makes streams of other bytes
that say the same.
"""

import zlib
from typing import TypeAlias

try:
    import deflate
except ImportError:
    deflate = None

Data: TypeAlias = bytes | bytearray | memoryview

# On images, depth and flow of the demo higher levels take much longer, for files a twentieth smaller.
_LEVEL = 1


def compress(data: Data) -> bytearray:
    """A zlib stream of contiguous data."""
    compressed: bytearray = deflate.zlib_compress(data, _LEVEL) if deflate else bytearray(zlib.compress(data, _LEVEL))
    return compressed


def decompress(data: Data, size: int) -> bytes | bytearray:
    """What a zlib stream holds; other threads go on meanwhile.

    Args:
        data: the stream; bytes behind its end are not looked at.
        size: of what it holds.

    Raises:
        ValueError: it is cut off or damaged, or holds more or less than that.
    """
    found = _by_libdeflate(data, size) if deflate else _by_zlib(data, size)
    if found is None or len(found) != size:
        raise ValueError("compressed data are cut off or damaged")
    return found


def crc32(data: Data, before: int = 0) -> int:
    """The CRC-32 of data, with that of what comes before them."""
    checksum: int = deflate.crc32(data, before) if deflate else zlib.crc32(data, before)
    return checksum


def _by_libdeflate(data: Data, size: int) -> bytearray | None:
    """At most so many bytes; None where the stream is damaged, or holds more."""
    try:
        found: bytearray = deflate.zlib_decompress(data, max(1, size))
    except deflate.DeflateError:
        return None
    return found


def _by_zlib(data: Data, size: int) -> bytes | None:
    """Likewise."""
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, size + 1)
    except zlib.error:
        return None
    return found if stream.eof else None
