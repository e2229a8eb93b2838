import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from processing.fonts import Face, find_faces, folders, use
from processing.lettering import SHAPES, Block, compose
from tests.processing.running import array

SIZE = 40
needs_fribidi = pytest.mark.skipif(not SHAPES, reason="FriBiDi is not installed (Debian's libfribidi0)")
both = pytest.mark.parametrize("shapes", [pytest.param(True, marks=needs_fribidi), False])


@pytest.fixture(autouse=True)
def shipped_alone():
    """A machine without any font of its own."""
    use([folder for folder in folders() if "site-packages" in folder.parts])
    yield
    use([])


def written(text: str, *, shapes: bool = SHAPES, faces: list[Face] | None = None) -> Block:
    return compose(text, faces or find_faces("Arial"), SIZE, shapes=shapes)


def drawn(block: Block) -> Image.Image:
    mask = Image.new("L", (block.size[0] + 20, block.size[1]))
    block.draw(ImageDraw.Draw(mask), (10, 0), share=0.0, height=mask.height)
    return mask


def parts(text: str, *, shapes: bool = SHAPES) -> list[tuple[str, str]]:
    """The runs of one line from left to right: family and text."""
    (line,) = written(text, shapes=shapes).lines
    return [(run.font.getname()[0] or "", run.text) for run in line]


@both
def test_a_line_of_one_script_is_one_run(shapes: bool):
    assert parts("Plain text, (really)!", shapes=shapes) == [("Arimo", "Plain text, (really)!")]


@both
def test_characters_that_the_face_lacks_come_from_another(shapes: bool):
    assert parts("Hi नम!", shapes=shapes) == [("Arimo", "Hi "), ("Noto Sans Devanagari", "नम"), ("Arimo", "!")]


@both
def test_blanks_inside_a_script_stay_in_its_face(shapes: bool):
    assert parts("नम नम", shapes=shapes) == [("Noto Sans Devanagari", "नम नम")]


@both
def test_blanks_beside_emoji_do_not_come_from_their_face(shapes: bool):
    assert parts("😀 😀", shapes=shapes) == [("Noto Emoji", "😀"), ("Arimo", " "), ("Noto Emoji", "😀")]


@needs_fribidi
@pytest.mark.parametrize("text", ["👍🏽", "👨‍👩‍👧", "🇩🇪", "❤️", "e\u0301\u0323"])
def test_what_makes_one_sign_stays_in_one_run(text: str):
    assert len(parts(text)) == 1


@both
def test_runs_stand_in_the_order_of_the_lines_script(shapes: bool):
    families = [family for family, _ in parts("Hi नम אב", shapes=shapes)]
    assert families == ["Arimo", "Noto Sans Devanagari", "Arimo", "Arimo"]
    families = [family for family, _ in parts("אב Hi नम", shapes=shapes)]
    assert families == ["Arimo", "Noto Sans Devanagari", "Arimo"]


@both
def test_hebrew_runs_from_right_to_left(shapes: bool):
    forwards, backwards = drawn(written("אב", shapes=shapes)), drawn(written("בא", shapes=shapes))
    letter = drawn(written("א", shapes=shapes))
    width = letter.width - 20
    first_at_right = forwards.crop((forwards.width - 10 - width, 0, forwards.width - 10, forwards.height))
    first_at_left = backwards.crop((10, 0, 10 + width, backwards.height))
    alone = letter.crop((10, 0, 10 + width, letter.height))
    assert difference(first_at_right, alone) < 8
    assert difference(first_at_left, alone) < 8


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(array(one) - array(other)).mean())


@needs_fribidi
@pytest.mark.parametrize(
    "text", ["Text", "שלום עולם", "السلام عليكم", "گفتگو", "لأول", "Sale (50%) שלום, دار 12", "א (ב) «ג»", "Ελλάδα Ж"]
)
def test_text_looks_the_same_with_and_without_the_library_that_shapes_it(text: str):
    shaped, plain = drawn(written(text, shapes=True)), drawn(written(text, shapes=False))
    assert plain.width == pytest.approx(shaped.width, rel=0.07)
    plain = plain.resize(shaped.size)
    # Letters are spaced a little otherwise; in another order or form they would differ by 12 levels or more.
    assert difference(blurred(shaped), blurred(plain)) < 9
    assert difference(blurred(shaped), blurred(ImageOps.mirror(plain))) > 12


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(3))


@pytest.mark.parametrize("text", ["नमस्ते", "👨\u200d👩", "👍🏽", "ก\u0e49"])
def test_text_that_needs_shaping_is_rough_without_it(text: str):
    assert written(text, shapes=False).is_rough


@pytest.mark.parametrize("text", ["Text", "e\u0301", "שלום", "السلام", "❤️"])
def test_text_that_needs_none_is_not(text: str):
    assert not written(text, shapes=False).is_rough


@needs_fribidi
def test_shaped_text_is_never_rough():
    assert not written("नमस्ते", shapes=True).is_rough


def test_letters_with_marks_are_composed_before_a_face_is_looked_for():
    assert drawn(written("e\u0301")).tobytes() == drawn(written("é")).tobytes()


def test_a_line_is_as_high_as_its_faces_ascent_and_descent():
    block, font = written("Two\nlines"), find_faces("Arial")[0].at(SIZE)
    assert (block.ascent, block.line_height) == (font.getmetrics()[0], sum(font.getmetrics()))
    assert block.size[1] == 2 * block.line_height


def test_a_line_with_a_taller_face_is_higher():
    assert written("ကြီး").line_height > written("Text").line_height


def test_an_empty_line_counts():
    assert written("a\n\nb").size[1] == 3 * written("a").size[1]
    assert written("\n").size == (1, 2 * written("a").size[1])


def test_missing_characters_are_named_once_each_in_their_order():
    assert written("b\ue001a\ue000\ue001\n\ue002 \u200b").missing == "\ue001\ue000\ue002"


@both
def test_controls_and_separators_draw_nothing(shapes: bool):
    clean = drawn(written("ab", shapes=shapes)).tobytes()
    assert drawn(written("a\u2028\x07\u2029b\r", shapes=shapes)).tobytes() == clean


@both
@pytest.mark.parametrize(
    "text", ["\u202e", "\u200f", "\u0301", "\ufe0f", "\u200d\u200d", "\U0001f3fd", "\U0001f1e9", " "]
)
def test_lone_marks_and_controls_do_no_harm(shapes: bool, text: str):
    block = written(text, shapes=shapes)
    assert block.size[1] > 0
    drawn(block)
