import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing.blockiness import HEAVY, LIGHT, MEDIUM, measure
from tests.images import noise, ramps
from tests.processing.quality import compress

PHOTOS = {name: Image.fromarray(getattr(data, name)()[..., :3]) for name in ("astronaut", "coffee", "chelsea")}


@pytest.mark.parametrize("name", PHOTOS)
def test_the_lower_the_quality_the_higher_the_measure(name: str):
    found = [measure(compress(PHOTOS[name], quality)) for quality in (95, 85, 75, 60, 40, 20)]
    assert found == sorted(found)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(("quality", "low", "high"), [(95, 0, LIGHT), (75, MEDIUM, HEAVY), (40, HEAVY, 4)])
def test_qualities_lie_between_the_steps_that_are_named(name: str, quality: int, low: float, high: float):
    assert low <= measure(compress(PHOTOS[name], quality)) < high


@pytest.mark.parametrize("name", PHOTOS)
def test_what_was_never_compressed_shows_no_blocks(name: str):
    assert measure(PHOTOS[name]) < LIGHT


@pytest.mark.parametrize("corner", [(1, 0), (3, 5), (4, 4), (7, 6)])
def test_blocks_are_found_wherever_a_picture_was_cut(corner: tuple[int, int]):
    image = compress(PHOTOS["coffee"], 50)
    cut = image.crop((*corner, *image.size))
    assert measure(cut) == pytest.approx(measure(image), rel=0.05)


def test_saving_anew_hides_nothing():
    image = compress(PHOTOS["coffee"], 40)
    assert measure(compress(image, 95)) == pytest.approx(measure(image), rel=0.05)


def test_scaling_hides_the_blocks():
    image = compress(PHOTOS["coffee"], 50)
    assert measure(image.resize((431, 287))) < MEDIUM


@pytest.mark.parametrize("image", [ramps((300, 200)), noise((300, 200)), Image.new("RGB", (99, 64), "navy")])
def test_plain_and_noisy_pictures_show_no_blocks(image: Image.Image):
    assert measure(image) < MEDIUM


@pytest.mark.parametrize("size", [(1, 1), (31, 500), (500, 31)])
def test_of_few_pixels_nothing_is_told(size: tuple[int, int]):
    assert measure(noise(size)) == 0


def test_transparency_is_passed_over():
    image = compress(PHOTOS["chelsea"], 40)
    assert measure(image.convert("RGBA")) == measure(image)


def test_of_a_large_picture_the_middle_tells():
    tiled = Image.fromarray(np.tile(np.asarray(compress(PHOTOS["coffee"], 40)), (5, 4, 1)))
    assert measure(tiled) > HEAVY
