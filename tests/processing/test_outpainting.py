"""What continuing a picture looks like: by the numbers that eyes go by."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from processing.outpainting import extend
from tests.images import noise, ramps, see_through
from tests.processing.running import array


def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()[..., :3]).resize((300, 200))


@pytest.mark.parametrize("corner", [(0, 0), (150, 40), (37, 90)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_picture_stays_to_the_bit_where_it_is(mode: str, corner: tuple[int, int]):
    image = noise((80, 60)) if mode == "RGB" else ramps((80, 60)).convert("RGBA")
    made = extend(image, (260, 160), corner, 0.15)
    assert (made.mode, made.size) == (mode, (260, 160))
    assert made.crop((*corner, corner[0] + 80, corner[1] + 60)).tobytes() == image.tobytes()


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
@pytest.mark.parametrize("feathering", [0, 0.15, 0.5])
def test_there_is_no_seam_at_the_edges_of_a_photograph(name: str, feathering: float):
    image = photo(name)
    made = array(extend(image, (500, 360), (100, 80), feathering)).astype(float)
    for inner, outer, before in (
        (made[80:280, 100], made[80:280, 99], made[80:280, 101]),
        (made[80:280, 399], made[80:280, 400], made[80:280, 398]),
        (made[80, 100:400], made[79, 100:400], made[81, 100:400]),
        (made[279, 100:400], made[280, 100:400], made[278, 100:400]),
    ):
        # The step over the edge is no larger than the steps beside it are, as the eye takes it: on the whole.
        assert abs((inner - outer).mean()) < 2.5
        assert np.abs(inner - outer).mean() < np.abs(inner - before).mean() + 1.5


def test_detail_fades_with_distance():
    made = array(extend(noise((200, 200)), (1000, 200), (400, 0), 0.15)).astype(float)
    near, middle, far = (made[:, start : start + 20].std() for start in (378, 330, 100))
    assert near > 2 * middle
    assert middle > far
    assert far < 10


def test_feathering_says_how_far_detail_reaches():
    short, long = (array(extend(noise((200, 200)), (1000, 200), (400, 0), share)) for share in (0.05, 0.5))
    assert long[:, 340:380].std() > 2 * short[:, 340:380].std()


def test_the_lights_of_an_edge_go_on():
    # Mirrored, this ramp would get darker again beyond its bright end.
    made = array(extend(ramps((200, 100)), (400, 100), (0, 0), 0.15))
    assert made[:, 260, 0].min() > 240
    assert made[:, 399, 0].min() > 180


def test_a_plain_picture_is_continued_plainly():
    made = extend(Image.new("RGB", (90, 70), (12, 140, 250)), (301, 211), (100, 50), 0.15)
    assert np.abs(array(made) - (12, 140, 250)).max() <= 1


def test_what_is_transparent_at_the_edge_stays_so_beyond_it():
    image = see_through((200, 100))
    image.paste((255, 0, 0, 0), (0, 0, 60, 100))
    made = array(extend(image, (300, 100), (100, 0), 0.15))
    assert made[:, :100, 3].max() <= 10


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (2, 3)])
def test_the_smallest_pictures_are_continued(size: tuple[int, int]):
    made = extend(Image.new("RGB", size, "navy"), (40, 30), (17, 11), 0.15)
    assert np.abs(array(made) - (0, 0, 128)).max() <= 1


def test_a_picture_is_continued_far_beyond_its_own_size():
    made = extend(photo("coffee").resize((60, 40)), (1200, 40), (570, 0), 0.15)
    assert made.size == (1200, 40)
    assert array(made)[:, :100].std(axis=1).max() < 10
