"""The frames of a GIF: see https://www.w3.org/Graphics/GIF/spec-gif89a.txt.

Pillow decodes each frame by itself; how frames lie over one another follows browsers, which keep to the canvas, begin
with a transparent one and never fill it with the background colour that the file names.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from processing.animations.animation import FOREVER, Animation, Disposal, Patch, compose
from processing.geometry import Size

SCREEN_BYTES, DESCRIPTOR_BYTES = 13, 10
EXTENSION, IMAGE = b"!", b","
CONTROL, APPLICATION = 0xF9, 0xFF
LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
HAS_PALETTE, INTERLACED, PALETTE_BITS = 0x80, 0x40, 0x07

DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE}


@dataclass
class _Walk:
    """Where the reading stands, and what extensions have said so far. control: of the next frame alone."""

    data: bytes
    place: int = SCREEN_BYTES
    control: bytes = b"\0\0\0\0"
    plays: int = 1


def read(data: bytes, size: Size, count: int | None) -> Animation:
    """The first frames, all where count is None. size: of the canvas. Raises what Pillow does for a broken frame."""
    walk = _Walk(data)
    walk.place += len(_read_palette(data, data[10], SCREEN_BYTES))
    # Extensions stand before the frames that they speak of: the walk has met them when the frames are all made.
    patches = list(_read_patches(walk, count))
    if not patches:
        raise EOFError("there is no frame")
    return compose(size, patches, walk.plays)


def _read_patches(walk: _Walk, count: int | None) -> Iterator[Patch]:
    made = 0
    while count is None or made < count:
        kind = _find_block(walk)
        if kind == EXTENSION:
            _read_extension(walk)
        elif kind == IMAGE and walk.place + DESCRIPTOR_BYTES <= len(walk.data):
            made += 1
            yield _read_patch(walk)
        else:
            return


def _find_block(walk: _Walk) -> bytes:
    """The kind of the next block; what stands before it belongs to nothing."""
    while (kind := walk.data[walk.place : walk.place + 1]) and kind not in (EXTENSION, IMAGE, b";"):
        walk.place += 1
    return kind


def _read_extension(walk: _Walk) -> None:
    label = walk.data[walk.place + 1 : walk.place + 2]
    blocks, walk.place = _read_blocks(walk.data, walk.place + 2)
    if label == bytes([CONTROL]) and blocks and len(blocks[0]) >= 4:
        walk.control = blocks[0]
    elif label == bytes([APPLICATION]) and blocks and blocks[0][:11] in LOOPING:
        for block in blocks[1:2]:
            walk.plays = _count_plays(block) if len(block) >= 3 else walk.plays


def _count_plays(block: bytes) -> int:
    """The frames are shown once, and then so often again."""
    repeats = block[1] | block[2] << 8
    return repeats + 1 if repeats else FOREVER


def _read_patch(walk: _Walk) -> Patch:
    data, start = walk.data, walk.place
    x, y, width, height, flags = struct.unpack_from("<HHHHB", data, start + 1)
    palette = _read_palette(data, flags, start + DESCRIPTOR_BYTES)
    pixels_at = start + DESCRIPTOR_BYTES + len(palette)
    _, walk.place = _read_blocks(data, pixels_at + 1)
    control, walk.control = walk.control, _Walk.control
    palette = palette or _read_palette(data, data[10], SCREEN_BYTES)
    still = _make_still((width, height), palette, flags & INTERLACED, control, data[pixels_at : walk.place])
    duration = struct.unpack_from("<H", control, 1)[0] * 10
    return Patch(_decode(still), (x, y), duration, disposal=DISPOSALS.get(control[0] >> 2 & 7, Disposal.KEEP))


def _read_palette(data: bytes, flags: int, place: int) -> bytes:
    return data[place : place + (3 << (flags & PALETTE_BITS) + 1)] if flags & HAS_PALETTE else b""


def _read_blocks(data: bytes, place: int) -> tuple[list[bytes], int]:
    """Blocks with their length before them, up to an empty one, and the place behind it."""
    blocks = []
    while place < len(data) and (length := data[place]):
        blocks.append(data[place + 1 : place + 1 + length])
        place += length + 1
    return blocks, place + 1


def _make_still(size: Size, palette: bytes, interlaced: int, control: bytes, pixels: bytes) -> bytes:
    """A file with this frame alone, with the palette as that of the whole file."""
    bits = len(palette).bit_length() - 3 if palette else 0
    screen = struct.pack("<HHBBB", *size, (HAS_PALETTE | bits) if palette else 0, 0, 0)
    speech = bytes([0x21, CONTROL, 4, control[0] & 1, 0, 0, control[3], 0])
    descriptor = IMAGE + struct.pack("<HHHHB", 0, 0, *size, interlaced)
    return b"".join((b"GIF89a", screen, palette, speech, descriptor, pixels, b";"))


def _decode(still: bytes) -> Image.Image:
    with Image.open(io.BytesIO(still), formats=["GIF"]) as image:
        return image.convert("RGBA")
