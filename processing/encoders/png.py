"""PNG, still and animated."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from processing import chunks, metadata, png
from processing.animations.apng import CONTROL
from processing.encoders.changes import Change, find_changes
from processing.encoders.sheet import Sheet

LEVEL = 4
METRES_PER_INCH = 0.0254
MAX_DELAY = 65_535
PIXELS = (b"IDAT",)


def write(sheet: Sheet) -> bytes:
    """A PNG of all frames."""
    level = sheet.choose_effort(LEVEL, 9)
    extras = list(_list_extras(sheet))
    if not sheet.is_animated:
        return chunks.insert(_write_still(sheet.image, level), *extras)
    first, *others = find_changes(sheet.frames, sheet.durations_ms)
    still = _write_still(first.image, level)
    count = chunks.make(b"acTL", struct.pack(">II", 1 + len(others), sheet.plays))
    head = chunks.insert(still[: chunks.HEADER_END], *extras, count, _make_control(0, first))
    parts = [head, still[chunks.HEADER_END : -len(chunks.END)]]
    number = 1
    for change in others:
        parts.append(_make_control(number, change))
        pieces = [body for kind, body in chunks.walk(_write_still(change.image, level)) if kind == b"IDAT"]
        parts += [chunks.make(b"fdAT", struct.pack(">I", number + 1 + at) + body) for at, body in enumerate(pieces)]
        number += 1 + len(pieces)
    return b"".join((*parts, chunks.END))


def _write_still(image: Image.Image, level: int) -> bytes:
    quick = png.encode(image, level)
    if quick is not None:
        return quick
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def _make_control(number: int, change: Change) -> bytes:
    """See https://www.w3.org/TR/png-3/#fcTL-chunk: nothing is disposed of, and pixels take the place of others."""
    delay, per = change.duration_ms, 1000
    while delay > MAX_DELAY and per > 1:
        delay, per = round(delay / 10), per // 10
    body = CONTROL.pack(number, *change.image.size, *change.corner, min(delay, MAX_DELAY), per, 0, 0)
    return chunks.make(b"fcTL", body)


def _list_extras(sheet: Sheet) -> Iterator[bytes]:
    """The chunks that stand before the pixels."""
    if sheet.profile:
        yield chunks.make(b"iCCP", b"ICC Profile\0\0" + zlib.compress(sheet.profile))
    if sheet.output.dpi:
        per_metre = round(sheet.output.dpi / METRES_PER_INCH)
        yield chunks.make(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))
    if sheet.credit:
        yield chunks.make(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.write_xmp(sheet.credit))
    exif = metadata.write_exif(sheet.credit)
    if exif:
        yield chunks.make(b"eXIf", exif.removeprefix(b"Exif\0\0"))
