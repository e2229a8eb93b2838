"""TIFF and BigTIFF: see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, section 2."""

import struct
from dataclasses import dataclass

from processing.errors import BrokenImage
from processing.headers.header import MAX_BLOCKS, Header, Size, cover

WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT = 256, 257, 322, 323
NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""The types that a size may have, as struct calls them."""

MAX_TAGS = 4096
"""In the first directory. There are about 700 registered tags."""


@dataclass(frozen=True)
class Layout:
    """How a file writes its directories. count, offset: as struct calls them; entry_bytes: of one tag."""

    order: str
    count: str
    offset: str
    entry_bytes: int

    def read(self, kind: str, data: bytes, place: int) -> int:
        # An offset of 64 bits may be more than Python counts bytes with.
        (value,) = struct.unpack_from(self.order + kind, data, min(place, len(data)))
        return int(value)


def read(data: bytes) -> Header:
    """Pages, and the size of the first one, or of its tiles where they are larger."""
    layout, place = _read_layout(data)
    pages: set[int] = set()
    size = _read_size(data, layout, place)
    while place and place not in pages and len(pages) < MAX_BLOCKS:
        pages.add(place)
        try:
            place = _find_next(data, layout, place)
        except struct.error:
            break
    return Header("tiff", size, frames=len(pages), chunks=len(pages))


def _read_layout(data: bytes) -> tuple[Layout, int]:
    order = "<" if data[:2] == b"II" else ">"
    is_big = b"+" in data[2:4]
    layout = Layout(order, "Q", "Q", 20) if is_big else Layout(order, "H", "I", 12)
    return layout, layout.read(layout.offset, data, 8 if is_big else 4)


def _find_next(data: bytes, layout: Layout, place: int) -> int:
    tags = layout.read(layout.count, data, place)
    return layout.read(layout.offset, data, place + struct.calcsize(f"={layout.count}") + tags * layout.entry_bytes)


def _read_size(data: bytes, layout: Layout, place: int) -> Size:
    tags = layout.read(layout.count, data, place)
    if tags > MAX_TAGS:
        raise BrokenImage(f"the tiff data have a directory of {tags} tags")
    found: dict[int, int] = {}
    place += struct.calcsize(f"={layout.count}")
    for entry in range(place, place + tags * layout.entry_bytes, layout.entry_bytes):
        tag, kind = layout.read("H", data, entry), NUMBERS.get(layout.read("H", data, entry + 2))
        if kind and tag in (WIDTH, HEIGHT, TILE_WIDTH, TILE_HEIGHT):
            # The value stands behind the count; of a tag that comes twice either may be the one that is used.
            value = layout.read(kind, data, entry + 4 + struct.calcsize(f"={layout.offset}"))
            found[tag] = max(found.get(tag, 0), value)
    image, tile = (found.get(WIDTH, 0), found.get(HEIGHT, 0)), (found.get(TILE_WIDTH, 0), found.get(TILE_HEIGHT, 0))
    return cover(image, tile)
