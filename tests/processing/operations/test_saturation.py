import numpy as np
import pytest
from PIL import Image

from processing.errors import InvalidParams
from tests.images import noise, ramps, see_through
from tests.processing.running import array, change, shown

LUMA = np.array([0.299, 0.587, 0.114])


@pytest.mark.parametrize(
    ("color", "factor", "becomes"),
    [
        ((200, 100, 50), 2, (255, 76, 0)),
        ((200, 100, 50), 0.5, (162, 112, 87)),
        ((200, 100, 50), 0, (124, 124, 124)),
        ((120, 100, 80), 1.08, (121, 100, 78)),
        ((0, 0, 255), 4, (0, 0, 255)),
    ],
)
def test_a_color_becomes_a_known_one(color: tuple[int, ...], factor: float, becomes: tuple[int, ...]):
    assert shown("saturation", Image.new("RGB", (3, 2), color), factor=factor).getpixel((1, 1)) == becomes


@pytest.mark.parametrize("factor", [0, 0.3, 1.08, 2.5, 4])
def test_every_pixel_is_what_the_definition_says(factor: float):
    image = noise((60, 40))
    luma = (np.asarray(image) @ LUMA)[..., np.newaxis]
    expected = np.clip(luma + factor * (np.asarray(image) - luma), 0, 255)
    assert np.abs(array(shown("saturation", image, factor=factor)) - expected).max() < 0.501


@pytest.mark.parametrize("factor", [0, 0.5, 1.08, 4])
def test_greys_stay_as_they_are(factor: float):
    image = Image.merge("RGB", [Image.linear_gradient("L")] * 3)
    assert shown("saturation", image, factor=factor).tobytes() == image.tobytes()


def test_nothing_changes_at_one():
    image = noise((31, 20))
    assert shown("saturation", image, factor=1).tobytes() == image.tobytes()


def test_the_default_is_a_little_more():
    image = noise((31, 20))
    assert shown("saturation", image).tobytes() == shown("saturation", image, factor=1.08).tobytes()


def test_luma_stays_where_nothing_is_clamped():
    image = noise((60, 40)).point(lambda value: 100 + value // 5)
    made = shown("saturation", image, factor=1.5)
    assert np.abs(array(made) @ LUMA - array(image) @ LUMA).max() <= 0.5


def test_alpha_stays():
    image = see_through((31, 20))
    assert shown("saturation", image, factor=2).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("factor", [-0.1, 4.1, "1", None])
def test_other_factors_are_refused(factor: object):
    with pytest.raises(InvalidParams):
        change("saturation", ramps((4, 4)), factor=factor)
