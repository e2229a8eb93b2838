import numpy as np
import pytest
from PIL import Image

from processing.base import Context
from processing.errors import InvalidParams, ResultTooLarge
from processing.fonts import find_faces
from processing.geometry import place
from processing.lettering import compose
from processing.limits import Limits
from tests.images import ramps
from tests.processing.running import array, change, per_cent, px, shown

WHITE = Image.new("RGB", (480, 360), "white")
GRAVITIES = ["northwest", "north", "northeast", "west", "center", "east", "southwest", "south", "southeast"]


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """The box of what is not white: left, top, right, bottom."""
    drawn = (array(image)[..., :3] < 255).any(axis=2)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def block(text: str, size: float) -> tuple[int, int]:
    """Width and height that the text takes."""
    return compose(text, find_faces("Arial"), size).size


@pytest.mark.parametrize("gravity", GRAVITIES)
@pytest.mark.parametrize("text", ["Test text", "Two\nlines of text", "A\n\nB"])
def test_all_ink_lies_in_the_block_that_gravity_places(gravity: str, text: str):
    made = shown("annotation", WHITE, text=text, size=30, gravity=gravity, x=px(12), y=per_cent(5))
    size = block(text, 30)
    left, top = place(size, WHITE.size, gravity, (12, 18))
    box = ink(made)
    assert box[0] >= left - 1
    assert box[1] >= top - 1
    assert box[2] <= left + size[0] + 1
    assert box[3] <= top + size[1] + 1


def test_the_colour_asked_for_dominates():
    made = array(shown("annotation", WHITE, text="HHHH", size=80, color="#c01020"))
    drawn = made[(made < 255).any(axis=2)]
    assert (drawn == [0xC0, 0x10, 0x20]).all(axis=1).mean() > 0.6


def test_the_size_is_the_em_height():
    assert shown("annotation", WHITE, text="H", size=100).size == WHITE.size
    low, high = (ink(shown("annotation", WHITE, text="H", size=size)) for size in (50, 100))
    assert high[3] - high[1] == pytest.approx(2 * (low[3] - low[1]), abs=2)
    assert 60 <= high[3] - high[1] <= 80


@pytest.mark.parametrize("text", ["שלום", "السلام عليكم", "Größe", "नमस्ते", "สวัสดี", "😀", "mixed שלום 😀"])
def test_other_scripts_are_written_and_nothing_is_missing(text: str):
    made = change("annotation", WHITE, text=text, size=40)
    assert "glyph_missing" not in [loss.code for loss in made.losses]
    assert ink(made.frames[0])


@pytest.mark.skipif(not any(face.has("漢字") for face in find_faces("Arial")), reason="no Chinese font is installed")
def test_chinese_in_a_latin_line_is_written_where_a_font_has_it():
    assert change("annotation", WHITE, text="Sale 漢字!", size=40).losses == ()


@pytest.mark.parametrize(("gravity", "edge"), [("west", 0), ("east", 2)])
def test_lines_are_aligned_to_the_side_that_gravity_names(gravity: str, edge: int):
    made = shown("annotation", WHITE, text="HHHHHH\nH", size=40, gravity=gravity)
    upper, lower = ink(made.crop((0, 0, 480, 180))), ink(made.crop((0, 180, 480, 360)))
    assert abs(upper[edge] - lower[edge]) <= 1


def test_lines_are_centred_by_default():
    made = shown("annotation", WHITE, text="HHHHHH\nH", size=40)
    upper, lower = ink(made.crop((0, 0, 480, 180))), ink(made.crop((0, 180, 480, 360)))
    assert abs(upper[0] + upper[2] - lower[0] - lower[2]) <= 3


def test_text_beyond_the_edge_is_cut_off():
    made = shown("annotation", WHITE, text="HHHH", size=60, gravity="west", x=px(-50))
    assert ink(made)[0] == 0
    assert made.size == WHITE.size


def test_text_outside_the_picture_changes_nothing():
    assert shown("annotation", WHITE, text="H", gravity="north", y=px(-500)).tobytes() == WHITE.tobytes()


def test_text_over_transparency_has_its_own_colour_up_to_its_edge():
    made = array(shown("annotation", Image.new("RGBA", (200, 80), (0, 0, 0, 0)), text="Text", size=40, color="#ffffff"))
    assert made[..., 3].max() == 255
    assert made[made[..., 3] > 0][:, :3].min() == 255


def test_control_characters_draw_nothing():
    plain = shown("annotation", WHITE, text="ab", size=40)
    assert shown("annotation", WHITE, text="a\x01\r\x7fb", size=40).tobytes() == plain.tobytes()


def test_a_font_that_is_not_installed_is_reported():
    made = change("annotation", WHITE, text="Text", font="No Such Face")
    assert [loss.code for loss in made.losses] == ["font_missing"]
    assert "No Such Face" in made.losses[0].message


def test_characters_that_no_font_has_are_reported():
    made = change("annotation", WHITE, text="Text \U0010f123\U0010f124\U0010f123")
    assert [(loss.code, loss.message) for loss in made.losses] == [
        ("glyph_missing", "no installed font has the characters '\\U0010f123\\U0010f124'")
    ]


def test_a_photo_keeps_its_pixels_beside_the_text():
    photo = ramps((200, 100))
    made = shown("annotation", photo, text="H", size=20, gravity="northwest")
    assert made.crop((50, 0, 200, 100)).tobytes() == photo.crop((50, 0, 200, 100)).tobytes()


def test_text_that_would_take_more_pixels_than_the_limits_allow_is_refused():
    with pytest.raises(ResultTooLarge):
        change("annotation", WHITE, Context(limits=Limits(max_pixels=1_000_000)), text="H" * 100, size=500)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"text": ""},
        {"text": "a" * 2001},
        {"text": 5},
        {"text": "a", "size": 0},
        {"text": "a", "size": "big"},
        {"text": "a", "color": "red"},
        {"text": "a", "gravity": "middle"},
    ],
)
def test_other_parameters_are_refused(params: dict):
    with pytest.raises(InvalidParams):
        change("annotation", WHITE, **params)
