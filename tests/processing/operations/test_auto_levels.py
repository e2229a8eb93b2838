from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from processing import operations
from processing.base import Context
from processing.errors import InvalidParams
from tests.images import noise, ramps, see_through
from tests.processing.running import array, change, picture_of, shown


def greys(*values: int) -> Image.Image:
    """One row of greys."""
    return Image.merge("RGB", [Image.fromarray(np.array([values], np.uint8))] * 3)


def first_row(image: Image.Image) -> list[int]:
    """The red of the first row."""
    return array(image)[0, :, 0].tolist()


def luma_width(image: Image.Image) -> int:
    low, high = image.convert("L").getextrema()
    return high - low


def test_the_darkest_becomes_black_and_the_brightest_white():
    assert first_row(shown("auto_levels", greys(50, 100, 152, 220), cutoff=0)) == [0, 75, 153, 255]


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ((0, 20, 40), [0, 30, 60]),
        ((215, 235, 255), [195, 225, 255]),
        ((100, 125, 150), [88, 125, 163]),
        ((102, 127, 153), [89, 127, 166]),
    ],
)
def test_a_limited_gain_spreads_around_the_level_that_the_full_map_keeps(source: tuple[int, ...], becomes: list[int]):
    assert first_row(shown("auto_levels", greys(*source), cutoff=0, max_gain=1.5)) == becomes


def test_the_gain_may_be_four():
    assert first_row(shown("auto_levels", greys(0, 10, 60), cutoff=0, max_gain=4)) == [0, 40, 240]


def test_red_green_and_blue_go_through_the_same_map():
    image = greys(50, 220, 90)
    image.putpixel((2, 0), (60, 100, 200))
    assert shown("auto_levels", image, cutoff=0).getpixel((2, 0)) == (15, 75, 225)


@pytest.mark.parametrize(("cutoff", "becomes"), [(0.4, [0, 100, 150, 255]), (0.5, [0, 88, 163, 255])])
def test_as_many_pixels_as_the_cutoff_says_do_not_count(cutoff: float, becomes: list[int]):
    """Two hundred pixels: at 0.5 per cent one at each end is cut."""
    image = greys(0, *[100] * 99, *[150] * 99, 255)
    assert sorted(set(first_row(shown("auto_levels", image, cutoff=cutoff)))) == becomes


def test_invisible_pixels_do_not_count():
    image = greys(0, 100, 125, 150, 255).convert("RGBA")
    image.putalpha(Image.fromarray(np.array([[0, 1, 255, 255, 0]], np.uint8)))
    made = shown("auto_levels", image, cutoff=0)
    assert first_row(made)[1:4] == [88, 125, 163]
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("color", [(0, 0, 0, 0), (90, 20, 10, 0), (90, 20, 10, 9)])
def test_a_picture_of_one_color_stays_as_it_is(color: tuple[int, ...]):
    image = Image.new("RGBA", (9, 7), color)
    assert shown("auto_levels", image, cutoff=0, max_gain=4).tobytes() == image.tobytes()


def test_an_invisible_picture_stays_as_it_is():
    image = ramps((9, 7))
    image.putalpha(0)
    assert shown("auto_levels", image).tobytes() == image.tobytes()


def test_a_picture_that_fills_the_range_stays_as_it_is():
    image = greys(0, 3, 200, 255)
    assert shown("auto_levels", image, cutoff=0).tobytes() == image.tobytes()


def test_nothing_changes_at_a_gain_of_one():
    image = ramps((31, 20)).point(lambda value: 60 + value // 3)
    assert shown("auto_levels", image, max_gain=1).tobytes() == image.tobytes()


def test_a_picture_that_clamping_would_make_flatter_stays_as_it_is():
    """Red is at its end already, and a brighter dark green would come close to it."""
    image = Image.new("RGB", (2, 1), (255, 0, 0))
    image.putpixel((0, 0), (0, 60, 0))
    assert shown("auto_levels", image, cutoff=0).tobytes() == image.tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_the_luma_range_never_gets_narrower(seed: int):
    image = noise((4, 2), seed=seed).point(lambda value: 30 + value * (1 + seed % 4) // 5)
    made = shown("auto_levels", image, cutoff=0, max_gain=1 + seed % 7 / 2)
    assert made.size == image.size
    assert luma_width(made) >= luma_width(image)


def test_all_frames_get_the_same_map():
    frames = greys(50, 100), greys(152, 220)
    picture = replace(picture_of(frames[0]), frames=frames)
    made = operations.get("auto_levels").apply(picture, operations.parse("auto_levels", {"cutoff": 0}), Context())
    assert [first_row(frame) for frame in made.frames] == [[0, 75], [153, 255]]


def test_alpha_stays():
    image = see_through((31, 20))
    assert shown("auto_levels", image, cutoff=10).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize(
    "params", [{"cutoff": -1}, {"cutoff": 20.5}, {"max_gain": 0.9}, {"max_gain": 5}, {"cutoff": "1"}]
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("auto_levels", ramps((4, 4)), **params)
