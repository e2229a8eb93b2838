import numpy as np
import pytest
from PIL import Image

from processing.veil import Method, coarsen, measure_height, veil
from tests.images import noise, see_through
from tests.processing.running import array

QUAD = ((100.0, 60.0), (220.0, 60.0), (220.0, 100.0), (100.0, 100.0))
METHODS: list[Method] = ["blur", "pixelate"]


def stripes(size: tuple[int, int] = (320, 160)) -> Image.Image:
    """Black and white in turns of four pixels, as fine as letters."""
    made = np.zeros((size[1], size[0], 3), np.uint8)
    made[:, (np.arange(size[0]) // 4) % 2 == 0] = 255
    return Image.fromarray(made)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_of_fine_lines_nothing_is_left(method: Method, strength: float):
    made = array(veil(stripes(), QUAD, method=method, strength=strength))
    inside = made[70:90, 115:205]
    assert inside.max() - inside.min() < 40


@pytest.mark.parametrize("method", METHODS)
def test_what_lies_beside_is_not_touched(method: Method):
    image = noise((320, 160))
    changed = np.abs(array(veil(image, QUAD, method=method, strength=1)) - array(image)).max(axis=2) > 0
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (columns[0], rows[0]) >= (92, 52)
    assert columns[-1] <= 228
    assert rows[-1] <= 108


def test_the_border_is_soft():
    image = Image.new("RGB", (320, 160), "white")
    image.paste((0, 0, 0), (0, 0, 320, 80))
    row = array(veil(image, QUAD, method="pixelate", strength=1))[70, 90:110, 0]
    assert row[0] == 0
    assert len(np.unique(row)) > 5
    assert (np.diff(row) >= 0).all()


def test_squares_are_as_large_as_they_are_said_to_be():
    made = np.asarray(coarsen(noise((120, 40)), 20.0, "pixelate"))
    blocks = made.reshape(2, 20, 6, 20, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert len(np.unique(made.reshape(-1, 3), axis=0)) == 12


def test_the_height_is_that_of_a_turned_plate():
    assert measure_height(((0, 0), (80, 60), (62, 84), (-18, 24))) == pytest.approx(30)


@pytest.mark.parametrize("method", METHODS)
def test_a_turned_plate_is_veiled_along_its_own_sides(method: Method):
    turned = ((100.0, 60.0), (200.0, 120.0), (190.0, 140.0), (90.0, 80.0))
    image = noise((320, 160))
    changed = np.abs(array(veil(image, turned, method=method, strength=0.5)) - array(image)).max(axis=2) > 0
    assert changed[95, 145]
    assert not changed[65, 180]
    assert not changed[135, 100]


def test_alpha_is_passed_through():
    image = see_through((320, 160))
    made = veil(image, QUAD, method="blur", strength=0.5)
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert made.tobytes() != image.tobytes()


def test_a_plate_that_is_cut_off_is_veiled_as_far_as_it_is_seen():
    image = stripes((150, 90))
    made = array(veil(image, QUAD, method="blur", strength=0.5))
    assert made[75:89, 115:149].max() - made[75:89, 115:149].min() < 60
    assert veil(image, tuple((x + 500, y) for x, y in QUAD), method="blur", strength=1).tobytes() == image.tobytes()


def test_the_smallest_plate_is_veiled():
    assert veil(stripes((3, 3)), ((1, 1), (2, 1), (2, 2), (1, 2)), method="blur", strength=0).size == (3, 3)
