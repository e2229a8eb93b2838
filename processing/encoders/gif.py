"""GIF, still and animated: see https://www.w3.org/Graphics/GIF/spec-gif89a.txt.

With at most 256 colours in all frames together the pixels are exact. Otherwise each frame has a palette of its own, by
median cut, and is dithered by Floyd and Steinberg's method. What a frame shows as the one before it did is left as it
is there, so that dithering does not flicker.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from PIL.GifImagePlugin import getdata

from processing.encoders.changes import STILL_MS, Change, find_changes
from processing.encoders.sheet import Sheet

MAX_COLORS = 256
MAX_DELAY = MAX_REPEATS = 65_535
FINE_FROM = 3
"""The effort from which on colours are chosen by median cut and dithered: below that by an octree, in a hundredth of
the time."""

HAS_PALETTE = 0x80
STAY, CLEAR = 1, 2
"""What becomes of a frame: see 23.c.iv."""

Palette = NDArray[np.uint8]
"""Red, green and blue of each colour, in the order of their sum as one number."""


@dataclass(frozen=True)
class _Drawn:
    """A patch as numbers of colours. transparent: the number that stands for none."""

    image: Image.Image
    transparent: int | None


def write(sheet: Sheet) -> bytes:
    """A GIF of all frames."""
    changes = list(_list_changes(sheet))
    shared = _find_shared(changes)
    is_fine = sheet.choose_effort(FINE_FROM, 9) >= FINE_FROM
    disposal = CLEAR if sheet.has_alpha else STAY
    delays = _round_delays([change.duration_ms for change in changes])
    parts = [_make_head(sheet, shared)]
    for change, delay in zip(changes, delays, strict=True):
        drawn = _draw(change.image, shared, is_fine=is_fine)
        options = {} if drawn.transparent is None else {"transparency": drawn.transparent}
        if sheet.is_animated:
            options |= {"duration": delay * 10, "disposal": disposal}
        parts += getdata(drawn.image, change.corner, include_color_table=shared is None, **options)
    return b"".join((*parts, b";"))


def _list_changes(sheet: Sheet) -> Iterator[Change]:
    """What is drawn for each frame, in RGBA where some of it is not."""
    durations = sheet.durations_ms or (0,)
    if sheet.has_alpha:
        for frame, duration in zip(sheet.frames, durations, strict=True):
            box = frame.getchannel("A").getbbox() or (0, 0, 1, 1)
            yield Change(frame.crop(box), box[:2], duration)
        return
    changes = find_changes(sheet.frames, durations)
    yield changes[0]
    for before, change in zip(sheet.frames, changes[1:], strict=False):
        yield Change(_clear_equal(before, change), change.corner, change.duration_ms)


def _clear_equal(before: Image.Image, change: Change) -> Image.Image:
    """The new part of a frame, transparent where it is as before."""
    left, top = change.corner
    same = before.crop((left, top, left + change.image.width, top + change.image.height))
    bands = ImageChops.difference(same, change.image).split()
    made = change.image.copy()
    made.putalpha(ImageChops.lighter(ImageChops.lighter(*bands[:2]), bands[2]).point([0] + [255] * 255))
    return made


def _find_shared(changes: list[Change]) -> Palette | None:
    """All colours that can be seen, if they are few enough for one palette, which leaves room for transparency."""
    most = MAX_COLORS - any(change.image.mode == "RGBA" for change in changes)
    colors: set[tuple[int, ...]] = set()
    for change in changes:
        found = _fill_hidden(change.image).getcolors(most)
        if found is None:
            return None
        colors |= {color for _, color in found}  # type: ignore[misc]  # of RGB they are tuples
        if len(colors) > most:
            return None
    return np.array(sorted(colors), np.uint8)


def _fill_hidden(image: Image.Image) -> Image.Image:
    """The image without alpha: what cannot be seen takes on a colour that can be."""
    if image.mode == "RGB":
        return image
    alpha = image.getchannel("A")
    visible = np.asarray(image)[np.asarray(alpha) > 0]
    color = tuple(int(value) for value in visible[0][:3]) if len(visible) else (0, 0, 0)
    made = Image.new("RGB", image.size, color)
    made.paste(image.convert("RGB"), mask=alpha)
    return made


def _draw(image: Image.Image, shared: Palette | None, *, is_fine: bool) -> _Drawn:
    colors = _fill_hidden(image)
    hidden = np.asarray(image.getchannel("A")) == 0 if image.mode == "RGBA" else None
    if shared is None:
        numbers, palette = _choose_colors(colors, MAX_COLORS - (hidden is not None), is_fine=is_fine)
    else:
        numbers, palette = _look_up(np.asarray(colors), shared), shared
    transparent = None if hidden is None else len(palette)
    if hidden is not None:
        numbers = np.where(hidden, np.uint8(len(palette)), numbers)
    made = Image.frombytes("P", image.size, numbers.tobytes())
    made.putpalette(_write_palette(palette))
    return _Drawn(made, transparent)


def _choose_colors(image: Image.Image, most: int, *, is_fine: bool) -> tuple[NDArray[np.uint8], Palette]:
    """The numbers of the pixels in the palette that suits this image, and the palette."""
    found = image.getcolors(most)
    if found is not None:
        palette = np.array(sorted(color for _, color in found), np.uint8)
        return _look_up(np.asarray(image), palette), palette
    method = Image.Quantize.MEDIANCUT if is_fine else Image.Quantize.FASTOCTREE
    made = image.quantize(most, method)
    if is_fine:
        made = image.quantize(palette=made, dither=Image.Dither.FLOYDSTEINBERG)
    palette = np.array(made.getpalette()[: 3 * most], np.uint8).reshape(-1, 3)  # type: ignore[index]
    return np.asarray(made), palette


def _look_up(pixels: NDArray[np.uint8], palette: Palette) -> NDArray[np.uint8]:
    """The numbers of pixels whose every colour is in the sorted palette."""
    return np.searchsorted(_pack(palette), _pack(pixels)).astype(np.uint8)


def _pack(colors: NDArray[np.uint8]) -> NDArray[np.int32]:
    wide = colors.astype(np.int32)
    packed: NDArray[np.int32] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return packed


def _write_palette(palette: Palette) -> bytes:
    """A palette, filled up to a power of two and at least two colours, one of them for what is transparent."""
    count = max(2, 1 << len(palette).bit_length()) if len(palette) < MAX_COLORS else MAX_COLORS
    return palette.tobytes().ljust(3 * count, b"\0")


def _make_head(sheet: Sheet, shared: Palette | None) -> bytes:
    table = b"" if shared is None else _write_palette(shared)
    flags = HAS_PALETTE | (len(table) // 3).bit_length() - 2 if table else 0
    head = b"GIF89a" + struct.pack("<HHBBB", *sheet.image.size, flags, 0, 0) + table
    if not sheet.is_animated or sheet.plays == 1:
        return head
    repeats = min(sheet.plays - 1, MAX_REPEATS) if sheet.plays else 0
    return head + b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", repeats, 0)


def _round_delays(durations_ms: list[int]) -> list[int]:
    """Hundredths of a second, so that what rounding takes from one frame it gives to the next.

    A delay of one hundredth would be shown as ten: only what was as short already becomes so.
    """
    made, rest = [], 0
    for duration in durations_ms:
        whole, least = round((duration + rest) / 10), 2 if duration > STILL_MS else 0
        made.append(min(max(whole, least), MAX_DELAY))
        rest += duration - whole * 10
    return made
