import numpy as np
import pytest
from PIL import Image, ImageDraw

from processing import bokeh
from processing.bokeh import blur_ground
from tests.processing.subjects import mug, photo

NOTHING = Image.new("L", (480, 360))


def lamps(size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Points of light in the dark."""
    made = Image.new("RGB", size, (12, 14, 20))
    for place in ((120, 100), (300, 220)):
        ImageDraw.Draw(made).ellipse((place[0] - 2, place[1] - 2, place[0] + 2, place[1] + 2), fill="white")
    return made


def test_a_regular_blur_is_as_wide_as_its_level_says() -> None:
    edge = Image.new("RGB", (400, 100), "black")
    edge.paste("white", (200, 0, 400, 100))
    row = np.asarray(blur_ground(edge, Image.new("L", (400, 100)), kind="regular", level="high"), float)[50, :, 0]
    places = np.arange(400)
    slope = np.diff(row, prepend=row[0])
    width = np.sqrt((slope * (places - 200) ** 2).sum() / slope.sum())
    assert width == pytest.approx(bokeh.DEVIATION["high"] * 400, rel=0.15)


def test_a_lens_makes_discs_of_lights_and_a_regular_blur_does_not() -> None:
    radius = bokeh.RADIUS["high"] * 480
    disc, bell = (
        np.asarray(blur_ground(lamps(), NOTHING, kind=kind, level="high"), float)[100, :, 0]
        for kind in ("lens", "regular")
    )
    inner, rim = disc[120], disc[round(120 + radius * 0.8)]
    assert inner > 2 * disc[round(120 + radius * 1.3)]
    assert rim > 0.9 * inner
    assert inner > 1.5 * bell.max()


def test_an_even_ground_stays_as_it_is() -> None:
    even = Image.new("RGB", (480, 360), (90, 160, 210))
    for kind in ("regular", "lens"):
        made = np.asarray(blur_ground(even, mug().alpha, kind=kind, level="high"), int)
        assert np.abs(made - (90, 160, 210)).max() <= 2


def test_nothing_of_the_object_gets_into_the_ground() -> None:
    scene = mug()
    red = Image.composite(Image.new("RGB", scene.image.size, "red"), scene.ground, scene.alpha)
    blue = Image.composite(Image.new("RGB", scene.image.size, "blue"), scene.ground, scene.alpha)
    one, other = (
        np.asarray(blur_ground(image, scene.alpha, kind="regular", level="medium"), int) for image in (red, blue)
    )
    assert np.abs(one - other).max() <= 1


def test_where_no_ground_is_left_the_result_is_still_a_picture() -> None:
    all_object = Image.new("L", (480, 360), 255)
    made = blur_ground(photo("coffee.png", (480, 360)), all_object, kind="lens", level="low")
    assert made.size == (480, 360)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (2000, 40)])
def test_any_size_is_blurred(size: tuple[int, int]) -> None:
    for kind in ("regular", "lens"):
        assert blur_ground(photo("coffee.png", size), Image.new("L", size), kind=kind, level="high").size == size
