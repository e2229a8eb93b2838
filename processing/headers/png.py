"""PNG and its animations: see https://www.w3.org/TR/png-3/#5Chunk-layout."""

import struct

from processing.errors import BrokenImage
from processing.headers.header import MAX_BLOCKS, Header

SIGNATURE_BYTES, FRAMING_BYTES = 8, 12
PIXELS = (b"IDAT", b"fdAT")
LONG_BYTES = 1024
"""From this length on a chunk of pixels doesn't count: a large picture has thousands, and its bytes bound them."""


def read(data: bytes) -> Header:
    """Size, frames, and chunks without the long ones of pixels."""
    if data[12:16] != b"IHDR":
        raise BrokenImage("the png data name no size")
    width, height = struct.unpack_from(">II", data, 16)
    kinds: list[bytes] = []
    place, ends_at, long = SIGNATURE_BYTES, len(data), 0
    while place < ends_at and len(kinds) < MAX_BLOCKS:
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        long += length >= LONG_BYTES and kind in PIXELS
        kinds.append(kind)
        place += length + FRAMING_BYTES
        if kind == b"IEND":
            break
    return Header("png", (width, height), frames=_count_frames(kinds), chunks=len(kinds) - long)


def _count_frames(kinds: list[bytes]) -> int:
    """One of a still picture; else those that have a control chunk, and the one that is shown where none is played."""
    before = kinds[: kinds.index(b"IDAT")] if b"IDAT" in kinds else kinds
    if b"acTL" not in before:
        return 1
    return kinds.count(b"fcTL") + (b"fcTL" not in before)
