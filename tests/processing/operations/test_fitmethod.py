import numpy as np
import pytest
from PIL import Image

from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.limits import Limits
from tests.images import ramps, see_through
from tests.processing.running import array, change, px, shown, source_of

PHOTO = ramps((480, 360))
RED = (255, 0, 0)


@pytest.mark.parametrize(
    ("fit_type", "box", "size"),
    [
        ("stretch", (200, 200), (200, 200)),
        ("box", (200, 200), (200, 150)),
        ("box", (960, 1000), (960, 720)),
        ("letterbox", (200, 200), (200, 200)),
        ("cropbox", (550, 300), (550, 300)),
        ("outside", (200, 200), (267, 200)),
        ("outside", (100, 300), (400, 300)),
    ],
)
def test_sizes_are_those_of_the_way_it_is_fitted(fit_type: str, box: tuple[int, int], size: tuple[int, int]):
    assert shown("fitmethod", PHOTO, fit_type=fit_type, width=px(box[0]), height=px(box[1])).size == size


@pytest.mark.parametrize("fit_type", ["stretch", "box", "letterbox", "cropbox", "outside"])
def test_with_one_side_all_ways_give_the_same(fit_type: str):
    made = shown("fitmethod", PHOTO, fit_type=fit_type, width=px(240))
    assert made.size == (240, 180)
    assert made.mode == "RGB"


def letterbox(image: Image.Image = PHOTO, **params: object) -> Image.Image:
    return shown("fitmethod", image, fit_type="letterbox", width=px(200), height=px(200), color="#ff0000", **params)


def test_bars_fill_what_the_picture_leaves():
    made = letterbox()
    assert made.mode == "RGB"
    assert [made.getpixel(place) for place in ((0, 0), (100, 24), (100, 175))] == [RED] * 3
    assert made.crop((0, 25, 200, 175)).tobytes() == shown("resize", PHOTO, width=px(200)).tobytes()


@pytest.mark.parametrize(("gravity", "bar"), [("north", 199), ("southwest", 0)])
def test_gravity_says_where_the_picture_lies_between_the_bars(gravity: str, bar: int):
    made = array(letterbox(gravity=gravity))
    assert made[bar, 0].tolist() == [255, 0, 0]
    assert made[199 - bar, 150].tolist() != [255, 0, 0]


@pytest.mark.parametrize(("opacity", "alpha"), [(0, 0), (5, 128), (7.5, 191)])
def test_opacity_is_that_of_the_bars_alone(opacity: float, alpha: int):
    made = letterbox(opacity=opacity)
    assert made.mode == "RGBA"
    assert made.getpixel((0, 0)) == (255, 0, 0, alpha)
    assert made.getpixel((100, 100))[3] == 255


def test_transparent_parts_of_the_picture_stay_transparent():
    made = letterbox(see_through((480, 360)))
    assert made.getpixel((0, 100))[3] < 3
    assert made.getpixel((0, 0)) == (255, 0, 0, 255)


def test_a_cropbox_keeps_the_part_that_gravity_names():
    east = shown("fitmethod", PHOTO, fit_type="cropbox", width=px(100), height=px(360), gravity="east")
    assert east.tobytes() == PHOTO.crop((380, 0, 480, 360)).tobytes()


@pytest.mark.parametrize("fit_type", ["stretch", "box", "letterbox", "cropbox", "outside"])
def test_the_map_finds_the_way_back_to_the_source(fit_type: str):
    made = change("fitmethod", PHOTO, fit_type=fit_type, width=px(90), height=px(180), gravity="southeast")
    x, y = made.size[0] // 2, made.size[1] - 20
    there = source_of(made, x + 0.5, y + 0.5)
    expected = np.array(PHOTO.getpixel((int(there[0]), int(there[1]))), float)
    assert np.abs(np.array(made.frames[0].getpixel((x, y))) - expected).max() <= 3


def test_the_thinnest_picture_still_fits_inside():
    assert shown("fitmethod", ramps((1000, 1)), fit_type="box", width=px(10), height=px(10)).size == (10, 1)


def test_results_beyond_the_limits_are_refused():
    with pytest.raises(ResultTooLarge):
        change(
            "fitmethod",
            PHOTO,
            Context(limits=Limits(max_side=300)),
            fit_type="letterbox",
            width=px(200),
            height=px(301),
        )


@pytest.mark.parametrize(
    "params",
    [
        {"fit_type": "box"},
        {"width": px(9)},
        {"fit_type": "contain", "width": px(9)},
        {"fit_type": "box", "width": px(9), "opacity": 11},
        {"fit_type": "box", "width": px(9), "color": "red"},
    ],
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("fitmethod", PHOTO, **params)
