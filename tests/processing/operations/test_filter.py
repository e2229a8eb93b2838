import time

import numpy as np
import pytest
from PIL import Image

from processing.errors import InvalidParams
from processing.operations.filter import EFFECTS, KERNELS
from tests.images import noise, ramps, rows_of, see_through
from tests.processing.golden import INPUT, results_of
from tests.processing.running import array, change, shown

SIZES = [(1, 1), (1, 7), (7, 1), (2, 2), (13, 9), (6, 31)]


@pytest.mark.parametrize(("params", "rows"), results_of("filter"))
def test_known_results_hold_to_the_bit(params: dict, rows: list[str]):
    assert shown("filter", INPUT, **params).tobytes() == rows_of(rows).tobytes()


def test_every_effect_has_a_known_result():
    assert {result.values[0]["filter"] for result in results_of("filter")} == set(EFFECTS)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("size", SIZES)
def test_kernels_give_what_their_definition_says(name: str, size: tuple[int, int]):
    """Beyond the edges the outermost pixels repeat; sums in float32, clamped, fraction dropped."""
    image, kernel = noise(size), KERNELS[name]
    padded = np.pad(np.asarray(image), ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float32)
    total = np.zeros((size[1], size[0], 3), np.float32)
    for place, weight in enumerate(kernel.weights):
        row, column = divmod(place, 3)
        total += np.float32(weight) * padded[row : row + size[1], column : column + size[0]]
    expected = np.clip(total / np.float32(kernel.divisor) + np.float32(kernel.offset), 0, 255).astype(np.uint8)
    assert np.array_equal(np.asarray(shown("filter", image, filter=name)), expected)


@pytest.mark.parametrize("size", SIZES)
def test_the_selective_blur_equals_going_pixel_by_pixel(size: tuple[int, int]):
    image = noise(size, seed=3)
    assert np.array_equal(np.asarray(shown("filter", image, filter="blurselective")), blur_pixel_by_pixel(image))


def blur_pixel_by_pixel(image: Image.Image) -> np.ndarray:
    """In place, row by row, in float32, reading 0 outside."""
    made = np.pad(np.asarray(image), ((1, 1), (1, 1), (0, 0)))
    for y in range(1, image.height + 1):
        for x in range(1, image.width + 1):
            for channel in range(3):
                block = made[y - 1 : y + 2, x - 1 : x + 2, channel].astype(np.float32).ravel()
                made[y, x, channel] = int(weighted_mean(block))
    return made[1:-1, 1:-1]


def weighted_mean(block: np.ndarray) -> np.float32:
    weights = [np.float32(1) / max(np.float32(1), abs(block[4] - value)) for value in block]
    weights[4] = np.float32(0.5)
    total = np.float32(0)
    for weight in weights:
        total += weight
    mean = np.float32(0)
    for weight, value in zip(weights, block, strict=True):
        mean += weight / total * value
    return mean


def test_the_selective_blur_is_quick():
    image = noise((1000, 1000))
    started = time.perf_counter()
    shown("filter", image, filter="blurselective")
    assert time.perf_counter() - started < 1.5


def test_grayscale_of_every_grey_is_within_one_of_itself():
    greys = Image.merge("RGB", [Image.linear_gradient("L")] * 3)
    assert np.abs(array(shown("filter", greys, filter="grayscale")) - array(greys)).max() <= 1


def test_grayscale_is_computed_in_doubles():
    """Where doubles fall just short of a whole number, exact sums would come out one higher."""
    image = noise((300, 300))
    red, green, blue = np.moveaxis(np.asarray(image).astype(np.float64), 2, 0)
    expected = (0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)
    made = np.asarray(shown("filter", image, filter="grayscale"))
    assert all(np.array_equal(made[..., channel], expected) for channel in range(3))


@pytest.mark.parametrize("name", EFFECTS)
def test_alpha_stays(name: str):
    image = see_through((31, 20))
    made = shown("filter", image, filter=name)
    assert made.mode == "RGBA"
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("name", ["vignette", "Sepia", "", None])
def test_other_effects_are_refused(name: str):
    with pytest.raises(InvalidParams, match="filter"):
        change("filter", ramps((4, 4)), filter=name)
