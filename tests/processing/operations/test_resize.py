import numpy as np
import pytest
from PIL import Image

from processing import operations
from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.limits import Limits
from tests.images import ramps, sharp_half
from tests.processing.running import array, change, per_cent, px, shown, source_of

PHOTO = ramps((480, 360))


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"width": per_cent(50)}, (240, 180)),
        ({"height": {"value": 100, "unit": "%w"}}, (640, 480)),
        ({"width": {"value": 50, "unit": "%h"}}, (180, 135)),
        ({"width": px(100.5)}, (101, 76)),
        ({"width": px(0.2)}, (1, 1)),
        ({"width": px(30), "height": px(60)}, (30, 60)),
        ({"height": px(1000)}, (1333, 1000)),
    ],
)
def test_sizes_are_those_that_were_asked_for(params: dict, size: tuple[int, int]):
    assert shown("resize", PHOTO, **params).size == size


def test_the_same_size_leaves_every_pixel():
    assert shown("resize", PHOTO, width=px(480)).tobytes() == PHOTO.tobytes()


def test_scaling_keeps_what_lies_where():
    made = array(shown("resize", PHOTO, width=px(240), height=px(90)))
    expected = array(ramps((240, 90)))
    assert np.abs(made - expected).mean() < 2


def test_enlarging_is_reported_and_shrinking_is_not():
    assert [loss.code for loss in change("resize", PHOTO, width=px(481)).losses] == ["enlarged"]
    assert change("resize", PHOTO, width=px(479)).losses == ()


def test_transparent_pixels_do_not_tint_their_neighbours():
    image = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (20, 0, 40, 40))
    made = array(shown("resize", image, width=px(10)))
    assert made[made[..., 3] > 0][:, 1].max() == 0


def test_an_edge_stays_where_it_is():
    made = array(shown("resize", sharp_half((100, 20)), width=px(300)))
    assert made[30, 140].tolist() == [255, 255, 255]
    assert made[30, 160].tolist() == [0, 0, 0]


def test_the_map_finds_the_way_back_to_the_source():
    assert source_of(change("resize", PHOTO, width=px(120)), 30, 45) == (120, 180)


def test_per_cent_of_the_source_means_the_source_however_small_the_picture_has_become():
    small = change("resize", PHOTO, width=px(48))
    params = operations.parse("resize", {"width": {"value": 50, "unit": "%", "of": "source"}})
    assert operations.get("resize").apply(small, params, Context()).size == (240, 180)


def test_results_beyond_the_limits_are_refused():
    with pytest.raises(ResultTooLarge):
        change("resize", PHOTO, Context(limits=Limits(max_side=1000)), width=px(1001))


@pytest.mark.parametrize("params", [{}, {"width": px(0)}, {"width": px(-5)}, {"width": "50%"}, {"wide": px(4)}])
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("resize", PHOTO, **params)
