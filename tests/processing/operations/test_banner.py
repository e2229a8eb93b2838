import io

import pytest
from PIL import Image

from processing.base import Context
from processing.errors import InvalidParams, MissingAsset, SubjectNotFound
from processing.geometry import Box
from processing.picture import Picture
from tests.images import encode, ramps, turned
from tests.processing.running import change, per_cent, px, source_of

PHOTO = ramps((1200, 900))
SUBJECT = (300, 200, 900, 800)


def mask_of(box: Box, size: tuple[int, int] = (1200, 900), *, mode: str = "LA", back: int = 0) -> Image.Image:
    """Marked in the box, not marked around it."""
    made = Image.new(mode, size, back if mode == "L" else (255, 0))
    made.paste(255 if mode == "L" else (0, 255), box)
    return made


def banner(mask: Image.Image | bytes, /, **params: object) -> Picture:
    data = mask if isinstance(mask, bytes) else encode(mask)
    context = Context(assets={"house::mask": data})
    return change("banner", PHOTO, context, mask={"kind": "house", "location": "mask"}, **params)


def covers(made: Picture) -> tuple[float, ...]:
    return *source_of(made, 0, 0), *source_of(made, *made.size)


def test_five_per_cent_of_a_product_are_left_round_it():
    made = banner(mask_of(SUBJECT))
    assert covers(made) == (270, 170, 930, 830)
    x, y, width, height = 270 / 1200, 170 / 900, made.size[0] / 1200, made.size[1] / 900
    assert (x, y, width, height) == pytest.approx((0.225, 0.188889, 0.55, 0.733333), abs=1e-6)
    assert made.frames[0].tobytes() == PHOTO.crop((270, 170, 930, 830)).tobytes()


@pytest.mark.parametrize(
    ("margins", "box"),
    [
        (px(0), SUBJECT),
        (px(8), (292, 192, 908, 808)),
        (px(7.5), (293, 193, 908, 808)),
        (px(250), (50, 0, 1150, 900)),
        (per_cent(1000), (0, 0, 1200, 900)),
    ],
)
def test_margins_are_pixels_or_shares_and_end_at_the_border(margins: dict[str, object], box: Box):
    assert covers(banner(mask_of(SUBJECT), margins=margins)) == box


def test_per_cent_are_of_the_width_beside_and_of_the_height_above():
    assert covers(banner(mask_of((400, 300, 600, 700)), margins=per_cent(10))) == (380, 260, 620, 740)


@pytest.mark.parametrize("faint", [1, 127, 255])
def test_everything_that_is_not_wholly_transparent_is_marked(faint: int):
    mask = Image.new("RGBA", (1200, 900), (255, 255, 255, 0))
    mask.paste((0, 0, 0, faint), SUBJECT)
    assert covers(banner(mask, margins=px(0))) == SUBJECT


def test_without_transparency_bright_pixels_are_marked():
    mask = mask_of(SUBJECT, mode="L", back=127)
    assert covers(banner(mask, margins=px(0))) == SUBJECT
    mask.putpixel((10, 10), 128)
    assert covers(banner(mask, margins=px(0))) == (10, 10, 900, 800)


@pytest.mark.parametrize("alpha", [0, 200, 255])
def test_transparency_that_is_the_same_everywhere_says_nothing(alpha: int):
    mask = mask_of(SUBJECT, mode="L").convert("RGBA")
    mask.putalpha(alpha)
    assert covers(banner(mask, margins=px(0))) == SUBJECT


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_mask_of_another_size_is_laid_over_the_whole_picture(factor: float):
    box = tuple(round(edge * factor) for edge in SUBJECT)
    mask = mask_of(box, (round(1200 * factor), round(900 * factor)))  # type: ignore[arg-type]
    assert covers(banner(mask, margins=px(0))) == SUBJECT


def test_a_mask_of_other_proportions_is_stretched():
    assert covers(banner(mask_of((30, 20, 90, 80), (120, 180)), margins=px(0))) == (300, 100, 900, 400)


def test_a_mask_is_turned_upright_as_its_exif_says():
    assert covers(banner(turned(mask_of(SUBJECT, mode="L").convert("RGB"), 6), margins=px(0))) == pytest.approx(
        SUBJECT, abs=2
    )


def test_the_first_frame_of_an_animated_mask_counts():
    first, second = mask_of(SUBJECT, mode="L"), mask_of((0, 0, 1200, 900), mode="L")
    film = encode(first, "GIF", save_all=True, append_images=[second], duration=50)
    assert covers(banner(film, margins=px(0))) == SUBJECT


def test_a_size_grows_the_part_to_its_shape_inside_the_picture():
    made = banner(mask_of(SUBJECT), margins=px(0), width=1000, height=500)
    assert made.size == (1000, 500)
    assert covers(made) == pytest.approx((0, 200, 1200, 800))
    made = banner(mask_of((0, 0, 100, 400)), margins=px(0), width=200, height=200)
    assert covers(made) == pytest.approx((0, 0, 400, 400))


def test_a_picture_too_small_for_the_shape_gives_the_largest_window_that_holds_the_mark():
    made = banner(mask_of((500, 100, 700, 850)), margins=px(0), width=2000, height=500)
    assert covers(made) == pytest.approx((0, 325, 1200, 625))
    made = banner(mask_of((900, 500, 1150, 700)), margins=px(400), width=100, height=100)
    assert covers(made) == pytest.approx((400, 100, 1200, 900))
    made = banner(mask_of((150, 100, 800, 200)), margins=px(150), width=10, height=10)
    assert covers(made) == pytest.approx((25, 0, 925, 900))


def test_one_side_keeps_the_proportions_of_the_part():
    assert banner(mask_of(SUBJECT), width=330).size == (330, 330)
    assert banner(mask_of((100, 100, 300, 200)), margins=px(0), height=50).size == (100, 50)


def test_enlarging_is_reported():
    assert [loss.code for loss in banner(mask_of(SUBJECT), width=700).losses] == ["enlarged"]
    assert banner(mask_of(SUBJECT), width=600).losses == ()


@pytest.mark.parametrize(
    "mask", [Image.new("L", (12, 9), 127), Image.new("RGBA", (12, 9)), Image.new("RGB", (12, 9), (90, 90, 90))]
)
def test_a_mask_that_marks_nothing_is_refused(mask: Image.Image):
    with pytest.raises(SubjectNotFound) as caught:
        banner(mask)
    assert caught.value.param == "mask"


def test_a_single_marked_pixel_is_enough():
    made = banner(mask_of((1199, 899, 1200, 900)), margins=px(0))
    assert (made.size, covers(made)) == ((1, 1), (1199, 899, 1200, 900))


def test_a_mask_that_is_missing_or_broken_is_refused_by_its_name():
    with pytest.raises(MissingAsset, match=r"^mask: "):
        change("banner", PHOTO, mask={"kind": "house", "location": "mask"})
    with pytest.raises(Exception, match=r"^mask: "):
        banner(io.BytesIO(b"no picture").getvalue())


@pytest.mark.parametrize("wrong", [{"width": 0}, {"margins": {"value": -1}}, {"height": 1.5}])
def test_wrong_parameters_are_refused(wrong: dict[str, object]):
    with pytest.raises(InvalidParams):
        banner(mask_of(SUBJECT), **wrong)
