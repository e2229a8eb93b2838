"""What each field of each transformation takes and refuses, from sections 3 and 4 of the contract."""

from dataclasses import dataclass
from typing import Any

from tests.dialects.slashed.calls import TOO_LARGE, TOO_SMALL

NOT_TEXT: list[Any] = [5, 0, 1.5, True, False, [], ["a"], {}, {"a": "b"}]
NOT_A_NUMBER: list[Any] = [
    *(True, False, [], [1], {}, {"a": 1}),
    *("", " ", "x", "1e3", "0x10", "1,5", "--1", "+1", "1.", ".5", "1 0", "1px ", "NaN", "Infinity", "-Infinity"),
    *("\u0663", "\uff11", "1\u0000", "\ud800"),
    *(TOO_LARGE, TOO_SMALL, 10**400, -(10**400)),
]
GRAVITIES = ["center", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]


@dataclass(frozen=True)
class Kind:
    """Values of a field that are taken, and that are not."""

    right: list[Any]
    wrong: list[Any]
    is_required: bool = False


def number(low: int, high: int, *, is_required: bool = True) -> Kind:
    right = [low, high, (low + high) / 2, float(high), str(low), str(high), f" {high}\n", f"{low}.0", 0, "-0", -0.0]
    beyond = [low - 1, high + 1, low - 0.5, high + 0.5, str(low - 1), str(high + 1), 10**30, -(10**30), "9" * 400]
    return Kind(right, [*NOT_A_NUMBER, *beyond], is_required)


def side(other: str) -> Kind:
    """A width (`other` is h) or a height (w). One of the two is enough, so that none is required by itself."""
    right: list[Any] = [1, 100, 0.4, 99.5, 10**30, "1", "100", "100px", "99.5px", "50%", "0.5%", "250%", f"50{other}"]
    right += [f"12.5{other}", "9" * 400]
    foreign = "w" if other == "h" else "h"
    units = ["100em", "100 px", "100PX", "100pxx", "px", "%", "100%%", "50 %", f"100{foreign}", f"50{other}%", "1e3px"]
    wrong = [0, -1, "0", "0px", "0%", "0.0", "-1", "-5%", f"-5{other}", " 100", "100\n", "\u0663px", *units]
    return Kind(right, [*NOT_A_NUMBER, *wrong])


def offset() -> Kind:
    right = [0, 5, -5, 2.5, -2.5, 10**30, -(10**30), "0", "5", "-5", "5px", "-5px", "25%", "-25%", "-12.5%", "9" * 400]
    wrong = ["5h", "5w", "5em", "- 5", "5 px", "px", "%", "+5", " 5", "5\n", "\u0663%"]
    return Kind(right, [*NOT_A_NUMBER, *wrong])


def distance() -> Kind:
    right = [0, "0", 1, 0.25, "2.5", 218, 465, 10**30, 1e300]
    return Kind(right, [*NOT_A_NUMBER, -1, -0.5, "-1", "-0.001", "9" * 400], is_required=True)


def text(*, longest: int) -> Kind:
    right = ["a", " ", "two\nlines", "\u65e5\u672c \U0001f600", "0", "x" * longest]
    return Kind(right, [*NOT_TEXT, "", "a\0b", "\ud800", "x" * (longest + 1)], is_required=True)


def choice(*words: str) -> Kind:
    wrong = [*NOT_TEXT, "", "nothing like it", f" {words[0]}", words[0].upper(), "\ud800"]
    return Kind(list(words), wrong, is_required=True)


def path() -> Kind:
    right = ["a", "/a", "a/b.png", "/a b/\xfc/\u65e5\u672c.png", "a..b", "...", ".hidden", "100%.png", "%zz", "a%20b"]
    right += ["x" * 1024, "/" + "x" * 1024, "\xe9" * 512]
    climbing = ["..", "../a", "/../a", "a/../b", "a/..", ".", "./a", "a/./b", "a/."]
    escaped = ["%2e%2e/a", "%2E%2e/a", "..%2fa", "a/%2e%2e/b", "a%00b", "a%5cb", "%2e/a"]
    others = ["", "/", "//", "//a", "a//b", "a/", "a\0b", "a\\b", "..\\a", "a\nb", "a\x7fb", "\ud800.png"]
    long = ["x" * 1025, "\xe9" * 513, "/" + "x" * 1025]
    return Kind(right, [*NOT_TEXT, *climbing, *escaped, *others, *long], is_required=True)


GRAVITY = Kind(
    [*GRAVITIES, "middle", "CENTER", "NorthEast", "Middle", None],
    [*NOT_TEXT, "", "centre", "top", "left", "north east", "north-east", " north", "northnorth", "\ud800"],
)
COLOR = Kind(
    ["#000000", "#ABCDEF", "abcdef", "#abc", "ABC", "#012", None],
    [
        *NOT_TEXT,
        *("", "#", "red", "#1", "#12", "#1234", "#12345", "#1234567", "#12345678", "#ggg", "##aabbcc", "0xaabbcc"),
        *(" #aabbcc", "#aabbcc\n", "#aabbcc ", "rgb(0,0,0)", "transparent", "#\u0661\u0662\u0663"),
    ],
)
FONT = Kind(
    ["Arial", "Arial Bold", "No Such Font", "", "\u65e5\u672c", "x" * 5000, None], [*NOT_TEXT, "a\0b", "\ud800"]
)
FIT = Kind(
    [True, False, "true", "false", "TRUE", "crop", "Crop", None],
    [0, 1, 1.0, "", "yes", "no", "1", "0", "fit", " true", "null", [], [True], {}, "\ud800"],
)
ROTATION = number(0, 360)
SIDES = {"width": side("h"), "height": side("w")}
OFFSETS = {"xoffset": offset(), "yoffset": offset()}
PLACE = {"gravity": GRAVITY, **OFFSETS}

FIELDS: dict[str, dict[str, Kind]] = {
    "annotation": {
        "text": text(longest=2000),
        "font": FONT,
        "color": COLOR,
        "size": Kind([0.5, 10, "10", 1999.5, 2000, None], [*NOT_A_NUMBER, 0, "0", -1, "-1", 2000.5, 2001, 10**30]),
        **PLACE,
    },
    "blur": {"sigma": distance(), "radius": distance()},
    "brightness": {"bright_level": number(-255, 255)},
    "colorize": {"red": number(0, 255), "green": number(0, 255), "blue": number(0, 255)},
    "contrast": {"level": number(-100, 100)},
    "crop": {**SIDES, **PLACE, "fit": FIT},
    "enhance": {},
    "filter": {
        "filter": choice(
            *("bw", "sepia", "negate", "grayscale", "edgedetect"),
            *("emboss", "blurgaussian", "blurselective", "meanremoval", "smooth"),
        )
    },
    "fitmethod": {
        "fit_type": choice("box", "stretch", "cropbox", "letterbox", "outside"),
        **SIDES,
        "color": COLOR,
        "gravity": GRAVITY,
        "opacity": number(0, 10, is_required=False),
    },
    "flip": {"direction": choice("x", "y", "vertical", "horizontal")},
    "resize": SIDES,
    "rotate": {
        "degrees": Kind(
            [*ROTATION.right, 0.01, 12.34, "12.34", "12.340", 33.3, 359.99, 1e-9],
            [*ROTATION.wrong, 12.345, "12.345", 0.001, 359.999, 1e-3],
            is_required=True,
        )
    },
    "ulb": {},
    "watermark": {"source": path(), **SIDES, **PLACE},
    "zoom": {**SIDES, "level": number(0, 10)},
}
"""Every field of every transformation."""

SMALLEST: dict[str, dict[str, Any]] = {
    "annotation": {"text": "a"},
    "blur": {"sigma": 1, "radius": 1},
    "brightness": {"bright_level": 1},
    "colorize": {"red": 1, "green": 2, "blue": 3},
    "contrast": {"level": 1},
    "crop": {"width": 10, "height": 10},
    "enhance": {},
    "filter": {"filter": "sepia"},
    "fitmethod": {"fit_type": "box", "width": 10, "height": 10},
    "flip": {"direction": "x"},
    "resize": {"width": 10, "height": 10},
    "rotate": {"degrees": 90},
    "ulb": {},
    "watermark": {"source": "watermark.png"},
    "zoom": {"width": 10, "height": 10, "level": 1},
}
"""A transformation of each type that works."""
