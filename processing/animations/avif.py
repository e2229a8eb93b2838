"""How often an AVIF is played: see ISO/IEC 14496-12 and https://aomediacodec.github.io/av1-avif/#edit-list-box.

Pillow decodes and encodes the frames, but neither reads nor writes this.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from processing.animations.animation import FOREVER

CONTAINERS = (b"moov", b"trak", b"mdia", b"edts")
CLOCKS = {b"mvhd": 4, b"tkhd": 8, b"mdhd": 4}
"""Boxes that begin with version and flags, the times of creation and change, and so many bytes before a duration."""

EDITS, REPEATS = b"elst", 1
MAX_BOXES = 10_000


@dataclass(frozen=True)
class _Box:
    kind: bytes
    body: int
    end: int


def read_plays(data: bytes) -> int:
    """How often a sequence is played, FOREVER where the file does not say."""
    track_bits, track = 0, 0
    for box in _walk(data):
        if box.kind == b"tkhd":
            place, track_bits = _find_duration(data, box)
            track = _read_number(data, place, track_bits)
        elif box.kind == EDITS:
            segment = _read_segment(data, box)
            if not data[box.body + 3] & REPEATS:
                return 1
            return FOREVER if track == (1 << track_bits) - 1 or not segment else max(1, -(-track // segment))
    return FOREVER


def write_plays(data: bytes, plays: int) -> bytes:
    """A sequence that is played forever, to be played so often instead. The times that it bears are taken out."""
    made = bytearray(data)
    boxes = list(_walk(data))
    segment = next((_read_segment(data, box) for box in boxes if box.kind == EDITS), 0)
    for box in boxes:
        if box.kind in CLOCKS:
            place, bits = _find_duration(data, box)
            made[box.body + 4 : box.body + 4 + bits // 4] = bytes(bits // 4)
            if plays != FOREVER and box.kind != b"mdhd":
                made[place : place + bits // 8] = (plays * segment).to_bytes(bits // 8, "big")
        elif box.kind == EDITS and plays == 1:
            made[box.body + 3] &= ~REPEATS
    return bytes(made)


def _walk(data: bytes) -> Iterator[_Box]:
    """Boxes on the way to those that matter here, outer ones before the ones in them."""
    place = boxes = 0
    while place + 8 <= len(data) and boxes < MAX_BOXES:
        length, kind = struct.unpack_from(">I4s", data, place)
        body, boxes = place + 8, boxes + 1
        if length == 1 and place + 16 <= len(data):
            (length,), body = struct.unpack_from(">Q", data, place + 8), place + 16
        end = min(place + max(length, body - place), len(data)) if length else len(data)
        yield _Box(kind, body, end)
        place = body if kind in CONTAINERS else end


def _find_duration(data: bytes, box: _Box) -> tuple[int, int]:
    """Where a box says how long it lasts, and in how many bits."""
    is_long = data[box.body] == 1
    return box.body + 4 + (16 if is_long else 8) + CLOCKS[box.kind], 64 if is_long else 32


def _read_segment(data: bytes, box: _Box) -> int:
    """How long the first edit lasts."""
    return _read_number(data, box.body + 8, 64 if data[box.body] == 1 else 32)


def _read_number(data: bytes, place: int, bits: int) -> int:
    return int.from_bytes(data[place : place + bits // 8], "big")
