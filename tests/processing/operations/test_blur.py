import math
import time

import numpy as np
import pytest
from PIL import Image

from processing.errors import InvalidParams
from tests.images import noise, ramps, see_through
from tests.processing.running import array, change, shown

STEP = [0] * 5 + [200] * 4


def row_of(values: list[int]) -> Image.Image:
    return Image.merge("RGB", [Image.fromarray(np.array([values], np.uint8))] * 3)


@pytest.mark.parametrize(
    ("radius", "expected"),
    [(1, [0, 0, 0, 0, 55, 144, 200, 200, 200]), (2, [0, 0, 0, 12, 61, 138, 187, 200, 200])],
)
def test_a_step_becomes_a_known_slope(radius: int, expected: list[int]):
    assert array(shown("blur", row_of(STEP), sigma=1, radius=radius))[0, :, 0].tolist() == expected


@pytest.mark.parametrize(("sigma", "radius"), [(0.3, 1), (1, 0), (2.5, 3.2), (5, 15), (218, 465)])
def test_every_pixel_is_the_weighted_mean_of_those_in_reach(sigma: float, radius: float):
    image = noise((23, 17))
    reach = math.ceil(radius or 3 * sigma)
    along_x, along_y = (weights(side, sigma, reach) for side in image.size)
    expected = np.einsum("yj,xi,jic->yxc", along_y, along_x, np.asarray(image).astype(float))
    assert np.abs(array(shown("blur", image, sigma=sigma, radius=radius)) - expected).max() < 1.02


def weights(side: int, sigma: float, reach: int) -> np.ndarray:
    """Row by row what each pixel of a line takes from each: three samples a tap, cut off, each row summing to 1."""
    apart = np.abs(np.subtract.outer(np.arange(side), np.arange(side)))
    taps = sum(np.exp(-((3 * apart + third) ** 2) / (18 * sigma**2)) for third in (-1, 0, 1))
    taps[apart > reach] = 0
    return taps / taps.sum(axis=1, keepdims=True)


def test_a_plain_picture_stays_exactly_as_it_is():
    image = Image.new("RGB", (90, 50), (255, 1, 128))
    assert shown("blur", image, sigma=7).tobytes() == image.tobytes()


def test_sigma_zero_changes_nothing():
    image = noise((20, 20))
    assert shown("blur", image, sigma=0, radius=9).tobytes() == image.tobytes()


def test_the_documented_sample_is_quick_and_leaves_almost_one_colour():
    started = time.perf_counter()
    made = array(shown("blur", noise((480, 360)), sigma=218, radius=465))
    assert time.perf_counter() - started < 1
    assert made.std(axis=(0, 1)).max() < 1


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_any_kernel_works_on_the_smallest_pictures(size: tuple[int, int]):
    assert shown("blur", noise(size), sigma=1_000_000, radius=1_000_000).size == size


def test_alpha_stays_and_invisible_colours_do_not_shine_through():
    image = Image.new("RGBA", (40, 10), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (20, 0, 40, 10))
    made = shown("blur", image, sigma=3)
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert array(made)[:, 20:, 1].max() == 0


def test_an_opaque_picture_is_blurred_alike_with_and_without_alpha():
    image = ramps((60, 40))
    plain, opaque = shown("blur", image, sigma=4), shown("blur", image.convert("RGBA"), sigma=4)
    assert np.abs(array(plain) - array(opaque)[..., :3]).max() <= 1


def test_alpha_of_a_ramp_stays():
    image = see_through((31, 20))
    assert shown("blur", image, sigma=2).getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("params", [{}, {"sigma": -1}, {"sigma": 1, "radius": -1}, {"sigma": "x"}])
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("blur", ramps((4, 4)), **params)
