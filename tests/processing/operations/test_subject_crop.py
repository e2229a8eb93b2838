"""Places to the pixel on cut-outs, whose object is what is not transparent, and what is really seen on photographs."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from processing import operations
from processing.base import Context, Step
from processing.errors import InvalidParams, MissingAsset, SubjectNotFound
from processing.formats import Output
from processing.geometry import Box, Size
from processing.limits import Limits
from processing.picture import Picture
from processing.pipeline import Variant, run
from tests.images import encode, photograph, ramps, turned
from tests.processing.running import array, change, per_cent, px, source_of

SQUARE = (30, 10, 630, 610)
SIDES = ("top", "right", "bottom", "left")
COFFEE = photograph("coffee", (600, 400))
CUP = (78, 19, 479, 386)
"""Cup and saucer, read off the picture."""


def cut_out(box: tuple[int, int, int, int] = SQUARE, size: Size = (640, 620)) -> Image.Image:
    """Red in the box, nothing around it."""
    made = Image.new("RGBA", size)
    made.paste((200, 30, 30, 255), box)
    return made


def lay(image: Image.Image, /, context: Context | None = None, **params: Any) -> Picture:
    return change("subject_crop", image, context, **params)


def all_round(margin: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(SIDES, margin)


def seen_at(made: Picture) -> Box:
    """Where the red lies, from the pixels."""
    colors = array(made.frames[0].convert("RGBA"))
    red = (colors[..., 0] > 150) & (colors[..., 1] < 90) & (colors[..., 3] > 128)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def test_a_product_with_eight_per_cent_all_round_on_two_by_three_thousand():
    made = lay(cut_out(), width=2000, height=3000, margins=all_round(per_cent(8)))
    assert made.size == (2000, 3000)
    left, top, right, bottom = seen_at(made)
    assert (left, top) == pytest.approx((138, 638), abs=1)
    assert (right - left, bottom - top) == pytest.approx((1724, 1724), abs=1)


@pytest.mark.parametrize(
    ("params", "box"),
    [
        ({}, (0, 0, 600, 600)),
        ({"height": 900}, (0, 150, 600, 750)),
        ({"width": 900, "horizontal": "left"}, (0, 0, 600, 600)),
        ({"width": 900, "horizontal": "right"}, (300, 0, 900, 600)),
        ({"height": 900, "vertical": "top", "vertical_margin": 10.0}, (0, 60, 600, 660)),
        ({"height": 900, "vertical": "bottom", "vertical_margin": 10.0}, (0, 240, 600, 840)),
        (
            {"width": 900, "horizontal": "left", "horizontal_margin": 5.0, "margins": {"left": px(50)}},
            (50, 0, 650, 600),
        ),
        ({"margins": all_round(px(50))}, (50, 50, 550, 550)),
        ({"margins": all_round(per_cent(50))}, (150, 150, 450, 450)),
        ({"height": 1200, "margins": {"top": px(100)}}, (0, 350, 600, 950)),
        ({"width": 300, "height": 300}, (0, 0, 300, 300)),
        ({"width": 1200, "height": 1200}, (0, 0, 1200, 1200)),
    ],
)
def test_where_the_object_lies_to_the_pixel(params: dict[str, Any], box: Box):
    made = lay(cut_out(), **{"width": 600, "height": 600, **params})
    assert seen_at(made) == pytest.approx(box, abs=1)


def test_without_a_size_the_canvas_is_as_large_as_the_source():
    assert lay(cut_out()).size == (640, 620)
    assert lay(cut_out(), width=50).size == (50, 620)


def test_the_size_of_the_source_is_meant_also_after_other_steps():
    steps = (
        Step(operation="resize", params={"width": {"value": 320}}),
        Step(operation="subject_crop", params={"margins": all_round(px(10))}),
    )
    encoded = run(encode(cut_out()), [Variant(steps, Output(format="png"))], limits=Limits()).outcomes[0].encoded
    assert encoded is not None
    assert encoded.size == (640, 620)


def test_margins_that_leave_nothing_are_refused():
    with pytest.raises(InvalidParams, match="leave no room") as caught:
        lay(cut_out(), width=100, height=100, margins={"left": px(60), "right": px(40)})
    assert caught.value.param == "margins"


def test_a_colour_lies_behind():
    made = lay(cut_out(), width=600, height=900, background="#ff5733")
    assert made.frames[0].mode == "RGB"
    assert made.frames[0].getpixel((300, 10)) == (255, 87, 51)
    assert made.frames[0].getpixel((300, 450)) == (200, 30, 30)


def test_without_a_colour_what_is_behind_is_transparent():
    made = lay(cut_out(), width=600, height=900).frames[0]
    assert (made.mode, made.getpixel((300, 10))[3], made.getpixel((300, 450))[3]) == ("RGBA", 0, 255)


def test_a_picture_behind_covers_the_canvas():
    wall = Image.new("RGB", (40, 20), "navy")
    wall.paste((255, 255, 0), (0, 0, 5, 20))
    context = Context(assets={"house::wall": encode(wall)})
    made = lay(cut_out(), context, width=600, height=900, image={"kind": "house", "location": "wall"}).frames[0]
    assert made.mode == "RGB"
    assert made.getpixel((0, 10)) == made.getpixel((599, 890)) == (0, 0, 128)
    with pytest.raises(MissingAsset, match="image"):
        lay(cut_out(), image={"kind": "house", "location": "wall"})


def test_half_transparent_edges_blend_into_the_colour():
    image = cut_out()
    image.paste((200, 30, 30, 128), (30, 10, 60, 610))
    made = lay(image, width=600, height=600, background="#ffffff").frames[0]
    assert made.getpixel((10, 300)) == pytest.approx((227, 142, 142), abs=3)


def test_enlarging_is_reported():
    assert [loss.code for loss in lay(cut_out(), width=1300, height=1300).losses] == ["enlarged"]
    assert lay(cut_out(), width=300, height=300).losses == ()


def test_the_map_finds_the_way_back_to_the_source():
    made = lay(cut_out(), width=300, height=300)
    assert source_of(made, 0, 0) == pytest.approx((30, 10))
    assert source_of(made, 300, 300) == pytest.approx((630, 610))


def test_an_object_at_the_border_is_laid_out_like_any_other():
    made = lay(cut_out((0, 0, 200, 620)), width=620, height=620, margins=all_round(per_cent(0)))
    assert seen_at(made) == pytest.approx((210, 0, 410, 620), abs=1)


def test_every_frame_is_laid_where_the_first_is():
    first, second = cut_out(), cut_out((100, 100, 200, 200))
    film = Picture((first, second), first.size, lay(first).source, durations_ms=(40, 60))
    params = operations.parse("subject_crop", {"width": 600, "height": 600})
    made = operations.get("subject_crop").apply(film, params, Context())
    assert made.durations_ms == (40, 60)
    second_alone = Picture((made.frames[1],), made.size, made.source)
    assert seen_at(second_alone) == pytest.approx((70, 90, 170, 190), abs=1)


def test_the_cup_is_found_and_laid_in_the_middle():
    made = lay(COFFEE, width=500, height=500, margins=all_round(per_cent(10)), background="#ffffff")
    left, top = source_of(made, 0, 0)
    right, bottom = source_of(made, 500, 500)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx(
        ((CUP[0] + CUP[2]) / 2, (CUP[1] + CUP[3]) / 2), abs=8
    )
    assert right - left == pytest.approx(1.2 * (CUP[2] - CUP[0]), rel=0.1)
    assert made.frames[0].getpixel((250, 2)) == (255, 255, 255)


def test_what_lies_by_exif_is_laid_upright():
    step = Step(operation="subject_crop", params={"width": 300, "height": 300})
    files = encode(COFFEE), turned(COFFEE, 6)
    covers = []
    for data in files:
        encoded = run(data, [Variant((step,), Output(format="png"))], limits=Limits()).outcomes[0].encoded
        assert encoded is not None
        covers.append(encoded.covers)
    assert covers[0] == pytest.approx(covers[1], abs=8)


def test_a_picture_without_an_object_is_refused_or_kept():
    plain = Image.new("RGB", (300, 200), (128, 128, 128))
    for empty in (plain, Image.new("RGBA", (300, 200))):
        with pytest.raises(SubjectNotFound):
            lay(empty)
        made = lay(empty, on_missing="keep")
        assert made.frames[0].tobytes() == empty.tobytes()
        assert [loss.code for loss in made.losses] == ["no_subject"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"horizontal": "middle"},
        {"margins": {"top": {"value": -1}}},
        {"horizontal_margin": -1},
        {"horizontal_margin": "5%"},
        {"background": "white"},
        {"background": "#ffffff", "image": {"kind": "house", "location": "wall"}},
        {"category": "shoes"},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InvalidParams):
        lay(ramps((40, 30)), **wrong)
