"""A writer of PNG files of every kind, and what a viewer must show of them; see https://www.w3.org/TR/png-3/."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOR, PALETTE, GREY_ALPHA, COLOR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOR_ALPHA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), COLOR: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), COLOR_ALPHA: (8, 16)}
FILTERS = range(5)

# Left, top, and the steps between pixels of each of the seven passes of Adam7.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))

Samples = NDArray[np.int64]


@dataclass(frozen=True)
class Drawing:
    """Samples of a picture and the words for how they are meant. samples: height × width × channels.

    key: the sample that is transparent, of grey or colour; palette: red, green and blue of each entry, alphas: those
    of the first entries.
    """

    kind: int
    depth: int
    samples: Samples
    key: tuple[int, ...] | None = None
    palette: tuple[tuple[int, int, int], ...] = ()
    alphas: tuple[int, ...] = ()
    chunks: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        return self.samples.shape[1], self.samples.shape[0]


def draw(kind: int, depth: int, size: tuple[int, int], *, seed: int = 1, colors: int | None = None) -> Drawing:
    """A drawing of random samples with every value that there may be; a palette of as many colours as can be."""
    colors = colors or 1 << depth
    shape = (size[1], size[0], CHANNELS[kind])
    random = np.random.default_rng(seed)
    samples = random.integers(0, colors if kind == PALETTE else 1 << depth, shape)
    palette = tuple((number * 7 % 256, number * 31 % 256, 255 - number) for number in range(colors))
    return Drawing(kind, depth, samples, palette=palette if kind == PALETTE else ())


def show(drawing: Drawing) -> NDArray[np.float64]:
    """Red, green, blue and alpha of every pixel from 0 to 255, not rounded."""
    samples = drawing.samples
    if drawing.kind == PALETTE:
        alphas = (*drawing.alphas, *[255] * (len(drawing.palette) - len(drawing.alphas)))
        table = np.column_stack([np.array(drawing.palette), alphas])
        return table[samples[..., 0]].astype(np.float64)
    scaled = samples * 255 / ((1 << drawing.depth) - 1)
    channels = CHANNELS[drawing.kind]
    color = scaled[..., : 3 if channels > 2 else 1].repeat(1 if channels > 2 else 3, axis=-1)
    alpha = scaled[..., -1:] if channels in (2, 4) else np.full_like(scaled[..., :1], 255)
    if drawing.key is not None:
        alpha = np.where((samples == drawing.key).all(axis=-1, keepdims=True), 0, alpha)
    return np.concatenate([color, alpha], axis=-1)


def write(drawing: Drawing, *, interlaced: bool = False, pieces: int = 1, level: int = 6) -> bytes:
    """The drawing as a file, each of its rows with another filter. pieces: how many chunks hold the pixels."""
    width, height = drawing.size
    header = struct.pack(">IIBBBBB", width, height, drawing.depth, drawing.kind, 0, 0, interlaced)
    pixels = zlib.compress(_pack_passes(drawing, interlaced=interlaced), level)
    step = -(-len(pixels) // pieces)
    early = {kind: body for kind, body in drawing.chunks.items() if kind not in (b"tIME", b"tEXt")}
    late = {kind: body for kind, body in drawing.chunks.items() if kind not in early}
    return b"".join(
        [
            SIGNATURE + chunk(b"IHDR", header),
            *(chunk(kind, body) for kind, body in early.items() if kind in (b"gAMA", b"sBIT", b"cHRM")),
            chunk(b"PLTE", bytes(np.array(drawing.palette, np.uint8))) if drawing.palette else b"",
            _write_transparency(drawing),
            *(chunk(kind, body) for kind, body in early.items() if kind not in (b"gAMA", b"sBIT", b"cHRM")),
            *(chunk(b"IDAT", pixels[place : place + step]) for place in range(0, len(pixels), step)),
            *(chunk(kind, body) for kind, body in late.items()),
            chunk(b"IEND"),
        ]
    )


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def seal(data: bytes) -> bytes:
    """The file with the checksum of every chunk set right, as far as its chunks can be followed."""
    made, place = bytearray(data), len(SIGNATURE)
    while place + 12 <= len(made):
        ends_at = place + 8 + int.from_bytes(made[place : place + 4], "big")
        if ends_at + 4 > len(made):
            break
        struct.pack_into(">I", made, ends_at, zlib.crc32(made[place + 4 : ends_at]))
        place = ends_at + 4
    return bytes(made)


def _write_transparency(drawing: Drawing) -> bytes:
    if drawing.key is not None:
        return chunk(b"tRNS", struct.pack(f">{len(drawing.key)}H", *drawing.key))
    return chunk(b"tRNS", bytes(drawing.alphas)) if drawing.alphas else b""


def _pack_passes(drawing: Drawing, *, interlaced: bool) -> bytes:
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    parts = (drawing.samples[top::down, left::right] for left, top, right, down in passes)
    return b"".join(_filter_rows(part, drawing.depth) for part in parts if part.size)


def _filter_rows(samples: Samples, depth: int) -> bytes:
    """The rows as bytes, filtered by each of the five ways in turn."""
    step = max(1, samples.shape[2] * depth // 8)
    above, packed = None, b""
    for number, row in enumerate(samples):
        raw = _pack_row(row, depth)
        before = np.zeros_like(raw) if above is None else above
        packed += bytes([number % len(FILTERS)]) + _filter_row(raw, before, step, number % len(FILTERS)).tobytes()
        above = raw
    return packed


def _pack_row(row: Samples, depth: int) -> NDArray[np.int64]:
    values = row.reshape(-1)
    if depth == 16:
        return np.frombuffer(values.astype(">u2").tobytes(), np.uint8).astype(np.int64)
    if depth == 8:
        return values
    bits = (values[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(-1).astype(np.uint8)).astype(np.int64)


def _filter_row(raw: NDArray[np.int64], above: NDArray[np.int64], step: int, how: int) -> NDArray[np.uint8]:
    left = np.concatenate([np.zeros(step, np.int64), raw])[: len(raw)]
    corner = np.concatenate([np.zeros(step, np.int64), above])[: len(raw)]
    guesses = (np.zeros_like(raw), left, above, (left + above) // 2, _guess_paeth(left, above, corner))
    return ((raw - guesses[how]) % 256).astype(np.uint8)


def _guess_paeth(left: Samples, above: Samples, corner: Samples) -> Samples:
    guess = left + above - corner
    near = [abs(guess - value) for value in (left, above, corner)]
    is_left = (near[0] <= near[1]) & (near[0] <= near[2])
    return np.where(is_left, left, np.where(near[1] <= near[2], above, corner))
