"""Pictures for tests, built in code."""

import io
import struct
import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skimage
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from processing.geometry import Size

ORIENTATION = 0x0112

STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is stored for each EXIF orientation; a viewer undoes it."""


def ramps(size: Size) -> Image.Image:
    """An RGB picture in which every place looks different: red rises to the right, green down, blue across."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    red = x * 255 // max(1, width - 1)
    green = y * 255 // max(1, height - 1)
    return Image.fromarray(np.stack([red, green, (red + green) // 2], axis=-1).astype(np.uint8))


def noise(size: Size, *, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """Random pixels, the same for the same seed."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], len(mode)), dtype=np.uint8)
    return Image.fromarray(values)


def see_through(size: Size) -> Image.Image:
    """As `ramps`, with alpha rising from nothing at the left to full at the right."""
    made = ramps(size)
    made.putalpha(made.getchannel("R"))
    return made


def sharp_half(size: Size) -> Image.Image:
    """White on the left, black on the right."""
    made = Image.new("RGB", size, "white")
    made.paste((0, 0, 0), (size[0] // 2, 0, *size))
    return made


def rows_of(lines: Iterable[str]) -> Image.Image:
    """A picture from rows of RRGGBB words."""
    pixels = [[tuple(bytes.fromhex(word)) for word in line.split()] for line in lines]
    return Image.fromarray(np.array(pixels, np.uint8))


def encode(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """The picture as a file of this format, by Pillow's name."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def decode(data: bytes) -> Image.Image:
    """What a viewer shows, still in the file's mode."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def turned(image: Image.Image, orientation: int, form: str = "JPEG") -> bytes:
    """A file that shows the image upright only when its EXIF orientation is obeyed."""
    how = STORED[orientation]
    stored = image if how is None else image.transpose(how)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    return encode(stored, form, exif=exif, **options)


def animated(size: Size, frames: int = 3) -> bytes:
    """An animated GIF."""
    first, *others = [ImageOps.colorize(Image.new("L", size, 60 * number), "navy", "gold") for number in range(frames)]
    return encode(first, "GIF", save_all=True, append_images=others, duration=50, loop=0)


def sixteen_bits(size: Size) -> Image.Image:
    """A 16-bit grey ramp from black to white."""
    values = np.linspace(0, 65535, size[0] * size[1]).reshape(size[1], size[0])
    return Image.fromarray(values.astype(np.uint16))


def tiff(values: NDArray[Any], **options: Any) -> bytes:
    """A TIFF of numbers of any type, as tifffile writes it: Pillow cannot write most of those that there are."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, metadata=None, software=False, **options)
    return buffer.getvalue()


def deep_colors(size: Size) -> NDArray[np.uint16]:
    """As `ramps`, with 16 bits a channel, of which the lower half is not the upper one again."""
    return deepen(ramps(size))


def deepen(image: Image.Image) -> NDArray[np.uint16]:
    return np.asarray(image).astype(np.uint16) * 257 // 3 * 3


def film(size: Size, frames: int = 3, *, photo: str | None = None) -> bytes:
    """A WebP whose every frame is another picture, each shown longer than the one before, three times over."""
    bands = (photograph(photo, size) if photo else ramps(size)).split()
    pictures = [Image.merge("RGB", bands[n % 3 :] + bands[: n % 3]) for n in range(frames)]
    durations = [40 * (number + 1) for number in range(frames)]
    options = {"save_all": True, "append_images": pictures[1:], "duration": durations, "loop": 3, "lossless": True}
    return encode(pictures[0], "WEBP", **options)


def photograph(name: str, size: Size) -> Image.Image:
    """One of scikit-image's photographs, which come with the package, scaled to this size. A copy to paint on."""
    return _open_photograph(name, size).copy()


@cache
def _open_photograph(name: str, size: Size) -> Image.Image:
    with Image.open(Path(skimage.__file__).parent / "data" / f"{name}.png") as image:
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def fading(image: Image.Image) -> Image.Image:
    """The image with alpha that rises from nothing at the left to full after a tenth of the width."""
    alpha = np.minimum(255, np.arange(image.width) * 2550 // image.width).astype(np.uint8)
    made = image.copy()
    made.putalpha(Image.fromarray(np.tile(alpha, (image.height, 1))))
    return made


@cache
def every_source(size: Size, photo: str | None = None) -> dict[str, bytes]:
    """A file of this size for every kind of source, of a photograph where one is named."""
    color = photograph(photo, size) if photo else ramps(size)
    clear = fading(color) if photo else see_through(size)
    files = {
        "RGB": encode(color),
        "RGBA": encode(clear),
        "1": encode(color.convert("1")),
        "L": encode(color.convert("L")),
        "LA": encode(clear.convert("LA")),
        "La": tiff(np.asarray(clear.convert("LA").convert("La")), photometric=1, extrasamples=[1]),
        "PA": encode(color.quantize(16).convert("PA"), "TIFF"),
        "P": encode(color.quantize(16)),
        "P-transparent": encode(color.quantize(16), transparency=0),
        "CMYK": encode(color.convert("CMYK"), "JPEG", quality=95),
        "I;16": encode(Image.fromarray(deepen(color.convert("L"))) if photo else sixteen_bits(size)),
        "RGB;16": tiff(deepen(color), photometric="rgb"),
        "animated": encode(color, "GIF", save_all=True, append_images=[color.rotate(90)]) if photo else animated(size),
    }
    files.update({f"turned-{number}": turned(color, number) for number in STORED})
    return files


@cache
def empty_sources(size: Size) -> dict[str, bytes]:
    """Files of this size that show nothing at all."""
    grey = Image.new("RGB", size, (128, 128, 128))
    return {
        "RGB": encode(grey),
        "L": encode(grey.convert("L")),
        "RGBA": encode(Image.new("RGBA", size)),
        "animated": encode(grey, "GIF", save_all=True, append_images=[Image.new("RGB", size, (90, 90, 90))]),
    }


@cache
def swapped_profile() -> bytes:
    """An RGB profile, of a made-up device, in which red and green have changed places. Made once: it bears a time."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    name, other = ("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data).replace(name, other)


def claiming(size: Size) -> bytes:
    """A PNG whose header claims this size, with hardly any pixels behind it."""
    data = bytearray(encode(Image.new("RGB", (1, 1))))
    data[16:24] = struct.pack(">II", *size)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)
