"""AVIF, still and moving: see https://aomediacodec.github.io/av1-avif/ and ISO/IEC 14496-12."""

import struct

from processing.headers.header import MAX_BLOCKS, Header, Size, cover

CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}
"""Boxes that hold boxes, on the way to sizes and counts, and how many bytes stand before the first."""

MOVING = (b"avis", b"msf1")
"""Brands of files whose track is shown rather than their still picture."""


def read(data: bytes) -> Header:
    """The largest size that a picture, a tile or a track has, and the frames of the longest track of pictures.

    Boxes lie one in another, so that going on behind the head of one that holds others comes by them all.
    """
    size = track = (0, 0)
    place, blocks, frames = 0, 0, 1
    while place < len(data) - 8 and blocks < MAX_BLOCKS:
        kind, body, behind = _read_box(data, place)
        if kind == b"ispe":
            size = cover(size, struct.unpack_from(">II", data, body + 4))
        elif kind == b"tkhd":
            track = _read_track_size(data, behind)
            size = cover(size, track)
        elif kind == b"stsz" and min(track):
            (samples,) = struct.unpack_from(">I", data, body + 8)
            frames = max(frames, min(samples, len(data)))
        place = body + CONTAINERS[kind] if kind in CONTAINERS else behind
        blocks += 1
    return Header("avif", size, frames=frames if data[8:12] in MOVING else 1, chunks=blocks)


def _read_box(data: bytes, place: int) -> tuple[bytes, int, int]:
    """Kind of a box, where its body begins, and where the next box does."""
    length, kind = struct.unpack_from(">I4s", data, place)
    if length == 1:
        (length,) = struct.unpack_from(">Q", data, place + 8)
        return kind, place + 16, min(place + max(16, length), len(data))
    return kind, place + 8, min(place + max(8, length), len(data)) if length else len(data)


def _read_track_size(data: bytes, behind: int) -> Size:
    """The last two numbers of a track's header, which have 16 bits of fraction."""
    width, height = struct.unpack_from(">II", data, behind - 8)
    return width >> 16, height >> 16
