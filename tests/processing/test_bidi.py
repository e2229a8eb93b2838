import ctypes
import ctypes.util
import random

import pytest

from processing.bidi import find_levels, order

FRIBIDI = ctypes.util.find_library("fribidi")
LETTERS = "abאבجد123٤٥.,:+-$%()[]<> !?\u0301\u200f"


def shown(line: str) -> str:
    return "".join(order(line, find_levels(line)))


@pytest.mark.parametrize(
    ("line", "visual"),
    [
        ("", ""),
        ("plain", "plain"),
        ("אבג", "גבא"),
        ("ab אב cd", "ab בא cd"),
        ("אב cd גד", "דג cd בא"),
        ("אב 12 גד", "דג 12 בא"),
        ("a אב 12 גד b", "a דג 12 בא b"),
        ("אב, cd!", "!cd ,בא"),
        ("אב (cd) גד", "דג )cd( בא"),
        ("a (אב) b", "a (בא) b"),
        ("a (אב", "a (בא"),
        ("אב 25% גד", "דג 25% בא"),
        ("أب 25% ج", "ج %25 بأ"),
        ("אב 1,234.5 גד", "דג 1,234.5 בא"),
        ("אב 1-2", "1-2 בא"),
        ("a אב  ", "a בא  "),
        ("אב\u0301ג", "ג\u0301בא"),
        ("...אב", "בא..."),
        ("!", "!"),
    ],
)
def test_lines_are_put_in_the_order_that_they_are_read_in(line: str, visual: str):
    assert shown(line) == visual


def test_marks_of_direction_count_though_they_are_invisible():
    assert find_levels("\u200fa") == [1, 2]
    assert find_levels("\u200e!א") == [0, 0, 1]


def test_controls_that_embed_are_passed_over():
    assert find_levels("a\u202eb\u202c") == [0, 0, 0, 0]


def test_blanks_before_a_tab_and_at_the_end_belong_to_the_line():
    assert find_levels("a ב \tב ") == [0, 0, 1, 0, 0, 1, 0]


def test_more_open_brackets_than_are_counted_pair_none():
    assert len(find_levels("א" + "(" * 200 + "a" + ")" * 200)) == 402


class FriBidi:
    """The library that most programs of a Linux desktop use for this."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)

    def find_levels(self, line: str) -> list[int]:
        count = len(line)
        text = (ctypes.c_uint32 * count)(*map(ord, line))
        types, brackets = (ctypes.c_uint32 * count)(), (ctypes.c_uint32 * count)()
        levels, base = (ctypes.c_int8 * count)(), ctypes.c_uint32(0x40)  # "neutral": by the first strong character
        self.library.fribidi_get_bidi_types(text, count, types)
        self.library.fribidi_get_bracket_types(text, count, types, brackets)
        self.library.fribidi_get_par_embedding_levels_ex(types, brackets, count, ctypes.byref(base), levels)
        return list(levels)


@pytest.mark.skipif(not FRIBIDI, reason="FriBiDi is not installed (Debian's libfribidi0)")
def test_levels_are_those_that_fribidi_finds():
    judge, dice = FriBidi(FRIBIDI or ""), random.Random(7)
    for _ in range(3000):
        line = "a" + "".join(dice.choices(LETTERS, k=dice.randint(1, 12))) + "a"
        line = line.replace("a", dice.choice("aא"), 1)
        assert find_levels(line) == judge.find_levels(line), ascii(line)
