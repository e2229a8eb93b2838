"""A text set in lines: with which face each part of it is drawn, which way it runs, and where it stands."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from PIL import ImageDraw, features

from processing import bidi, fonts, joining
from processing.fonts import Face, Font, is_drawn
from processing.geometry import Size

SHAPES = bool(features.check("raqm"))
"""Whether Pillow shapes text. It can where FriBiDi is, a library of the system (Debian's libfribidi0)."""

TAB_WIDTH = 4
JOINER = "\u200d"
SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
FLAGS = range(0x1F1E6, 0x1F200)
"""Letters that make a flag by twos."""


@dataclass(frozen=True)
class Run:
    """Part of a line, of one face and one direction.

    direction: `ltr` or `rtl` where Pillow is to shape the text, None where it is set as it stands, left to right.
    """

    text: str
    font: Font
    direction: str | None

    @cached_property
    def width(self) -> float:
        """The advance in pixels."""
        return self.font.getlength(self.text, direction=self.direction)


Line = tuple[Run, ...]
"""From left to right."""


@dataclass(frozen=True)
class Block:
    """Lines, all as high as the tallest of the faces used.

    ascent, line_height: in pixels; the baseline lies `ascent` below a line's top.
    missing: the characters that no face has, each once.
    is_rough: whether letters may stand out of place, for want of the library that shapes text.
    """

    lines: tuple[Line, ...]
    ascent: int
    line_height: int
    missing: str
    is_rough: bool

    @cached_property
    def size(self) -> Size:
        """Width of the widest line and height of all lines in whole pixels, each at least 1."""
        width = math.ceil(max(_measure(line) for line in self.lines))
        return max(1, width), max(1, len(self.lines) * self.line_height)

    def draw(self, pen: ImageDraw.ImageDraw, corner: tuple[int, int], *, share: float, height: int) -> None:
        """Draw in white. corner: where the block's top left lies.

        share: of the room beside a shorter line, how much lies to its left. height: of what the pen draws on.
        """
        for number, line in enumerate(self.lines):
            top = corner[1] + number * self.line_height
            if -self.line_height < top < height:
                left = corner[0] + share * (self.size[0] - _measure(line))
                _draw_line(pen, line, left, top + self.ascent)


def compose(text: str, faces: Sequence[Face], size: float, *, shapes: bool = SHAPES) -> Block:
    """Set a text: each character in the first face that has it, lines in the order that their scripts run.

    faces: best first, at least one. size: em height in pixels. shapes: whether Pillow is to shape the text.
    """
    written = [_clean(line) for line in unicodedata.normalize("NFC", text).split("\n")]
    setter = _Setter(faces, size, shapes)
    lines = tuple(setter.set_line(line) for line in written)
    metrics = [run.font.getmetrics() for line in lines for run in line] or [setter.open(faces[0]).getmetrics()]
    ascent, descent = (max(sides) for sides in zip(*metrics, strict=True))
    letters = dict.fromkeys("".join(written))
    missing = "".join(char for char in letters if not any(face.has(char) for face in faces))
    return Block(lines, ascent, ascent + descent, missing, is_rough=not shapes and any(map(_needs_shaping, letters)))


@dataclass(frozen=True)
class _Setter:
    faces: Sequence[Face]
    size: float
    shapes: bool

    def open(self, face: Face) -> Font:
        return face.at(self.size, None if self.shapes else fonts.Layout.BASIC)

    def set_line(self, line: str) -> Line:
        levels = bidi.find_levels(line)
        letters = _split_letters(line)
        firsts = [sum(map(len, letters[:place])) for place in range(len(letters))]
        parts = zip(letters, [levels[first] for first in firsts], self._choose_faces(letters), strict=True)
        runs, levels = [], []
        for (level, face), group in groupby(parts, key=lambda part: part[1:]):
            runs.append(self._make_run("".join(letter for letter, *_ in group), level, face))
            levels.append(level)
        return tuple(bidi.order(runs, levels))

    def _make_run(self, text: str, level: int, face: Face) -> Run:
        is_backwards = level % 2 == 1
        if self.shapes:
            return Run(text, self.open(face), "rtl" if is_backwards else "ltr")
        turned = joining.turn_around(text) if is_backwards else text
        return Run("".join(filter(_is_visible, turned)), self.open(face), None)

    def _choose_faces(self, letters: Sequence[str]) -> list[Face]:
        """A face for each letter; what stands between two words of one face stays in that face where it can."""
        chosen = [self._choose_face(letter) for letter in letters]
        end = 0
        for is_between, group in groupby(letters, key=_is_common):
            between = list(group)
            start, end = end, end + len(between)
            if is_between and start and _is_of_word("".join(letters[end : end + 1])):
                face = chosen[end]
                if face == chosen[start - 1] and face.has("".join(between)):
                    chosen[start:end] = [face] * len(between)
        return chosen

    def _choose_face(self, letter: str) -> Face:
        whole = (face for face in self.faces if face.has(letter))
        in_part = (face for face in self.faces if face.has(letter[0]))
        return next(whole, None) or next(in_part, self.faces[0])


def _clean(line: str) -> str:
    """The line without controls and separators, which faces draw as boxes."""
    return "".join(char for char in line.expandtabs(TAB_WIDTH) if unicodedata.category(char) not in ("Cc", "Zl", "Zp"))


def _split_letters(line: str) -> list[str]:
    """The line's characters, each with what belongs to it: marks, a skin tone, what a joiner joins."""
    letters: list[str] = []
    for char in line:
        if letters and _belongs(char, letters[-1]):
            letters[-1] += char
        else:
            letters.append(char)
    return letters


def _belongs(char: str, letter: str) -> bool:
    is_second_of_flag = ord(char) in FLAGS and len(letter) == 1 and ord(letter) in FLAGS
    is_on_letter = unicodedata.category(char)[0] == "M" or unicodedata.category(char) == "Cf" or char in SKIN_TONES
    return is_on_letter or letter.endswith(JOINER) or is_second_of_flag


def _is_common(letter: str) -> bool:
    """Whether a letter belongs to no script: a blank or punctuation."""
    return unicodedata.category(letter[0])[0] in "ZP"


def _is_of_word(letter: str) -> bool:
    """Whether a letter is one, rather than a sign such as an emoji, whose face has blanks as wide as itself."""
    return letter != "" and unicodedata.category(letter[0])[0] in "LM"


def _is_visible(char: str) -> bool:
    """Whether a character means something without shaping: it is drawn, or a blank."""
    return is_drawn(char) or unicodedata.category(char)[0] == "Z"


def _needs_shaping(char: str) -> bool:
    return char == JOINER or char in SKIN_TONES or (unicodedata.category(char)[0] == "M" and is_drawn(char))


def _measure(line: Line) -> float:
    return sum(run.width for run in line)


def _draw_line(pen: ImageDraw.ImageDraw, line: Line, left: float, baseline: float) -> None:
    for run in line:
        pen.text((left, baseline), run.text, fill=255, font=run.font, anchor="ls", direction=run.direction)
        left += run.width
