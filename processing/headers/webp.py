"""WebP: see https://developers.google.com/speed/webp/docs/riff_container."""

import struct

from processing.errors import BrokenImage
from processing.headers.header import MAX_BLOCKS, Header, Size

FIRST_CHUNK, CHUNK_HEADER_BYTES = 12, 8
LOW_14_BITS = 0x3FFF


def read(data: bytes) -> Header:
    """Size of the canvas, and frames."""
    (length,) = struct.unpack_from("<I", data, 4)
    place, ends_at = FIRST_CHUNK, min(len(data), length + CHUNK_HEADER_BYTES)
    frames = blocks = 0
    while place < ends_at and blocks < MAX_BLOCKS:
        frames += data[place : place + 4] == b"ANMF"
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        place += CHUNK_HEADER_BYTES + length + (length & 1)
        blocks += 1
    return Header("webp", _read_size(data), frames=max(1, frames), chunks=blocks)


def _read_size(data: bytes) -> Size:
    """From the first chunk: of an extended file, of lossy or of lossless pixels."""
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[place : place + 3], "little") + 1 for place in (4, 7))
        return width, height
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", body, 1)
        return (bits & LOW_14_BITS) + 1, (bits >> 14 & LOW_14_BITS) + 1
    if body[3:6] != b"\x9d\x01\x2a":
        raise BrokenImage("the webp data name no size")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & LOW_14_BITS, height & LOW_14_BITS
