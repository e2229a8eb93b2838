import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from processing.fonts import PACKAGES, Face, find_faces, folders, is_drawn, use

ARIMO = "Arimo[wght]"
ARIMO_ITALIC = "Arimo-Italic[wght]"


@pytest.fixture
def shipped_alone() -> Iterator[None]:
    """A machine without any font of its own."""
    use([folder for folder in folders() if "site-packages" in folder.parts])
    yield
    use([])


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """An operator's own folder, beside those that come with Photomill."""
    folder = tmp_path / "own"
    folder.mkdir()
    use([folder, *(place for place in folders() if "site-packages" in place.parts)])
    yield folder
    use([])


def shipped(stem: str) -> Path:
    """A font file that comes with Photomill."""
    return next(path for folder in folders() for path in folder.rglob("*.ttf") if path.stem == stem)


def first(name: str) -> Face:
    return find_faces(name)[0]


def stems(name: str) -> list[str]:
    return [face.path.stem for face in find_faces(name)]


@pytest.mark.parametrize(
    ("name", "stem", "weight"),
    [
        ("Arial", ARIMO, 400),
        ("arial", ARIMO, 400),
        ("Helvetica", ARIMO, 400),
        ("Arial Regular", ARIMO, 400),
        ("Arial-Bold", ARIMO, 700),
        ("Arial Italic", ARIMO_ITALIC, 400),
        ("Helvetica Oblique", ARIMO_ITALIC, 400),
        ("ARIAL BOLD ITALIC", ARIMO_ITALIC, 700),
        ("Noto Sans Bold", "NotoSans[wght]", 700),
        ("NotoSansHebrew", "NotoSansHebrew[wght]", 400),
        ("Noto Sans Arabic Italic", "NotoSansArabic[wght]", 400),
    ],
)
def test_names_are_found_however_they_are_written(shipped_alone: None, name: str, stem: str, weight: int):
    assert (first(name).path.stem, first(name).weight) == (stem, weight)
    assert first(name).is_asked


@pytest.mark.parametrize("name", ["No Such Face", "", "Bold", "漢字", "Times New Roman"])
def test_a_name_that_is_not_installed_gives_the_default_face_and_says_so(shipped_alone: None, name: str):
    assert first(name).path.stem == ARIMO
    assert not first(name).is_asked


def test_letters_are_as_wide_as_those_of_arial(shipped_alone: None):
    # The advances of Arial's own letters, in 2048ths of the em, as every twin of it must have them.
    widths = {"A": 1366, "W": 1933, "a": 1139, "i": 455, "m": 1706, "0": 1139, " ": 569, "€": 1139, "Ж": 1891}
    font = first("Arial").at(2048)
    assert {char: font.getlength(char) for char in widths} == widths


def test_bold_letters_are_as_wide_as_those_of_bold_arial(shipped_alone: None):
    font = first("Arial Bold").at(2048)
    assert {char: round(font.getlength(char)) for char in "Aai0"} == {"A": 1479, "a": 1139, "i": 569, "0": 1139}


@pytest.mark.parametrize("text", ["Größe", "Ελλάδα", "Привет", "שלום", "السلام", "नमस्ते", "สวัสดี", "😀", "✔"])
def test_what_comes_with_photomill_has_letters_of_many_scripts(shipped_alone: None, text: str):
    assert any(face.has(text) for face in find_faces("Arial"))


def test_every_face_stands_in_once_and_the_asked_one_comes_first(shipped_alone: None):
    faces = stems("Noto Sans Thai")
    assert faces[:2] == ["NotoSansThai[wght]", ARIMO]
    assert len(faces) == len(set(faces))


def test_a_bold_text_is_bold_in_the_faces_that_stand_in_too(shipped_alone: None):
    assert {face.weight for face in find_faces("Arial Bold")} == {700}


def test_a_face_of_the_operator_goes_before_all_others(own: Path):
    shutil.copy(shipped("NotoSansThai[wght]"), own / "Arial.ttf")
    assert first("Arial").path == own / "Arial.ttf"


def test_a_face_is_found_by_the_name_that_it_bears(own: Path):
    shutil.copy(shipped("NotoSansThai[wght]"), own / "brand-2024.ttf")
    assert first("Noto Sans Thai").path == own / "brand-2024.ttf"
    assert first("Brand 2024").path == own / "brand-2024.ttf"


def test_folders_inside_the_operators_are_searched(own: Path):
    (own / "a" / "b").mkdir(parents=True)
    shutil.copy(shipped(ARIMO), own / "a" / "b" / "Brand.ttf")
    assert first("Brand").is_asked


@pytest.mark.parametrize("data", [b"", b"not a font", b"\0\1\0\0" + bytes(200), b"ttcf" + b"\xff" * 60])
def test_a_broken_file_is_passed_over(own: Path, data: bytes):
    (own / "Arial.ttf").write_bytes(data)
    assert first("Arial").path.stem == ARIMO


def test_a_link_that_leads_nowhere_is_passed_over(own: Path):
    (own / "Arial.ttf").symlink_to(own / "gone.ttf")
    assert first("Arial").path.stem == ARIMO


def test_the_operators_folder_is_the_first_of_those_that_are_read(tmp_path: Path):
    assert folders(tmp_path)[0] == tmp_path
    assert tmp_path / "missing" not in folders(tmp_path / "missing")


def test_without_any_font_no_face_is_found(tmp_path: Path):
    use([tmp_path])
    try:
        assert find_faces("Arial") == []
    finally:
        use([])


def test_the_em_height_scales_letters(shipped_alone: None):
    face = first("Arial")
    assert face.at(60.5).getlength("Text") == pytest.approx(2 * face.at(30.25).getlength("Text"), rel=0.02)


@pytest.mark.parametrize("size", [1e-300, 0.1, 0.5])
def test_sizes_below_one_pixel_count_as_one(shipped_alone: None, size: float):
    assert first("Arial").at(size).getlength("Text") == first("Arial").at(1).getlength("Text")


@pytest.mark.parametrize("char", [" ", "\t", "\u00a0", "\u200b", "\u200d", "\ufe0f", "\u202e", "\U000e0100"])
def test_blanks_controls_and_selectors_need_no_glyph(char: str):
    assert not is_drawn(char)
    assert first("Arial").has(char)


@pytest.mark.parametrize("char", ["a", "\u0301", "漢", "\ue000", "!"])
def test_everything_else_needs_one(char: str):
    assert is_drawn(char)


def test_the_packages_that_fonts_come_from_are_installed():
    assert {part for folder in folders() for part in folder.parts} >= set(PACKAGES)
