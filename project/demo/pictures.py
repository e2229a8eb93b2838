"""The pictures that the batch starts from, laid into the customer's storage."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from project.demo.batch import PHOTOS
from project.demo.steps import WATERMARK_KEY

OVERSAMPLING = 4
WATERMARK_SIZE = (340, 80)
PLATE = (16, 20, 28, 150)
LETTERING = (255, 255, 255, 235)
BLADES = 4


def fill_bucket(bucket: Path) -> None:
    """Copy the photographs and draw the watermark; results of an earlier run are taken away.

    Only what this demo itself writes is touched. Raises OSError.
    """
    for photo in PHOTOS:
        put(bucket, photo.key, files("skimage").joinpath("data", photo.file).read_bytes())
        for variant in photo.variants:
            path_of(bucket, photo.destination(variant)).unlink(missing_ok=True)
    put(bucket, WATERMARK_KEY, draw_watermark())


def put(bucket: Path, key: str, data: bytes) -> None:
    path = path_of(bucket, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def path_of(bucket: Path, key: str) -> Path:
    """The file of a key in a storage that is a folder."""
    return bucket / key.lstrip("/")


def draw_watermark() -> bytes:
    """A wordmark with a mill's sails on a dark, see-through plate, as a PNG with alpha."""
    width, height = (side * OVERSAMPLING for side in WATERMARK_SIZE)
    image = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), radius=height // 2, fill=PLATE)
    draw_sails(pen, center=(height * 5 // 8, height // 2), radius=height * 5 // 16)
    font = ImageFont.load_default(height * 0.56)
    pen.text((height * 9 // 8, height // 2), "Photomill", font=font, fill=LETTERING, anchor="lm")
    buffer = io.BytesIO()
    image.resize(WATERMARK_SIZE, Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()


def draw_sails(pen: ImageDraw.ImageDraw, *, center: tuple[int, int], radius: int) -> None:
    x, y = center
    box = (x - radius, y - radius, x + radius, y + radius)
    for number in range(BLADES):
        start = number * 360 / BLADES + 10
        pen.pieslice(box, start, start + 180 / BLADES + 10, fill=LETTERING)
