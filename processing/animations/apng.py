"""The frames of an animated PNG: see https://www.w3.org/TR/png-3/#apng-frame-based-animation."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image

from processing import chunks
from processing.animations.animation import Animation, Disposal, Patch, compose
from processing.geometry import Size

CONTROL = struct.Struct(">IIIIIHHBB")
"""Sequence number, width, height, left, top, delay as a fraction, disposal, and whether it is laid over."""

SEQUENCE_BYTES = 4
SHARED = (b"PLTE", b"tRNS")
"""What every frame needs besides its pixels."""

DEFAULT_DENOMINATOR = 100
DISPOSALS = {1: Disposal.CLEAR, 2: Disposal.RESTORE}

Decode = Callable[[bytes, Size], Image.Image]
"""Decodes a still PNG of this size."""


@dataclass
class _Stored:
    """A frame: its control chunk and the pieces of its pixels."""

    control: bytes
    pixels: list[bytes] = field(default_factory=list)


def read(data: bytes, size: Size, count: int | None, decode: Decode) -> Animation:
    """The first frames, all where count is None. size: of the canvas.

    The still picture that viewers of plain PNG show is a frame only where the file says so. Raises ValueError for
    frames that do not fit, and whatever `decode` does.
    """
    header, shared, plays = b"", b"", 0
    stored: list[_Stored] = []
    for kind, body in chunks.walk(data):
        if kind == b"IHDR":
            header = body
        elif kind == b"acTL":
            _, plays = struct.unpack_from(">II", body)
        elif kind in SHARED:
            shared += chunks.make(kind, body)
        elif kind == b"fcTL":
            if len(stored) == count:
                break
            stored.append(_Stored(body))
        elif kind in (b"IDAT", b"fdAT") and stored:
            stored[-1].pixels.append(body if kind == b"IDAT" else body[SEQUENCE_BYTES:])
    if not stored:
        raise ValueError("there is no frame")
    return compose(size, _read_patches(stored, size, header, shared, decode), plays)


def _read_patches(stored: list[_Stored], size: Size, header: bytes, shared: bytes, decode: Decode) -> Iterator[Patch]:
    for frame in stored:
        _, width, height, x, y, delay, per, disposal, blending = CONTROL.unpack_from(frame.control)
        if not (0 < width <= size[0] - x and 0 < height <= size[1] - y):
            raise ValueError("a frame reaches beyond the picture")
        still = _make_still((width, height), header, shared, frame.pixels)
        duration = round(delay * 1000 / (per or DEFAULT_DENOMINATOR))
        yield Patch(
            decode(still, (width, height)),
            (x, y),
            duration,
            replaces=blending == 0,
            disposal=DISPOSALS.get(disposal, Disposal.KEEP),
        )


def _make_still(size: Size, header: bytes, shared: bytes, pixels: list[bytes]) -> bytes:
    head = chunks.make(b"IHDR", struct.pack(">II", *size) + header[8:])
    body = b"".join(chunks.make(b"IDAT", piece) for piece in pixels)
    return b"".join((chunks.SIGNATURE, head, shared, body, chunks.make(b"IEND", b"")))
