import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing import operations
from processing.base import Context
from processing.errors import InvalidParams
from processing.picture import Picture
from tests.images import see_through
from tests.processing.running import array, picture_of, shown

PHOTO = Image.fromarray(data.coffee()).resize((300, 200))


def luma(image: Image.Image) -> np.ndarray:
    return array(image.convert("L"))


def misty() -> Image.Image:
    return PHOTO.point(lambda value: 80 + value * 2 // 5)


def test_a_misty_picture_gets_its_range_back():
    before, after = luma(misty()), luma(shown("auto_enhance", misty()))
    assert after.std() > 1.4 * before.std()
    assert np.percentile(after, 1) < np.percentile(before, 1) - 10
    assert np.percentile(after, 99) > np.percentile(before, 99) + 20


@pytest.mark.parametrize("factor", [0.6, 0.4])
def test_a_dim_picture_gets_lighter_within_bounds(factor: float):
    dim = PHOTO.point(lambda value: int(value * factor))
    before, after = luma(dim).mean(), luma(shown("auto_enhance", dim)).mean()
    assert before < after < luma(PHOTO).mean() + 30


def test_a_picture_taken_in_the_dark_stays_so():
    dark = PHOTO.point(lambda value: value // 8)
    assert luma(shown("auto_enhance", dark)).mean() < 60


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_plain_picture_stays_plain(grey: int):
    made = array(shown("auto_enhance", Image.new("RGB", (40, 30), (grey,) * 3)))
    assert np.ptp(made) == 0
    assert abs(int(made[0, 0, 0]) - grey) < 30


def test_alpha_is_left_as_it_is_and_what_is_invisible_has_no_say():
    image = see_through((80, 60))
    assert shown("auto_enhance", image).getchannel("A").tobytes() == image.getchannel("A").tobytes()
    hidden = Image.new("RGBA", (300, 400), (255, 0, 0, 0))
    hidden.paste(misty().convert("RGBA"), (0, 0))
    made = array(shown("auto_enhance", hidden))[:190, :, :3]
    assert np.abs(made - array(shown("auto_enhance", misty()))[:190]).mean() < 3


def test_nothing_at_all_to_see_is_no_error():
    assert shown("auto_enhance", Image.new("RGBA", (20, 20))).getchannel("A").getextrema() == (0, 0)


def test_the_frames_of_a_film_are_corrected_like_the_first():
    film = Picture((misty(), PHOTO), PHOTO.size, picture_of(PHOTO).source, durations_ms=(10, 10))
    made = operations.get("auto_enhance").apply(film, operations.parse("auto_enhance", {}), Context())
    assert made.frames[0].tobytes() == shown("auto_enhance", misty()).tobytes()
    assert made.frames[1].tobytes() != shown("auto_enhance", PHOTO).tobytes()


def test_the_same_picture_always_gives_the_same():
    assert shown("auto_enhance", PHOTO).tobytes() == shown("auto_enhance", PHOTO).tobytes()


def test_it_has_no_parameters():
    with pytest.raises(InvalidParams):
        shown("auto_enhance", PHOTO, strength=1)
