import numpy as np
from PIL import Image, ImageFilter
from skimage import data

from processing.sharpening import sharpen
from tests.images import noise
from tests.processing.running import array

PHOTO = Image.fromarray(data.coffee())


def detail(image: Image.Image) -> float:
    luma = array(image.convert("L")).astype(float)
    return float(np.abs(np.diff(luma, axis=1)).mean())


def test_details_stand_out_more_the_larger_the_amount():
    soft = PHOTO.filter(ImageFilter.GaussianBlur(1))
    assert detail(soft) < detail(sharpen(soft, 0.5)) < detail(sharpen(soft, 1.5))


def test_no_amount_changes_nothing():
    assert sharpen(PHOTO, 0).tobytes() == PHOTO.tobytes()


def test_flat_areas_stay_flat():
    assert sharpen(Image.new("RGB", (50, 40), (90, 120, 200)), 3).getcolors() == [(2000, (90, 120, 200))]


def test_faint_noise_is_hardly_touched_and_strong_detail_is():
    faint = Image.fromarray((128 + (array(noise((100, 100))) - 128) // 60).astype(np.uint8))
    strong = Image.fromarray((128 + (array(noise((100, 100))) - 128) // 6).astype(np.uint8))
    assert detail(sharpen(faint, 1.5)) < 1.3 * detail(faint)
    assert detail(sharpen(strong, 1.5)) > 1.8 * detail(strong)


def test_edges_get_no_fringes_of_colour():
    image = Image.new("RGB", (60, 40), (200, 60, 60))
    image.paste((60, 60, 200), (30, 0, 60, 40))
    made, before = array(sharpen(image, 1.5)), array(image)
    change = made - before
    unclamped = (made > 0).all(axis=-1) & (made < 255).all(axis=-1)
    assert (np.ptp(change[unclamped], axis=-1) <= 1).all()


def test_what_is_added_is_bounded():
    image = Image.new("RGB", (60, 40), (100, 100, 100))
    image.paste((160, 160, 160), (30, 0, 60, 40))
    assert np.abs(array(sharpen(image, 50)) - array(image)).max() <= 40
