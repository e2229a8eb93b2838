import numpy as np
import pytest
from PIL import Image

from processing.base import Context
from processing.errors import EmptyResult, InvalidParams, ResultTooLarge
from processing.limits import Limits
from processing.picture import scale
from tests.images import noise, ramps, see_through
from tests.processing.running import array, change, per_cent, px, shown, source_of

PHOTO = ramps((480, 360))


@pytest.mark.parametrize(("width", "height"), [(500, 800), (100, 100), (480, 360), (1, 1), (7, 300)])
def test_fit_always_gives_the_size_asked_for(width: int, height: int):
    made = shown("crop", PHOTO, width=px(width), height=px(height), x=px(200), y=px(100))
    assert made.size == (width, height)


def test_fit_equals_scaling_to_cover_and_cutting():
    image = noise((61, 47))
    made = shown("crop", image, width=px(40), height=px(20), gravity="northwest", x=px(3), y=px(4))
    whole = scale(image, (40, 31))
    assert np.abs(array(made) - array(whole.crop((0, 4, 40, 24)))).max() <= 1


def test_fit_shifts_a_window_that_was_pushed_out_back_inside():
    pushed = shown("crop", PHOTO, width=px(100), height=px(360), gravity="west", x=px(-50))
    assert pushed.tobytes() == PHOTO.crop((0, 0, 100, 360)).tobytes()


def test_fit_at_the_same_scale_moves_pixels_without_changing_them():
    made = shown("crop", PHOTO, width=px(480), height=px(100), gravity="south", y=px(10))
    assert made.tobytes() == PHOTO.crop((0, 250, 480, 350)).tobytes()


def test_fit_makes_no_more_of_a_long_thin_picture_than_is_kept():
    made = shown("crop", ramps((2000, 2)), width=px(1000), height=px(1000))
    assert made.size == (1000, 1000)


def test_fit_reports_that_it_enlarged():
    losses = change("crop", PHOTO, width=px(960), height=px(360)).losses
    assert [loss.code for loss in losses] == ["enlarged"]
    assert change("crop", PHOTO, width=px(100), height=px(300)).losses == ()


def test_without_fit_nothing_is_scaled():
    made = shown("crop", PHOTO, width=px(100), height=px(50), gravity="northeast", x=px(10), y=px(20), fit=False)
    assert made.tobytes() == PHOTO.crop((370, 20, 470, 70)).tobytes()


def test_without_fit_a_window_is_clipped_to_the_picture():
    made = shown("crop", PHOTO, width=px(100), height=px(50), gravity="southeast", x=px(-20), y=px(-10), fit=False)
    assert made.tobytes() == PHOTO.crop((400, 320, 480, 360)).tobytes()


def test_without_fit_a_window_beside_the_picture_is_refused():
    with pytest.raises(EmptyResult):
        change("crop", PHOTO, width=px(100), height=px(50), gravity="west", x=px(480), fit=False)


def test_a_missing_side_follows_from_the_proportions():
    assert shown("crop", PHOTO, width=per_cent(50)).size == (240, 180)
    assert shown("crop", PHOTO, height={"value": 50, "unit": "%w"}, fit=False).size == (320, 240)


def test_offsets_in_per_cent_are_of_the_picture():
    made = shown(
        "crop", PHOTO, width=px(10), height=px(10), gravity="northwest", x=per_cent(25), y=per_cent(50), fit=False
    )
    assert made.getpixel((0, 0)) == PHOTO.getpixel((120, 180))


@pytest.mark.parametrize("fit", [True, False])
def test_the_map_finds_the_way_back_to_the_source(fit: bool):
    made = change("crop", PHOTO, width=px(90), height=px(180), gravity="east", x=px(20), fit=fit)
    x, y = source_of(made, 45.5, 90.5)
    expected = np.array(PHOTO.getpixel((int(x), int(y))), float)
    assert np.abs(np.array(made.frames[0].getpixel((45, 90))) - expected).max() <= 2


def test_colours_of_transparent_pixels_do_not_bleed():
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (20, 0, 40, 40))
    made = array(shown("crop", image, width=px(20), height=px(10)))
    seen = made[..., 3] > 0
    assert made[seen][:, 0].max() == 0


def test_a_crop_keeps_alpha():
    made = shown("crop", see_through((50, 40)), width=px(10), height=px(10), gravity="east", fit=False)
    assert made.mode == "RGBA"
    assert made.getpixel((9, 0))[3] == 255


def test_a_window_beyond_the_limits_is_refused():
    with pytest.raises(ResultTooLarge):
        change("crop", PHOTO, Context(limits=Limits(max_pixels=10_000)), width=px(101), height=px(100))


def test_a_crop_without_width_and_height_is_refused():
    with pytest.raises(InvalidParams, match="width or height is required"):
        change("crop", PHOTO, gravity="center")
