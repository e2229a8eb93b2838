"""libvips scales as Pillow does, only sooner."""

import random

import numpy as np
import pytest
from PIL import Image

from processing import vips
from processing.picture import scale
from tests.images import ramps, see_through
from tests.processing.chains import photo
from tests.processing.running import array

LANCZOS = Image.Resampling.LANCZOS


def whole(image: Image.Image) -> tuple[float, float, float, float]:
    return 0, 0, *image.size


@pytest.mark.parametrize("size", [(511, 511), (300, 200), (171, 170), (100, 400), (40, 30), (1, 1), (512, 7)])
def test_the_result_is_nearly_pillows(size: tuple[int, int]):
    made = vips.scale_down(photo(), size, whole(photo()))
    assert made is not None
    assert made.size == size
    difference = np.abs(array(made) - array(photo().resize(size, LANCZOS)))
    assert difference.mean() < 1.5
    assert difference.max() <= 16


@pytest.mark.parametrize("box", [(0, 0, 300, 600), (150, 75, 450, 375), (1.5, 3, 301.5, 303)])
def test_a_box_is_scaled_as_if_the_whole_had_been_and_then_cut(box: tuple[float, float, float, float]):
    size = (round((box[2] - box[0]) / 1.5), round((box[3] - box[1]) / 1.5))
    picture = photo().resize((600, 600))
    made = vips.scale_down(picture, size, box)
    assert made is not None
    assert np.abs(array(made) - array(picture.resize(size, LANCZOS, box))).mean() < 1


def test_flat_colours_stay_what_they_are_at_every_scale():
    dice = random.Random(7)
    for _ in range(60):
        start = (dice.randint(256, 1200), dice.randint(256, 1200))
        size = (dice.randint(1, start[0]), dice.randint(1, start[1]))
        level = dice.choice([255, 255, 254, 128, 1, 0])
        made = scale(Image.new("RGB", start, (level,) * 3), size)
        assert made.getextrema() == ((level, level),) * 3, (start, size, level)


def test_what_is_opaque_stays_so_and_hidden_colours_do_not_bleed():
    image = Image.new("RGBA", (600, 400), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (300, 0, 600, 400))
    made = array(scale(image, (250, 150)))
    assert made[:, 130:, 3].min() == 255
    assert made[made[..., 3] > 0][:, 0].max() == 0


@pytest.mark.parametrize("make", [ramps, see_through])
def test_modes_are_kept(make: object):
    image = make((600, 400))  # type: ignore[operator]
    assert scale(image, (150, 100)).mode == image.mode


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((600, 600), (0, 0, 512, 512)),
        ((600, 100), (0, 0, 512, 512)),
        ((512, 512), (0, 0, 512, 512)),
        ((100, 100), (0.3, 0, 400.3, 400)),
    ],
)
def test_enlarging_and_boxes_between_pixels_are_left_to_pillow(size: tuple[int, int], box: tuple[float, ...]):
    assert vips.scale_down(photo(), size, box) is None  # type: ignore[arg-type]


def test_small_images_are_left_to_pillow():
    assert vips.scale_down(ramps((255, 256)), (50, 50), (0, 0, 255, 256)) is None


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [((100, 10), (100, 50)), ((10, 99), (198, 99)), ((1000, 500), None), ((1001, 1), None), (None, None)],
)
def test_a_reduced_size_covers_what_is_wanted(wanted: tuple[int, int] | None, chosen: tuple[int, int] | None):
    assert vips.choose_size((1000, 500), wanted) == chosen
