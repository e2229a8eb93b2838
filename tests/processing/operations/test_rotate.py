import math

import numpy as np
import pytest
from PIL import Image

from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.limits import Limits
from tests.images import ramps, see_through
from tests.processing.running import array, change, shown, source_of

PHOTO = ramps((480, 360))


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, 3), (180, 2), (270, 1), (360, 0)])
def test_quarter_turns_are_clockwise_and_change_no_pixel(degrees: int, turns: int):
    made = shown("rotate", PHOTO, degrees=degrees)
    assert made.mode == "RGB"
    assert np.array_equal(array(made), np.rot90(array(PHOTO), turns))


@pytest.mark.parametrize("degrees", [0.01, 33.33, 45, 89.99, 135, 200.5, 359.99])
def test_the_canvas_holds_the_turned_picture(degrees: float):
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    expected = round(480 * cos + 360 * sin), round(480 * sin + 360 * cos)
    assert shown("rotate", PHOTO, degrees=degrees).size == expected


def test_the_documented_angle_gives_the_documented_size():
    assert shown("rotate", PHOTO, degrees=33.33).size == (599, 565)


def test_corners_are_transparent_and_the_middle_is_not():
    made = shown("rotate", PHOTO, degrees=30)
    width, height = made.size
    assert made.mode == "RGBA"
    assert [made.getpixel(place) for place in ((0, 0), (width - 1, height - 1))] == [(0, 0, 0, 0)] * 2
    assert made.getpixel((width // 2, height // 2))[3] == 255


def test_a_background_fills_the_corners_and_adds_no_alpha():
    made = shown("rotate", PHOTO, degrees=30, background="#102030")
    assert made.mode == "RGB"
    assert made.getpixel((0, 0)) == (16, 32, 48)


def test_a_background_fills_only_the_corners_of_a_transparent_picture():
    made = shown("rotate", Image.new("RGBA", (100, 80), (0, 0, 0, 0)), degrees=30, background="#000000")
    assert made.getpixel((0, 0)) == (0, 0, 0, 255)
    assert made.getpixel((made.width // 2, made.height // 2))[3] == 0


def test_a_plain_picture_stays_plain_up_to_its_outline():
    made = array(shown("rotate", Image.new("RGB", (100, 80), (200, 100, 50)), degrees=17.5))
    seen = made[made[..., 3] > 20][:, :3]
    assert np.abs(seen - [200, 100, 50]).max() <= 6
    assert np.abs(made[made[..., 3] == 255][:, :3] - [200, 100, 50]).max() == 0


def test_the_outline_is_smooth():
    made = array(shown("rotate", Image.new("RGB", (100, 80), "white"), degrees=17.5))
    steps = made[..., 3]
    assert ((steps > 0) & (steps < 255)).sum() > 200


def test_turning_is_clockwise():
    image = Image.new("RGB", (101, 101), "black")
    image.paste((255, 0, 0), (45, 0, 56, 10))
    made = array(shown("rotate", image, degrees=45))
    y, x = np.argwhere(made[..., 0] > 200).mean(axis=0)
    assert x > made.shape[1] * 0.6
    assert y < made.shape[0] * 0.4


@pytest.mark.parametrize("degrees", [12.34, 90, 180, 270, 301.5])
def test_the_map_finds_the_way_back_to_the_source(degrees: float):
    made = change("rotate", PHOTO, degrees=degrees)
    x, y = made.size[0] // 2 + 60, made.size[1] // 2 - 40
    there = source_of(made, x + 0.5, y + 0.5)
    expected = PHOTO.getpixel((int(there[0]), int(there[1])))
    assert np.abs(np.array(made.frames[0].getpixel((x, y))[:3]) - expected).max() <= 2


def test_alpha_turns_with_the_picture():
    made = shown("rotate", see_through((100, 80)), degrees=180)
    assert made.getpixel((0, 40))[3] == 255
    assert made.getpixel((99, 40))[3] == 0


def test_two_decimals_are_enough_however_they_are_written():
    assert shown("rotate", PHOTO, degrees=12.340).size == shown("rotate", PHOTO, degrees=12.34).size
    assert shown("rotate", PHOTO, degrees=1.1 + 2.2).size == shown("rotate", PHOTO, degrees=3.3).size


@pytest.mark.parametrize("degrees", [12.345, -1, 361, "90", True, None])
def test_other_angles_are_refused(degrees: object):
    with pytest.raises(InvalidParams):
        change("rotate", PHOTO, degrees=degrees)


def test_a_canvas_beyond_the_limits_is_refused():
    with pytest.raises(ResultTooLarge):
        change("rotate", PHOTO, Context(limits=Limits(max_pixels=480 * 360)), degrees=45)
