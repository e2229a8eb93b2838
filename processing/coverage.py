"""Which characters a font file has: its `cmap` table, as the OpenType specification lays it out.

Read here because Pillow does not tell, and drawing each character to see whether a box comes out takes too long.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Range = tuple[int, int]
"""First and last code point."""

ENCODINGS = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3), (0, 2), (0, 1), (0, 0))
"""Unicode tables by platform and encoding; those for all planes first."""

SEGMENTS, GROUPS = 4, 12
"""The two formats that such tables have: 16 bits in segments, or 32 bits in groups."""


@dataclass(frozen=True)
class Coverage:
    """Sorted ranges of code points."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def __contains__(self, char: str) -> bool:
        place = bisect_right(self.starts, ord(char)) - 1
        return place >= 0 and ord(char) <= self.ends[place]


@cache
def read_coverage(path: Path, index: int = 0) -> Coverage:
    """The characters of a font, or of one font in a collection; none where the file cannot be read."""
    try:
        data = path.read_bytes()
        ranges = sorted(_read_ranges(data, _find_table(data, index)))
    except (OSError, struct.error, IndexError):
        return Coverage()
    return Coverage(tuple(start for start, _ in ranges), tuple(end for _, end in ranges))


def _find_table(data: bytes, index: int) -> int:
    """Where the font's cmap begins. Raises IndexError where there is none."""
    font = struct.unpack_from(">I", data, 12 + 4 * index)[0] if data[:4] == b"ttcf" else 0
    count = struct.unpack_from(">H", data, font + 4)[0]
    for record in range(font + 12, font + 12 + 16 * count, 16):
        if data[record : record + 4] == b"cmap":
            return int(struct.unpack_from(">I", data, record + 8)[0])
    raise IndexError("the font has no cmap")


def _read_ranges(data: bytes, cmap: int) -> Iterable[Range]:
    """The ranges of the widest Unicode table."""
    count = struct.unpack_from(">H", data, cmap + 2)[0]
    records = [struct.unpack_from(">HHI", data, cmap + 4 + 8 * place) for place in range(count)]
    tables = {(platform, encoding): cmap + offset for platform, encoding, offset in records}
    for key in ENCODINGS:
        layout = struct.unpack_from(">H", data, tables[key])[0] if key in tables else None
        if layout == GROUPS:
            return _read_groups(data, tables[key])
        if layout == SEGMENTS:
            return _read_segments(data, tables[key])
    return ()


def _read_groups(data: bytes, table: int) -> Iterator[Range]:
    count = struct.unpack_from(">I", data, table + 12)[0]
    for place in range(count):
        start, end, glyph = struct.unpack_from(">III", data, table + 16 + 12 * place)
        # Glyph 0 is what is drawn for a character that the font lacks.
        first = start if glyph else start + 1
        if first <= end:
            yield first, end


def _read_segments(data: bytes, table: int) -> Iterator[Range]:
    count = struct.unpack_from(">H", data, table + 6)[0] // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", data, table + 14 + 2 * skipped)
        for skipped in (0, count + 1, 2 * count + 1, 3 * count + 1)
    )
    for place, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        if not offset:
            yield from _without(start, end, -delta & 0xFFFF)
            continue
        at = table + 16 + 2 * (3 * count + place) + offset
        glyphs = struct.unpack_from(f">{end - start + 1}H", data, at)
        yield from (
            (start + step, start + step) for step, glyph in enumerate(glyphs) if (glyph + delta) & 0xFFFF and glyph
        )


def _without(start: int, end: int, hole: int) -> Iterator[Range]:
    """The range but for the one code point that has glyph 0."""
    if not start <= hole <= end:
        yield start, end
        return
    if start < hole:
        yield start, hole - 1
    if hole < end:
        yield hole + 1, end
