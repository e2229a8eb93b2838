import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing.errors import InvalidParams
from tests.images import ramps, see_through
from tests.processing.running import array, shown

PHOTO = Image.fromarray(data.astronaut()).resize((256, 256))
ALL = ("exposure", "contrast", "hdr", "saturation", "sharpness")


def luma(image: Image.Image) -> np.ndarray:
    return array(image.convert("L"))


def chroma(image: Image.Image) -> float:
    return float(np.ptp(array(image.convert("RGB")), axis=-1).mean())


@pytest.mark.parametrize("image", [PHOTO, see_through((60, 50)), ramps((300, 200))], ids=["photo", "alpha", "ramps"])
def test_zero_changes_nothing_to_the_bit(image: Image.Image):
    assert shown("adjust", image, **dict.fromkeys(ALL, 0), stitching=True).tobytes() == image.tobytes()
    assert shown("adjust", image).tobytes() == image.tobytes()


@pytest.mark.parametrize("name", ALL)
def test_a_little_changes_a_little(name: str):
    made = shown("adjust", PHOTO, **{name: 5})
    assert 0 < np.abs(array(made) - array(PHOTO)).mean() < 4


@pytest.mark.parametrize("name", ALL)
def test_the_more_the_stronger(name: str):
    change = [np.abs(array(shown("adjust", PHOTO, **{name: level})) - array(PHOTO)).mean() for level in (20, 60, 100)]
    assert change[0] < change[1] < change[2]


def test_exposure_is_light():
    levels = [luma(shown("adjust", PHOTO, exposure=level)).mean() for level in (-100, -50, 0, 50, 100)]
    assert levels == sorted(levels)
    assert levels[4] - levels[0] > 80


def test_exposure_by_a_stop_halves_the_light():
    # 188 is half the light of 255, 137 is half of that.
    assert shown("adjust", Image.new("RGB", (1, 1), (188, 188, 188)), exposure=-50).getpixel((0, 0)) == (137,) * 3


def test_more_exposure_clips_no_highlights():
    bright = Image.new("RGB", (2, 1), (235, 235, 235))
    bright.putpixel((1, 0), (245, 245, 245))
    made = luma(shown("adjust", bright, exposure=50))
    assert 245 < made[0, 0] < made[0, 1] < 255


def test_contrast_spreads_tones_and_draws_them_together():
    spreads = [luma(shown("adjust", PHOTO, contrast=level)).std() for level in (-100, -50, 0, 50, 100)]
    assert spreads == sorted(spreads)


def test_saturation_goes_from_grey_to_twice_as_strong():
    dull = shown("saturation", PHOTO, factor=0.4)
    assert chroma(shown("adjust", dull, saturation=-100)) == 0
    assert chroma(shown("adjust", dull, saturation=100)) == pytest.approx(2 * chroma(dull), rel=0.03)
    assert chroma(shown("adjust", dull, saturation=-50)) == pytest.approx(chroma(dull) / 2, rel=0.03)


@pytest.mark.parametrize("name", ALL)
def test_alpha_is_left_as_it_is(name: str):
    image = see_through((80, 60))
    assert shown("adjust", image, **{name: 70}).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("name", ["hdr", "sharpness"])
def test_hidden_colours_do_not_show_at_the_edge_of_a_cut_out(name: str):
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    image.paste((150, 140, 130, 255), (30, 30, 70, 70))
    other = Image.new("RGBA", (100, 100), (255, 255, 255, 0))
    other.paste((150, 140, 130, 255), (30, 30, 70, 70))
    visible = array(image)[..., 3] > 0
    made, same = (array(shown("adjust", each, **{name: 100}))[visible] for each in (image, other))
    assert np.abs(made - same).max() <= 2


def test_stitching_treats_left_and_right_as_neighbours():
    half = array(PHOTO)
    turned = Image.fromarray(np.roll(half, 128, axis=1).astype(np.uint8))
    made = array(shown("adjust", turned, hdr=100, stitching=True))
    expected = np.roll(array(shown("adjust", PHOTO, hdr=100, stitching=True)), 128, axis=1)
    assert np.abs(made - expected).max() <= 1


@pytest.mark.parametrize(
    "params",
    [{name: 101} for name in ALL]
    + [{name: -101} for name in ("exposure", "contrast", "saturation")]
    + [{"hdr": -1}, {"sharpness": -1}, {"hdr": 1.5}, {"hdr": "100"}, {"stitching": "yes"}, {"gamma": 1}],
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams) as caught:
        shown("adjust", PHOTO, **params)
    assert caught.value.param == next(iter(params))
