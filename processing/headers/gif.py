"""GIF: see https://www.w3.org/Graphics/GIF/spec-gif89a.txt."""

import re
import struct

from processing.headers.header import MAX_BLOCKS, Header, Size, check_junk, cover

BLOCK = re.compile(rb"[!,;]")
EXTENSION, IMAGE = b"!", b","
HEADER_BYTES, DESCRIPTOR_BYTES = 13, 10


def read(data: bytes) -> Header:
    """Frames, blocks, and the size that holds the screen and every frame: decoders let a frame be larger."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    canvas, place = (width, height), HEADER_BYTES + _measure_palette(flags)
    frames = blocks = junk = 0
    while blocks < MAX_BLOCKS and (found := BLOCK.search(data, place)):
        junk = check_junk("gif", junk + found.start() - place)
        place = found.start()
        if found[0] == EXTENSION:
            place += 2
        elif found[0] == IMAGE and place + DESCRIPTOR_BYTES <= len(data):
            extent, flags = _read_descriptor(data, place)
            canvas, frames = cover(canvas, extent), frames + 1
            place += DESCRIPTOR_BYTES + _measure_palette(flags) + 1
        else:
            break
        place, blocks = _skip_blocks(data, place, blocks + 1)
    return Header("gif", canvas, frames=max(1, frames), chunks=blocks)


def _read_descriptor(data: bytes, place: int) -> tuple[Size, int]:
    x, y, width, height, flags = struct.unpack_from("<HHHHB", data, place + 1)
    return (x + width, y + height), flags


def _measure_palette(flags: int) -> int:
    """How many bytes of colours follow, by the flags of a screen or an image."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_blocks(data: bytes, place: int, blocks: int) -> tuple[int, int]:
    """The place behind a chain of blocks, each with its length before it, and the count with them."""
    ends_at = len(data)
    while place < ends_at and blocks < MAX_BLOCKS and (length := data[place]):
        place += length + 1
        blocks += 1
    return place + 1, blocks
