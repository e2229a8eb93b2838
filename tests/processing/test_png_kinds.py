"""PNGs of every kind that the standard has, written by the tests' own writer, against pixels worked out by hand."""

import io
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from processing.errors import ImageError
from tests import pngs
from tests.pngs import Drawing, draw, show, write
from tests.processing.chains import process, variant

KINDS = [(kind, depth) for kind, depths in pngs.DEPTHS.items() for depth in depths]
TINY = sorted({size for side in range(1, 10) for size in ((side, side), (side, 1), (1, side))})
SIZES = {"small": (33, 29), "large": (300, 280)}
NOTES = {
    b"gAMA": (45_455).to_bytes(4, "big"),
    b"cHRM": bytes.fromhex("00007a25000080840000fa00000080e80000753000000ea60000 3a9800001770".replace(" ", "")),
    b"pHYs": bytes.fromhex("00000b13 00000b13 01"),
    b"tEXt": b"Comment\0not to be seen",
    b"tIME": bytes.fromhex("07d0 01 01 00 00 00"),
    b"prVt": b"nobody knows",
}


def check_shown(data: bytes, drawing: Drawing) -> None:
    """The picture comes out as it was drawn, rounded to eight bits; what is wholly transparent has no colour."""
    outcome = process(data, variant()).outcomes[0]
    assert outcome.encoded is not None
    made: NDArray[np.float64] = np.asarray(Image.open(io.BytesIO(outcome.encoded.data)).convert("RGBA"), np.float64)
    expected = show(drawing)
    assert made.shape == expected.shape
    assert np.abs(made - expected)[..., 3].max() <= 0.5
    assert np.where(expected[..., 3:] > 0, np.abs(made - expected), 0).max() <= 0.5


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_every_kind_is_shown_as_it_was_drawn(kind: int, depth: int, interlaced: bool, size: tuple[int, int]):
    drawing = draw(kind, depth, size)
    check_shown(write(drawing, interlaced=interlaced), drawing)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("kind", "depth"), [pair for pair in KINDS if pair[0] in (pngs.GREY, pngs.COLOR)])
def test_exactly_the_pixels_of_the_transparent_colour_are_transparent(kind: int, depth: int, interlaced: bool):
    drawing = draw(kind, depth, (40, 30))
    drawing = replace(drawing, key=tuple(int(value) for value in drawing.samples[3, 5]))
    assert (show(drawing)[..., 3] == 0).any()
    check_shown(write(drawing, interlaced=interlaced), drawing)


@pytest.mark.parametrize("depth", pngs.DEPTHS[pngs.PALETTE])
def test_a_palette_may_be_short_and_only_its_first_colours_transparent(depth: int):
    colors = max(2, (1 << depth) - 3)
    drawing = replace(draw(pngs.PALETTE, depth, (40, 30), colors=colors), alphas=(0, 100, 200)[: colors - 1])
    check_shown(write(drawing), drawing)


@pytest.mark.parametrize("size", TINY)
@pytest.mark.parametrize("interlaced", [False, True])
def test_the_smallest_sizes_lose_no_pixel_to_interlacing(size: tuple[int, int], interlaced: bool):
    for kind, depth in ((pngs.PALETTE, 2), (pngs.COLOR, 8), (pngs.GREY, 1)):
        drawing = draw(kind, depth, size)
        check_shown(write(drawing, interlaced=interlaced), drawing)


@pytest.mark.parametrize("pieces", [1, 2, 7, 100_000])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_pixels_may_be_cut_and_packed_in_any_way(pieces: int, level: int):
    drawing = draw(pngs.COLOR_ALPHA, 8, (30, 20))
    check_shown(write(drawing, pieces=pieces, level=level), drawing)


@pytest.mark.parametrize("notes", [{name: body} for name, body in NOTES.items()] + [NOTES])
@pytest.mark.parametrize(("kind", "depth"), [(pngs.COLOR, 8), (pngs.GREY, 16), (pngs.PALETTE, 8)])
def test_notes_beside_the_pixels_change_none_of_them(kind: int, depth: int, notes: dict[bytes, bytes]):
    drawing = replace(draw(kind, depth, (40, 30)), chunks=notes)
    check_shown(write(drawing), drawing)


def refuse(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        process(data, variant())
    assert caught.value.code in ("broken_image", "unsupported_format")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((0, 9), (1, 0x70), (4, 0x0A), (7, 0x0D)),
        *((19, 0), (23, 0)),
        *((24, 0), (24, 3), (24, 32), (25, 1), (25, 7), (25, 9)),
        *((27, 5), (28, 9)),
    ],
    ids=lambda number: f"{number}",
)
def test_a_signature_or_a_header_that_no_kind_has_is_refused(place: int, value: int):
    data = bytearray(write(draw(pngs.COLOR, 8, (33, 29))))
    data[place] = value
    refuse(pngs.seal(bytes(data)))


def test_what_is_missing_or_damaged_is_refused():
    data = write(draw(pngs.COLOR, 8, (33, 29)))
    place = data.index(b"IDAT")
    # Without pixels, with half of them, with one byte of them changed, and with a header that its checksum belies.
    refuse(data[: place - 4] + data[-12:])
    refuse(data[: place + 1000])
    refuse(pngs.seal(data[: place + 1000] + bytes([data[place + 1000] ^ 1]) + data[place + 1001 :]))
    refuse(data[:19] + b"\x20" + data[20:])


def test_a_png_whose_ends_of_line_were_translated_is_refused():
    data = write(draw(pngs.COLOR, 8, (33, 29)))
    for one, other in ((b"\r\n", b"\n"), (b"\n", b"\r\n"), (b"\r", b""), (b"\n", b"\r")):
        refuse(data.replace(one, other))
