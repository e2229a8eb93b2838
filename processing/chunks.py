"""The chunks that a PNG is made of: see https://www.w3.org/TR/png-3/#5Chunk-layout."""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = 33
"""Where the chunks behind the header begin."""


def walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of every chunk up to the end of the picture. What is cut off is given as far as it goes."""
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place + 8 : place + 8 + length]
        if kind == b"IEND":
            return
        place += length + 12


def make(kind: bytes, body: bytes) -> bytes:
    """One chunk, with its length and its checksum."""
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def insert(data: bytes, *made: bytes) -> bytes:
    """The PNG with more chunks right behind its header."""
    return b"".join((data[:HEADER_END], *made, data[HEADER_END:]))


END = make(b"IEND", b"")
