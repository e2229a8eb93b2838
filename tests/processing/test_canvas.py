import numpy as np
import pytest
from PIL import Image

from processing.canvas import Beyond, cut, show
from processing.errors import EmptyResult, ResultTooLarge
from processing.geometry import Box
from processing.limits import Limits
from processing.picture import Picture
from tests.images import ramps, see_through
from tests.processing.running import array, picture_of, source_of

PHOTO = ramps((60, 40))
LIMITS = Limits()


def shown(window: Box, size: tuple[int, int], beyond: Beyond = None, image: Image.Image = PHOTO) -> Picture:
    return show(picture_of(image), window, size, LIMITS, beyond=beyond)


def test_a_cut_keeps_its_pixels_and_the_way_back():
    made = cut(picture_of(PHOTO), (10, 5, 20, 30), LIMITS)
    assert made.frames[0].tobytes() == PHOTO.crop((10, 5, 30, 35)).tobytes()
    assert source_of(made, 1, 2) == (11, 7)
    with pytest.raises(EmptyResult):
        cut(picture_of(PHOTO), (10, 5, 20, 0), LIMITS)


def test_a_window_of_whole_pixels_at_its_own_size_is_a_cut():
    made = shown((10, 5, 30, 35), (20, 30))
    assert made.frames[0].tobytes() == PHOTO.crop((10, 5, 30, 35)).tobytes()
    assert (made.has_alpha, made.losses) == (False, ())


def test_a_window_is_scaled_and_the_way_back_is_kept():
    made = shown((10, 5, 30, 35), (10, 15))
    assert made.size == (10, 15)
    assert source_of(made, 5, 5) == (20, 15)
    centre = PHOTO.resize((1, 1), Image.Resampling.BOX, (19, 14, 21, 16)).getpixel((0, 0))
    seen = made.frames[0].resize((1, 1), Image.Resampling.BOX, (4, 4, 6, 6)).getpixel((0, 0))
    assert np.abs(np.subtract(centre, seen)).max() <= 3


def test_enlarging_is_reported():
    assert [loss.code for loss in shown((10, 5, 30, 35), (40, 60)).losses] == ["enlarged"]
    assert shown((10, 5, 30, 35), (20, 30)).losses == ()


@pytest.mark.parametrize(("beyond", "seen"), [(None, (0, 0, 0, 0)), ("#ff5733", (255, 87, 51))])
def test_beyond_the_picture_lies_a_colour_or_nothing(beyond: Beyond, seen: tuple[int, ...]):
    made = shown((-10, -20, 70, 60), (80, 80), beyond)
    assert made.frames[0].getpixel((9, 20)) == made.frames[0].getpixel((70, 79)) == seen
    assert made.frames[0].crop((10, 20, 70, 60)).convert("RGB").tobytes() == PHOTO.tobytes()
    assert source_of(made, 10, 20) == (0, 0)


def test_beyond_the_picture_its_edge_is_repeated():
    made = array(shown((-10, -20, 70, 60), (80, 80), "edge").frames[0])
    source = array(PHOTO)
    assert (made[:20, 10:70] == source[0]).all()
    assert (made[60:, 10:70] == source[-1]).all()
    assert (made[20:60, :10] == source[:, :1]).all()
    assert (made[:20, :10] == source[0, 0]).all()
    assert (made[60:, 70:] == source[-1, -1]).all()


@pytest.mark.parametrize("beyond", [None, "edge", "#ff5733"])
def test_what_is_transparent_stays_so(beyond: Beyond):
    made = shown((-10, 0, 60, 40), (70, 40), beyond, see_through((60, 40)))
    assert made.frames[0].crop((10, 0, 70, 40)).tobytes() == see_through((60, 40)).tobytes()


def test_a_window_may_show_hardly_more_than_what_lies_beyond():
    made = shown((59.7, 0, 159.7, 40), (100, 40), "#ff5733")
    assert made.frames[0].getpixel((99, 39)) == (255, 87, 51)


def test_every_frame_is_shown():
    frames = tuple(Image.new("RGB", (60, 40), color) for color in ("red", "lime", "blue"))
    picture = Picture(frames=frames, size=(60, 40), source=picture_of(PHOTO).source, durations_ms=(1, 2, 3))
    made = show(picture, (-10, 0, 60, 40), (35, 20), LIMITS, beyond="edge")
    assert [frame.getpixel((0, 0)) for frame in made.frames] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert made.durations_ms == (1, 2, 3)


def test_a_result_beyond_the_limits_is_refused_before_it_is_made():
    with pytest.raises(ResultTooLarge):
        shown((0, 0, 60, 40), (100_000, 100_000))
