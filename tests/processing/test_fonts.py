from pathlib import Path

import pytest

from processing.fonts import Face, find_face, folders

BUILT_IN = Face(None, is_asked=False)


def installed(stem: str) -> bool:
    return any(True for folder in folders() for _ in folder.rglob(f"{stem}.*"))


needs_dejavu = pytest.mark.skipif(not installed("DejaVuSans"), reason="the DejaVu fonts are not installed")


def file_of(name: str, text: str = "Text") -> str:
    path = find_face(name, text).path
    assert isinstance(path, Path)
    return path.stem


@needs_dejavu
@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("DejaVu Sans", "DejaVuSans"),
        ("dejavusans", "DejaVuSans"),
        ("DejaVu-Sans-Bold", "DejaVuSans-Bold"),
        ("DejaVu Sans Regular", "DejaVuSans"),
        ("DejaVu Sans Bold Italic", "DejaVuSans-BoldOblique"),
        ("DejaVu Serif Oblique", "DejaVuSerif-Italic"),
        ("DejaVu Sans Mono", "DejaVuSansMono"),
    ],
)
def test_names_are_found_however_they_are_written(name: str, stem: str):
    assert file_of(name) == stem
    assert find_face(name, "Text").is_asked


def test_an_unknown_name_gives_another_face_and_says_so():
    face = find_face("No Such Face", "Text")
    assert not face.is_asked
    assert not face.lacks("Text")


@needs_dejavu
def test_arial_is_replaced_by_a_sans_in_the_same_style():
    assert "Bold" in file_of("Arial Bold")
    assert "Serif" not in file_of("Arial")


@needs_dejavu
@pytest.mark.skipif(installed("LiberationSerif-Regular"), reason="Times has its twin here")
def test_times_is_replaced_by_a_serif():
    assert file_of("Times New Roman") == "DejaVuSerif"


@needs_dejavu
def test_a_face_that_lacks_a_letter_gives_way_to_one_that_has_it():
    assert find_face("DejaVu Sans Mono", "א").path != find_face("DejaVu Sans Mono", "a").path


def test_characters_without_a_glyph_are_named_once_each():
    assert BUILT_IN.lacks("a漢b漢字") == "漢字"


def test_blanks_controls_and_marks_are_never_missing():
    assert BUILT_IN.lacks("a \t\n\u200b\ufe0f") == ""


def test_the_built_in_face_is_scalable():
    assert BUILT_IN.at(60).getlength("Text") == pytest.approx(2 * BUILT_IN.at(30).getlength("Text"), rel=0.05)
