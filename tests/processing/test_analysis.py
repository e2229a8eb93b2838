import pytest

from processing.analysis import Analysis, box_in
from processing.base import Context, Step
from processing.formats import Output
from processing.geometry import compose, invert, map_box, scaling, shifting
from processing.limits import Limits
from processing.operations import get
from processing.pipeline import Variant, run
from tests.images import encode, ramps
from tests.processing.running import picture_of

LIMITS = Limits()
CROP = {
    "width": {"value": 100},
    "height": {"value": 40},
    "fit": False,
    "gravity": "northwest",
    "x": {"value": 40},
    "y": {"value": 20},
}
HALF = {"width": {"value": 50, "unit": "%"}}


def make_png(size: tuple[int, int]) -> bytes:
    return encode(ramps(size), "PNG")


def test_a_map_and_its_inverse_cancel_out() -> None:
    affine = compose(shifting(20, 30), scaling((400, 300), (100, 150)))
    assert compose(affine, invert(affine)) == pytest.approx((1, 0, 0, 0, 1, 0))


def test_a_box_of_the_source_is_found_in_what_was_cut_and_scaled_from_it() -> None:
    picture = picture_of(ramps((200, 100)))
    crop, resize = get("crop"), get("resize")
    cut = crop.apply(picture, crop.Params.model_validate(CROP), Context())
    made = resize.apply(cut, resize.Params.model_validate(HALF), Context())
    assert box_in(made, (60, 30, 100, 50)) == pytest.approx((10, 5, 30, 15))


def test_what_an_output_covers_is_the_part_of_the_source_that_it_shows() -> None:
    steps = (Step(operation="crop", params=CROP), Step(operation="resize", params=HALF))
    made = run(make_png(size=(200, 100)), [Variant(steps, Output()), Variant()], limits=LIMITS)
    covers = [outcome.encoded.covers for outcome in made.outcomes if outcome.encoded]
    assert covers[0] == pytest.approx((40, 20, 140, 60))
    assert covers[1] == (0, 0, 200, 100)


def test_a_turned_box_becomes_the_upright_one_around_it() -> None:
    assert map_box((0, 1, 0, -1, 0, 0), (1, 2, 3, 6)) == (2, -3, 6, -1)


def test_the_image_that_is_looked_at_has_the_sources_full_size() -> None:
    picture = picture_of(ramps((40, 30)))
    assert Analysis(picture).image.size == (40, 30)
    assert Context(analysis=(seen := Analysis(picture))).look_at(picture) is seen
