import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing.local_contrast import even_out
from tests.images import noise, ramps
from tests.processing.running import array

PHOTO = Image.fromarray(data.astronaut())


def luma(image: Image.Image) -> np.ndarray:
    return array(image.convert("L"))


def dark_half() -> Image.Image:
    """A scene of fine stripes, whose left half lies in deep shadow."""
    stripes = np.tile(np.array([0.9, 1.1]).repeat(4), 50)
    light = np.where(np.arange(400) < 200, 40, 200) * stripes
    return Image.fromarray(np.tile(light, (200, 1)).astype(np.uint8)).convert("RGB")


def test_no_strength_changes_no_more_than_rounding():
    assert np.abs(array(even_out(PHOTO, 0)) - array(PHOTO)).max() <= 1


def test_shadows_get_lighter_and_lights_get_darker():
    before, after = luma(dark_half()), luma(even_out(dark_half(), 1))
    assert after[:, :180].mean() > before[:, :180].mean() + 12
    assert after[:, 220:].mean() < before[:, 220:].mean() - 4


def test_details_stand_out_more():
    before, after = luma(dark_half()), luma(even_out(dark_half(), 1))
    assert after[:, 220:].std() > 1.4 * before[:, 220:].std()
    assert after[:, :180].std() > 1.4 * before[:, :180].std()


def test_strength_goes_in_even_steps():
    steps = [luma(even_out(PHOTO, strength)).astype(float) for strength in (0, 0.5, 1)]
    assert np.abs((steps[0] + steps[2]) / 2 - steps[1]).mean() < 1.5


def test_edges_get_no_halo():
    image = Image.new("RGB", (400, 300), (60, 60, 60))
    image.paste((220, 220, 220), (200, 0, 400, 300))
    made = luma(even_out(image, 1))
    assert np.abs(made[:, 100:198] - made[150, 20]).max() <= 14
    assert np.abs(made[:, 203:300] - made[150, 380]).max() <= 14


def test_colours_keep_their_hue():
    made = array(even_out(Image.new("RGB", (50, 50), (120, 60, 30)), 1))[25, 25]
    assert made[0] / made[1] == pytest.approx(2, abs=0.05)
    assert made[1] / made[2] == pytest.approx(2, abs=0.1)


def test_black_and_white_stay_so():
    for color in ((0, 0, 0), (255, 255, 255)):
        assert np.abs(array(even_out(Image.new("RGB", (30, 30), color), 1)) - color).max() <= 1


# --- Panoramas -----------------------------------------------------------------------------------------------------

WIDE = PHOTO.crop((0, 100, 512, 356)).resize((768, 384))
"""Twice the pixels of the filter along each side: a shift by an even number keeps its raster."""


def rolled(image: Image.Image, by: int) -> np.ndarray:
    return np.roll(array(image), by, axis=1)


@pytest.mark.parametrize("by", [100, 384, 700])
def test_a_panorama_looks_the_same_wherever_it_is_cut(by: int):
    turned = Image.fromarray(rolled(WIDE, by).astype(np.uint8))
    assert np.abs(array(even_out(turned, 1, wraps=True)) - rolled(even_out(WIDE, 1, wraps=True), by)).max() <= 1


def test_without_stitching_the_cut_of_a_panorama_shows():
    turned = Image.fromarray(rolled(WIDE, 384).astype(np.uint8))
    assert np.abs(array(even_out(turned, 1)) - rolled(even_out(WIDE, 1), 384)).max() > 10


@pytest.mark.parametrize("wraps", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5), (3000, 2)])
def test_pictures_of_any_shape_are_taken(size: tuple[int, int], wraps: bool):
    assert even_out(noise(size), 1, wraps=wraps).size == size


def test_a_large_picture_has_no_seams_between_its_bands():
    smooth = ramps((300, 1000))
    made = luma(even_out(smooth, 1))
    assert np.abs(np.diff(made[:, 150])).max() <= 2
