import numpy as np
import pytest
from PIL import Image

from processing import guided
from processing.geometry import Size
from tests.processing.subjects import mug


def shrink(image: Image.Image, size: Size) -> Image.Image:
    return image.resize(size, Image.Resampling.BOX)


@pytest.mark.parametrize("size", [(960, 720), (1000, 701)])
def test_alpha_follows_the_edges_of_the_large_picture(size: Size) -> None:
    scene = mug(size, "plain")
    small = (240, 180)
    alpha = np.asarray(shrink(scene.alpha, small), np.float32) / np.float32(255)
    made = guided.enlarge(alpha, np.asarray(shrink(scene.image, small)), scene.image)
    known = np.asarray(scene.alpha, float)
    error = np.abs(np.asarray(made, float) - known).mean()
    plain = np.abs(np.asarray(shrink(scene.alpha, small).resize(size, Image.Resampling.BICUBIC), float) - known).mean()
    assert made.size == size
    assert error < plain / 2


def test_what_is_certain_stays_so_and_tiles_have_no_seams() -> None:
    size = (guided.TILE * 2 + 60, guided.TILE + 40)
    image = Image.new("RGB", size, "navy")
    image.paste("orange", (guided.TILE - 30, 0, size[0], size[1]))
    small = (size[0] // 4, size[1] // 4)
    copy = np.asarray(shrink(image, small))
    alpha = (copy[..., 0] / 255).astype(np.float32).clip(0, 1)
    made = np.asarray(guided.enlarge(alpha, copy, image))
    assert (made[:, : guided.TILE - 40] == 0).all()
    assert (made[:, guided.TILE :] >= 254).all()
    assert np.abs(made.astype(int) - made[:1].astype(int)).max() <= 1


def test_an_alpha_of_the_same_size_is_taken_as_it_is() -> None:
    alpha = np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)
    made = guided.enlarge(alpha, np.zeros((10, 10, 3), np.uint8), Image.new("RGB", (10, 10)))
    assert np.asarray(made) == pytest.approx(alpha * 255, abs=0.51)


def test_tiles_cover_a_picture_once() -> None:
    seen = np.zeros((700, 1100), int)
    for left, top, right, bottom in guided.list_tiles((1100, 700)):
        seen[top:bottom, left:right] += 1
    assert (seen == 1).all()
