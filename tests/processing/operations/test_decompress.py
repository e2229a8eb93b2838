import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing import operations
from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.picture import Picture
from processing.upscaling import MODERATE, STRONG, repair
from tests.images import ramps, see_through
from tests.processing.quality import compress, measure_psnr, measure_ssim
from tests.processing.running import array, change, picture_of, shown

DECOMPRESS = operations.get("decompress")
REASON = DECOMPRESS.missing()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

PHOTOS = {
    "astronaut": Image.fromarray(data.astronaut()).crop((120, 0, 360, 200)),
    "coffee": Image.fromarray(data.coffee()).crop((150, 80, 390, 280)),
}


@pytest.fixture(params=PHOTOS)
def photo(request: pytest.FixtureRequest) -> Image.Image:
    return PHOTOS[request.param]


@pytest.mark.parametrize("strength", ["moderate", "strong", "auto"])
@pytest.mark.parametrize("quality", [20, 40, 60])
def test_a_poor_jpeg_comes_closer_to_what_it_was(photo: Image.Image, quality: int, strength: str):
    compressed = compress(photo, quality)
    made = shown("decompress", compressed, strength=strength)
    assert made.size == photo.size
    assert measure_psnr(photo, made) > measure_psnr(photo, compressed) + 0.3
    assert measure_ssim(photo, made) > measure_ssim(photo, compressed)


@pytest.mark.parametrize("quality", [None, 95])
def test_auto_leaves_a_good_picture_to_the_bit(photo: Image.Image, quality: int | None):
    good = compress(photo, quality) if quality else photo
    assert shown("decompress", good).tobytes() == good.tobytes()


def test_auto_is_the_stronger_the_poorer_the_picture(photo: Image.Image):
    fair, poor = compress(photo, 72), compress(photo, 30)
    assert shown("decompress", fair).tobytes() == repair(fair, MODERATE).tobytes()
    assert shown("decompress", poor).tobytes() == repair(poor, STRONG).tobytes()


def test_auto_also_repairs_what_was_saved_anew_at_a_high_quality(photo: Image.Image):
    again = compress(compress(photo, 35), 97)
    assert measure_psnr(photo, shown("decompress", again)) > measure_psnr(photo, again) + 0.3


def test_strong_cleans_more_than_moderate(photo: Image.Image):
    compressed = compress(photo, 40)
    moderate, strong = (
        np.abs(array(shown("decompress", compressed, strength=strength)) - array(compressed)).mean()
        for strength in ("moderate", "strong")
    )
    assert moderate < strong


def test_every_frame_is_treated_as_the_first(photo: Image.Image):
    poor, good = compress(photo, 30), photo
    film = Picture((poor, good), photo.size, picture_of(photo).source, durations_ms=(10, 10))
    made = DECOMPRESS.apply(film, operations.parse("decompress", {}), Context())
    assert made.frames[1].tobytes() == repair(good, STRONG).tobytes()


def test_alpha_is_left_as_it_is():
    image = see_through((80, 60))
    made = shown("decompress", image, strength="strong")
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert np.abs(array(made)[..., :3] - array(image)[..., :3])[:, 40:].mean() < 4


def test_what_would_take_too_long_is_refused():
    with pytest.raises(ResultTooLarge, match="the limit is 100"):
        change("decompress", Image.new("RGB", (5100, 5000)), strength="moderate")
    assert change("decompress", Image.new("RGB", (5100, 5000))).size == (5100, 5000)


@pytest.mark.parametrize("params", [{"strength": "max"}, {"strength": None}, {"quality": 50}])
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("decompress", ramps((10, 10)), **params)
