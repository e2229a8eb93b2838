"""Photos to measure with: made from those that scikit-image ships, or read from a folder."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageOps

SIZE = (2040, 1356)
NAMES = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
)
TURNS = (
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
    Image.Transpose.FLIP_TOP_BOTTOM,
)
GRAIN = 3.0
"""Deviation of the noise that is laid over an enlarged photo, in levels: without it, it would decode too easily."""

SOURCE_QUALITY = {"JPEG": {"quality": 88}, "PNG": {}, "WEBP": {"quality": 85}, "AVIF": {"quality": 75, "speed": 8}}
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")


def make_photos(count: int, *, size: tuple[int, int] = SIZE) -> list[bytes]:
    """So many different JPEGs of this size, always the same: crops and turns, with grain."""
    return [encode(_make_photo(number, size), "JPEG") for number in range(count)]


def read_folder(folder: Path, count: int) -> list[bytes]:
    """The first pictures of a folder as JPEGs; files that are JPEGs already stay as they are."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    return [_read_photo(path) for path in paths[:count]]


def convert(photos: list[bytes], form: str) -> list[bytes]:
    """The photos in another format, by Pillow's name."""
    return [encode(Image.open(io.BytesIO(photo)).convert("RGB"), form) for photo in photos]


def encode(image: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **SOURCE_QUALITY[form])
    return buffer.getvalue()


def enlarge(name: str, longer_side: int) -> bytes:
    """A whole photo of scikit-image as a JPEG, so many pixels on its longer side, with grain."""
    image = Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")
    scale = longer_side / max(image.size)
    size = round(image.width * scale), round(image.height * scale)
    return encode(_add_grain(image.resize(size, Image.Resampling.BICUBIC), seed=0), "JPEG")


def _make_photo(number: int, size: tuple[int, int]) -> Image.Image:
    image = Image.open(Path(skimage.__file__).parent / "data" / NAMES[number % len(NAMES)]).convert("RGB")
    variation = number // len(NAMES)
    turn = TURNS[variation % len(TURNS)]
    turned = image if turn is None else image.transpose(turn)
    left, top, right, bottom = _choose_crop(turned.size, variation)
    fitted = ImageOps.fit(turned.crop((left, top, right, bottom)), size, Image.Resampling.BICUBIC)
    return _add_grain(fitted, seed=number)


def _choose_crop(size: tuple[int, int], variation: int) -> tuple[int, int, int, int]:
    """A part that differs with each variation: smaller each time, and in another corner."""
    share = max(0.5, 1 - 0.07 * variation)
    width, height = round(size[0] * share), round(size[1] * share)
    left = (size[0] - width) * (variation % 2)
    top = (size[1] - height) * (variation // 2 % 2)
    return left, top, left + width, top + height


def _add_grain(image: Image.Image, *, seed: int) -> Image.Image:
    width, height = image.size
    grain = np.random.default_rng(seed).normal(0, GRAIN, (height, width, 1)).round()
    return Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8))


def _read_photo(path: Path) -> bytes:
    data = path.read_bytes()
    is_jpeg = data.startswith(b"\xff\xd8")
    return data if is_jpeg else encode(Image.open(io.BytesIO(data)).convert("RGB"), "JPEG")


def describe(photos: list[bytes]) -> Iterator[str]:
    """A line about the set."""
    sizes = sorted({Image.open(io.BytesIO(photo)).size for photo in photos})
    shown = ", ".join(f"{width}×{height}" for width, height in sizes[:3])
    mean = sum(map(len, photos)) / len(photos) / 1024
    yield f"{len(photos)} JPEGs of {shown}{' …' if len(sizes) > 3 else ''}, {mean:.0f} KiB on average"
