import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from processing.errors import InvalidParams
from tests.images import noise, see_through
from tests.processing.running import array, shown

PHOTO = Image.fromarray(data.coffee()).resize((300, 200))


def detail(image: Image.Image) -> float:
    luma = array(image.convert("L")).astype(float)
    return float(np.abs(np.diff(luma, axis=1)).mean())


def test_soft_detail_gets_sharper():
    soft = PHOTO.filter(ImageFilter.GaussianBlur(0.8))
    assert 1.1 * detail(soft) < detail(shown("polish", soft)) < 2 * detail(soft)


def test_tones_stay_about_as_they_are():
    before, after = array(PHOTO), array(shown("polish", PHOTO))
    assert abs(float(after.mean() - before.mean())) < 5
    assert np.abs(after - before).mean() < 8


def test_faint_noise_is_hardly_touched():
    faint = Image.fromarray((128 + (array(noise((100, 100))) - 128) // 60).astype(np.uint8))
    assert detail(shown("polish", faint)) < 1.4 * detail(faint)


@pytest.mark.parametrize("grey", [0, 255])
def test_black_and_white_stay_so(grey: int):
    assert np.abs(array(shown("polish", Image.new("RGB", (40, 40), (grey,) * 3))) - grey).max() <= 1


def test_alpha_is_left_as_it_is():
    image = see_through((80, 60))
    assert shown("polish", image).getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_it_has_no_parameters():
    with pytest.raises(InvalidParams):
        shown("polish", PHOTO, strength=1)
