import pytest
from PIL import Image, ImageChops

from processing import operations
from processing.analysis import Analysis
from processing.base import Context
from processing.decoders import load
from processing.errors import InvalidParams, MissingAsset
from processing.limits import Limits
from tests.images import encode, ramps, see_through
from tests.processing.running import change, px, shown

WALL = {"kind": "house", "location": "wall.png"}
NAME = "house::wall.png"


def holding(image: Image.Image) -> Context:
    return Context(assets={NAME: encode(image)})


def test_a_colour_shows_where_the_picture_is_see_through() -> None:
    above = see_through((64, 20))
    made = shown("backdrop", above, color="#0000ff")
    assert made.mode == "RGB"
    expected = Image.alpha_composite(Image.new("RGBA", above.size, (0, 0, 255, 255)), above).convert("RGB")
    assert max(high for _, high in _difference(made, expected)) <= 1


def test_a_picture_behind_covers_the_canvas_from_its_middle() -> None:
    wall = Image.new("RGB", (30, 60), "black")
    wall.paste((255, 0, 0), (0, 15, 30, 45))
    made = shown("backdrop", Image.new("RGBA", (40, 40)), holding(wall), image=WALL)
    assert (made.size, made.mode) == ((40, 40), "RGB")
    assert made.getpixel((20, 20)) == (255, 0, 0)
    assert made.getpixel((1, 1))[0] > 200


def test_a_see_through_picture_behind_leaves_the_result_see_through() -> None:
    made = shown("backdrop", Image.new("RGBA", (40, 40)), holding(see_through((40, 40))), image=WALL)
    assert made.mode == "RGBA"
    assert made.getpixel((0, 20))[3] == 0
    assert made.getpixel((39, 20))[3] == 255


def test_a_see_through_source_can_be_left_as_it_is() -> None:
    above = see_through((64, 20))
    assert shown("backdrop", above, color="#ffffff", sources="opaque").tobytes() == above.tobytes()


@pytest.mark.parametrize("source", [ramps((32, 24)), ramps((32, 24)).convert("RGBA")], ids=["rgb", "opaque-rgba"])
def test_what_was_cut_out_of_an_opaque_source_gets_its_ground(source: Image.Image) -> None:
    seen = Context(analysis=Analysis(load(encode(source), Limits())))
    cut = source.convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 16, 24))
    made = shown("backdrop", cut, seen, color="#00ff00", sources="opaque")
    assert (made.mode, made.getpixel((3, 3))) == ("RGB", (0, 255, 0))
    assert made.getpixel((30, 3)) == source.convert("RGB").getpixel((30, 3))


def test_an_opaque_picture_hides_what_is_behind() -> None:
    photo = ramps((32, 24))
    assert shown("backdrop", photo, color="#123456").tobytes() == photo.tobytes()


def test_where_the_picture_lies_in_its_source_is_kept() -> None:
    cut = change("crop", see_through((32, 24)), width=px(8), height=px(8), fit=False)
    backdrop = operations.get("backdrop")
    made = backdrop.apply(cut, backdrop.Params(color="#000000"), Context())
    assert made.to_source == cut.to_source == (1, 0, 12, 0, 1, 8)


@pytest.mark.parametrize("params", [{}, {"color": "#ffffff", "image": WALL}])
def test_it_takes_one_ground(params: dict[str, object]) -> None:
    with pytest.raises(InvalidParams, match="color or image"):
        shown("backdrop", see_through((4, 4)), **params)


def test_a_picture_that_cannot_be_had_is_named() -> None:
    with pytest.raises(MissingAsset, match="image"):
        shown("backdrop", see_through((4, 4)), image=WALL)


def _difference(one: Image.Image, other: Image.Image) -> list[tuple[int, int]]:
    return list(ImageChops.difference(one, other).getextrema())
