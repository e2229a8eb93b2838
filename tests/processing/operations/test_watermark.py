import numpy as np
import pytest
from PIL import Image

from processing.base import Context
from processing.errors import InvalidParams, MissingAsset, ResultTooLarge, UnsupportedFormat
from processing.limits import Limits
from tests.images import encode, noise, ramps, see_through
from tests.processing.running import array, change, per_cent, px, shown

PHOTO = ramps((100, 80))
LOGO = {"kind": "house", "location": "logo.png"}
NAME = "house::logo.png"
RED = Image.new("RGB", (20, 10), (255, 0, 0))


def holding(mark: Image.Image, limits: Limits | None = None) -> Context:
    return Context(assets={NAME: encode(mark)}, limits=limits or Limits())


def marked(image: Image.Image, mark: Image.Image = RED, **params: object) -> Image.Image:
    return shown("watermark", image, holding(mark), source=LOGO, **params)


def box_of_change(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int]:
    changed = (array(before) != array(after)).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize(
    ("params", "box"),
    [
        ({}, (40, 35, 60, 45)),
        ({"gravity": "northwest", "x": px(3), "y": px(4)}, (3, 4, 23, 14)),
        ({"gravity": "southeast", "x": per_cent(10), "y": per_cent(5)}, (70, 66, 90, 76)),
        ({"gravity": "northwest", "width": per_cent(50)}, (0, 0, 50, 25)),
        ({"gravity": "northwest", "height": per_cent(50)}, (0, 0, 80, 40)),
        ({"gravity": "northwest", "width": {"value": 50, "unit": "%h"}}, (0, 0, 40, 20)),
        ({"gravity": "northwest", "width": px(7), "height": px(30)}, (0, 0, 7, 30)),
        ({"gravity": "northwest", "x": px(-15), "y": px(-4)}, (0, 0, 5, 6)),
        ({"gravity": "southeast", "x": px(-15), "y": px(-4)}, (95, 74, 100, 80)),
        ({"width": per_cent(300)}, (0, 0, 100, 80)),
    ],
)
def test_sizes_and_places_relate_to_the_picture_below(params: dict, box: tuple[int, int, int, int]):
    made = marked(PHOTO, **params)
    assert made.size == PHOTO.size
    assert box_of_change(PHOTO, made) == box
    assert made.getpixel((box[0], box[1])) == (255, 0, 0)


def test_a_watermark_beside_the_picture_changes_nothing():
    assert marked(PHOTO, gravity="west", x=px(-20)).tobytes() == PHOTO.tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_it_is_laid_over_by_its_alpha(mode: str):
    below, above = noise((60, 40), mode=mode), noise((60, 40), mode="RGBA", seed=2)
    made = array(marked(below, above))
    expected = lay_over(array(below.convert("RGBA")), array(above))
    assert np.abs(made[..., :3] - expected[..., :3]).max() <= 1
    if mode == "RGBA":
        assert np.abs(made[..., 3] - expected[..., 3]).max() <= 1


def lay_over(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Source-over with straight alpha."""
    top, bottom = above[..., 3:] / 255, below[..., 3:] / 255
    alpha = top + bottom * (1 - top)
    colors = top * above[..., :3] + bottom * below[..., :3] * (1 - top)
    return np.concatenate([colors / np.maximum(alpha, 1e-9), alpha * 255], axis=2)


def test_a_transparent_watermark_is_scaled_without_dark_seams():
    mark = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    mark.paste((255, 255, 255, 255), (20, 0, 40, 40))
    made = array(marked(Image.new("RGB", (100, 80), "white"), mark, width=px(30)))
    assert made.min() == 255


def test_a_plain_picture_stays_plain_and_a_transparent_one_keeps_its_alpha():
    assert marked(PHOTO, see_through((10, 10))).mode == "RGB"
    made = marked(see_through((100, 80)), gravity="west")
    assert made.getpixel((5, 40)) == (255, 0, 0, 255)
    assert made.getpixel((99, 40))[3] == 255


def test_it_is_decoded_once_for_all_steps():
    context = holding(RED)
    shown("watermark", PHOTO, context, source=LOGO)
    decoded = context.decoded[NAME]
    shown("watermark", PHOTO, context, source=LOGO, gravity="north")
    assert context.decoded == {NAME: decoded}


def test_an_asset_that_was_not_handed_over_is_named():
    with pytest.raises(MissingAsset, match=r"logo\.png") as caught:
        change("watermark", PHOTO, Context(), source=LOGO)
    assert caught.value.param == "source"


def test_an_asset_that_is_no_picture_is_named():
    with pytest.raises(UnsupportedFormat, match=r"logo\.png") as caught:
        change("watermark", PHOTO, Context(assets={NAME: b"not a picture"}), source=LOGO)
    assert caught.value.param == "source"


def test_scaling_it_beyond_the_limits_is_refused():
    with pytest.raises(ResultTooLarge):
        change("watermark", PHOTO, holding(RED, Limits(max_pixels=10_000)), source=LOGO, width=per_cent(300))


@pytest.mark.parametrize("params", [{}, {"source": "/logo.png"}, {"source": LOGO, "opacity": 1}])
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("watermark", PHOTO, **params)
