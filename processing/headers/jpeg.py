"""JPEG: see https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B."""

import re
import struct

from processing.headers.header import MAX_BLOCKS, Header, Size, check_junk, cover

# Behind a scan this passes over its data: an FF in them is followed by 00 or is a restart.
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
START_OF_IMAGE, END_OF_IMAGE, START_OF_SCAN = 0xD8, 0xD9, 0xDA
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The kinds of a frame header: all of their range but Huffman tables, an extension and arithmetic conditioning."""


def read(data: bytes) -> Header:
    """Size and number of scans, as a decoder comes by them."""
    size: Size = (0, 0)
    place = scans = blocks = junk = 0
    while blocks < MAX_BLOCKS and (found := MARKER.search(data, place)):
        if not scans:
            junk = check_junk("jpeg", junk + found.start() - place)
        kind, place, blocks = data[found.end() - 1], found.end(), blocks + 1
        if kind == END_OF_IMAGE:
            break
        if kind == START_OF_IMAGE:
            continue
        scans += kind == START_OF_SCAN
        if kind in FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 3)
            size = cover(size, (width, height))
        place += max(2, int.from_bytes(data[place : place + 2], "big"))
    return Header("jpeg", size, scans=scans, chunks=blocks)
