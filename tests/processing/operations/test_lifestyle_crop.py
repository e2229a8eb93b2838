"""Windows to the pixel on cut-outs, whose object is what is not transparent, and what is really seen on photographs."""

from typing import Any

import pytest
from PIL import Image

from processing.errors import InvalidParams, SubjectNotFound
from processing.geometry import Box, Size
from processing.picture import Picture
from tests.images import photograph, ramps
from tests.processing.running import change, per_cent, px, source_of

PRODUCT = (150, 100, 450, 400)
COFFEE = photograph("coffee", (600, 400))
ASTRONAUT = photograph("astronaut", (512, 512))


def cut_out(box: tuple[int, int, int, int] = PRODUCT, size: Size = (600, 450)) -> Image.Image:
    """Ramps in the box, nothing around it."""
    made = ramps(size)
    alpha = Image.new("L", size)
    alpha.paste(255, box)
    made.putalpha(alpha)
    return made


def crop(image: Image.Image, /, **params: Any) -> Picture:
    return change("lifestyle_crop", image, **params)


def covers(made: Picture) -> Box:
    left, top = source_of(made, 0, 0)
    right, bottom = source_of(made, *made.size)
    return left, top, right, bottom


def sides(top: dict[str, Any], right: dict[str, Any], bottom: dict[str, Any], left: dict[str, Any]) -> dict[str, Any]:
    return {"top": top, "right": right, "bottom": bottom, "left": left}


def test_what_is_trimmed_is_the_object_with_its_margins_unscaled():
    image = cut_out()
    made = crop(image, margins=sides(px(20), px(1), px(20), px(50)))
    assert covers(made) == (100, 80, 451, 420)
    assert made.frames[0].tobytes() == image.crop((100, 80, 451, 420)).tobytes()


def test_per_cent_are_of_the_object():
    made = crop(cut_out((100, 150, 300, 250)), margins=sides(per_cent(10), per_cent(5), per_cent(20), per_cent(50)))
    assert covers(made) == (0, 140, 310, 270)


@pytest.mark.parametrize(
    ("size", "margins", "window"),
    [
        ((160, 120), sides(px(20), px(0), px(20), px(50)), (275 - 680 / 3, 80, 275 + 680 / 3, 420)),
        ((80, 80), sides(*[per_cent(5)] * 4), (135, 85, 465, 415)),
        ((600, 450), {}, (100, 100, 500, 400)),
        ((100, 200), {}, (187.5, 0, 412.5, 450)),
    ],
)
def test_a_size_grows_the_window_to_its_shape(size: Size, margins: dict[str, Any], window: Box):
    made = crop(cut_out(), margins=margins, size={"width": size[0], "height": size[1]})
    assert made.size == size
    assert covers(made) == pytest.approx(window)


def test_the_window_shifts_inside_at_the_border():
    made = crop(cut_out((500, 0, 600, 300)), size={"width": 300, "height": 300})
    assert covers(made) == pytest.approx((300, 0, 600, 300))


def test_the_size_of_the_source():
    made = crop(cut_out(), size="source")
    assert made.size == (600, 450)
    assert covers(made) == pytest.approx((100, 100, 500, 400))
    assert [loss.code for loss in made.losses] == ["enlarged"]


def test_nothing_is_ever_painted():
    image = COFFEE.convert("RGBA")
    alpha = Image.new("L", image.size, 100)
    alpha.paste(255, (0, 0, image.width, image.height * 2 // 3))
    image.putalpha(alpha)
    made = crop(image, margins=sides(*[px(3000)] * 4), size={"width": 50, "height": 200})
    assert made.frames[0].getchannel("A").getextrema()[0] >= 60


@pytest.mark.parametrize(
    "size", [{"width": 200, "height": 200}, {"width": 300, "height": 100}, {"width": 100, "height": 300}]
)
def test_the_cup_is_in_the_picture(size: dict[str, int]):
    made = crop(COFFEE, margins=sides(*[per_cent(2)] * 4), size=size)
    left, top, right, bottom = covers(made)
    assert made.size == (size["width"], size["height"])
    assert left < 278 < right
    assert top < 200 < bottom
    assert min(left, top) >= 0
    assert (right <= 600, bottom <= 400) == (True, True)


def test_the_astronaut_is_trimmed_to_herself():
    left, top, right, bottom = covers(crop(ASTRONAUT, category="people"))
    assert top == pytest.approx(14, abs=14)
    assert bottom == pytest.approx(512, abs=3)
    assert left < 60
    assert right > 330


def test_a_picture_without_an_object_is_refused_or_kept():
    plain = Image.new("RGB", (300, 200), (128, 128, 128))
    with pytest.raises(SubjectNotFound):
        crop(plain)
    made = crop(plain, on_missing="keep")
    assert made.frames[0].tobytes() == plain.tobytes()
    assert [loss.code for loss in made.losses] == ["no_subject"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "match"},
        {"size": {"width": 0}},
        {"margins": {"top": {"value": -1}}},
        {"hints": ["a"] * 6},
        {"hints": [5]},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InvalidParams):
        crop(ramps((40, 30)), **wrong)
