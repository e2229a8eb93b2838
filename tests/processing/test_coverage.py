import struct
from pathlib import Path

import pytest
from PIL import ImageFont

from processing.coverage import read_coverage
from processing.fonts import folders

FONTS = sorted(path for folder in folders() for path in folder.rglob("*.ttf"))
NO_CHARACTER = "\U0010fffe"
"""A code point that no font has: what is drawn for it is drawn for every one that a font lacks."""

SAMPLES = [*range(0x21, 0x250), *range(0x370, 0x700, 3), *range(0x900, 0x1100, 5), *range(0x1F300, 0x1F650, 7)]


def draws(font: ImageFont.FreeTypeFont, char: str) -> bool:
    made, lacking = font.getmask(char), font.getmask(NO_CHARACTER)
    return (made.size, bytes(made)) != (lacking.size, bytes(lacking))


@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.stem)
def test_it_names_the_characters_that_freetype_draws(path: Path):
    font, coverage = ImageFont.truetype(path, 16, layout_engine=ImageFont.Layout.BASIC), read_coverage(path)
    wrong = [hex(code) for code in SAMPLES if draws(font, chr(code)) != (chr(code) in coverage)]
    assert wrong == []


def test_a_file_that_is_missing_covers_nothing(tmp_path: Path):
    assert "a" not in read_coverage(tmp_path / "none.ttf")


@pytest.mark.parametrize("length", [0, 3, 12, 100, 400, 3000])
def test_a_file_that_ends_early_covers_nothing_or_less(tmp_path: Path, length: int):
    whole = next(path for path in FONTS if path.stem == "Arimo[wght]")
    cut = tmp_path / "cut.ttf"
    cut.write_bytes(whole.read_bytes()[:length])
    assert "a" not in read_coverage(cut)


def with_table(table: bytes) -> bytes:
    """A font that has a cmap and nothing else."""
    cmap = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table
    return struct.pack(">IHHHH4sIII", 0x10000, 1, 0, 0, 0, b"cmap", 0, 28, len(cmap)) + cmap


def test_groups_of_any_plane_are_read(tmp_path: Path):
    groups = struct.pack(">HHIIIIIIIII", 12, 0, 40, 0, 2, 0x41, 0x43, 5, 0x20000, 0x20001, 0)
    (tmp_path / "font.ttf").write_bytes(with_table(groups))
    coverage = read_coverage(tmp_path / "font.ttf")
    assert [char in coverage for char in "@ACD"] == [False, True, True, False]
    # The group's first character has glyph 0, which is the box for what is missing.
    assert [char in coverage for char in "\U00020000\U00020001\U00020002"] == [False, True, False]


def test_a_count_that_lies_covers_nothing(tmp_path: Path):
    (tmp_path / "font.ttf").write_bytes(with_table(struct.pack(">HHIII", 12, 0, 40, 0, 0xFFFFFFFF)))
    assert "a" not in read_coverage(tmp_path / "font.ttf")
