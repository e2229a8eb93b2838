"""What the steps that make a photograph look better do together."""

from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from tests.images import encode
from tests.processing.chains import result, step

CHAIN = tuple(map(step, ("enhance", "auto_levels", "unsharp_mask", "saturation")))
PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg", "hubble_deep_field.jpg")
LUMA = np.array([0.299, 0.587, 0.114])


def open_photo(name: str) -> Image.Image:
    return Image.open(Path(skimage.__file__).with_name("data") / name).convert("RGB")


def luma_width(image: Image.Image) -> float:
    """How far the darkest and the brightest luma lie apart, without half a per cent at each end."""
    low, high = np.percentile(np.asarray(image) @ LUMA, [0.5, 99.5])
    return high - low


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_keeps_its_size_and_gets_no_flatter(name: str):
    photo = open_photo(name)
    made = result(encode(photo), *CHAIN)
    assert made.size == photo.size
    assert made.tobytes() != photo.tobytes()
    assert luma_width(made) >= luma_width(photo)


def test_the_same_photo_gives_the_same_bytes():
    data = encode(open_photo("chelsea.png"))
    assert result(data, *CHAIN).tobytes() == result(data, *CHAIN).tobytes()


@pytest.mark.parametrize("grey", [0, 1, 118, 255])
def test_a_flat_grey_picture_stays_as_it_is(grey: int):
    image = Image.new("RGB", (40, 30), (grey,) * 3)
    assert result(encode(image), *CHAIN).tobytes() == image.tobytes()


@pytest.mark.parametrize("color", [(200, 60, 90), (200, 60, 90, 255), (200, 60, 90, 70)])
def test_a_picture_of_one_color_stays_flat(color: tuple[int, ...]):
    made = result(encode(Image.new("RGBA" if len(color) == 4 else "RGB", (40, 30), color)), *CHAIN)
    assert len(made.getcolors() or []) == 1
    assert made.getpixel((0, 0))[3:] == color[3:]
