import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing.white_balance import MOST_GAIN, NEUTRAL, find_gains
from tests.images import noise
from tests.processing.running import array

PHOTO = Image.fromarray(data.astronaut())


def tinted(image: Image.Image, red: float, blue: float) -> Image.Image:
    values = array(image)[..., :3] * np.array([red, 1, blue])
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def greys() -> Image.Image:
    ramp = np.tile(np.linspace(40, 220, 200), (100, 1))
    return Image.fromarray(np.stack([ramp] * 3, axis=-1).astype(np.uint8))


def test_grey_needs_no_correction():
    assert find_gains(greys()) == pytest.approx(NEUTRAL, abs=0.001)


@pytest.mark.parametrize(("red", "blue"), [(1.06, 0.95), (0.94, 1.06), (1.05, 0.93)])
def test_a_tint_is_taken_back_in_part(red: float, blue: float):
    gains = find_gains(tinted(greys(), red, blue))
    for gain, tint in ((gains[0], red), (gains[2], blue)):
        # Light goes by the power of 2.2 of the value.
        assert (gain - 1) * (tint - 1) <= 0
        assert abs(gain - 1) < abs(tint**2.2 - 1)


def test_a_warmer_photograph_gets_less_red_and_more_blue():
    plain, warm = find_gains(PHOTO), find_gains(tinted(PHOTO, 1.06, 0.94))
    assert warm[0] < plain[0]
    assert warm[2] > plain[2]


def test_corrections_are_bounded():
    gains = find_gains(tinted(greys(), 1.09, 0.9))
    assert min(gains) >= 1 / MOST_GAIN
    assert max(gains) <= MOST_GAIN


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (50, 50), "green"),
        Image.new("RGB", (50, 50), "black"),
        Image.new("RGB", (50, 50), "white"),
        Image.new("RGBA", (50, 50), (90, 80, 70, 0)),
        Image.new("RGB", (1, 1), (200, 10, 10)),
    ],
)
def test_where_nothing_is_almost_grey_nothing_is_known(image: Image.Image):
    assert find_gains(image) == NEUTRAL


def test_what_is_invisible_tells_nothing():
    image = tinted(greys(), 1.06, 0.95).convert("RGBA")
    image.paste((60, 90, 90, 0), (0, 0, 200, 60))
    bare = tinted(greys(), 1.06, 0.95).crop((0, 60, 200, 100))
    assert find_gains(image) == pytest.approx(find_gains(bare), abs=0.01)


def test_the_same_picture_always_gives_the_same():
    assert find_gains(noise((300, 200))) == find_gains(noise((300, 200)))
