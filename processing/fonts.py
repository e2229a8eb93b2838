"""Typefaces by the names that callers use, and the files that stand for them on this machine."""

import importlib.util
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont

PROBE_SIZE = 32
NO_CHARACTER = "\U0010ffff"
"""A code point that no face has: its glyph is what a face draws for a character that it lacks."""

SYSTEM_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))

TWINS = {
    "arial": ("arial", "liberationsans", "arimo"),
    "helvetica": ("helvetica", "liberationsans", "arimo", "nimbussans"),
    "sansserif": ("liberationsans", "arimo", "dejavusans"),
    "timesnewroman": ("timesnewroman", "liberationserif", "tinos"),
    "times": ("times", "liberationserif", "tinos", "nimbusroman"),
    "serif": ("liberationserif", "tinos", "dejavuserif"),
    "georgia": ("georgia", "gelasio"),
    "couriernew": ("couriernew", "liberationmono", "cousine"),
    "courier": ("courier", "liberationmono", "cousine", "nimbusmonops"),
    "monospace": ("liberationmono", "cousine", "dejavusansmono"),
}
"""Families under the names that people know, each with those of the same widths."""

LOOKALIKES = {
    **dict.fromkeys(("timesnewroman", "times", "georgia"), ("dejavuserif", "notoserif")),
    **dict.fromkeys(("couriernew", "courier"), ("dejavusansmono", "notosansmono")),
}
"""Families of the same kind, but of other widths."""

FALLBACKS = ("liberationsans", "arimo", "dejavusans", "notosans", "notosanscjk")
"""What is used where the family asked for is not installed or lacks a character, in this order."""

STYLES = ("bolditalic", "boldoblique", "bold", "italic", "oblique", "regular")
PLAIN_FILES = ("", "regular", "roman", "book")


@dataclass(frozen=True)
class Face:
    """A font file, or the face built into Pillow where `path` is None (Latin letters only).

    is_asked: whether it is the family that was asked for, or one of the same widths.
    """

    path: Path | None
    is_asked: bool

    def at(self, size: float) -> Font:
        """The face at an em height in pixels."""
        return _open(self.path, size)

    def lacks(self, text: str) -> str:
        """The characters of the text that the face has no glyph for, each once."""
        return "".join(dict.fromkeys(char for char in text if _shows(char) and not _has_glyph(self.path, char)))


def find_face(name: str, text: str) -> Face:
    """The face for this name, or the first fallback that has all characters of the text.

    Names are matched without regard to case, spaces and hyphens, styles are part of them: `Arial`, `Arial-Bold`.
    """
    faces = [*_candidates(name)]
    return next((face for face in faces if not face.lacks(text)), faces[0])


def folders() -> list[Path]:
    """The folders that fonts are read from; those that don't exist are left out."""
    spec = importlib.util.find_spec("matplotlib")
    packaged = [Path(place, "mpl-data", "fonts", "ttf") for place in (spec and spec.submodule_search_locations) or ()]
    return [folder for folder in (*SYSTEM_FOLDERS, *packaged) if folder.is_dir()]


def _candidates(name: str) -> Iterable[Face]:
    family, style = _split(name)
    asked = TWINS.get(family, (family,))
    for place, each in enumerate((*asked, *LOOKALIKES.get(family, ()), *FALLBACKS)):
        path = _find_file(each, style)
        if path:
            yield Face(path, is_asked=place < len(asked))
    yield Face(None, is_asked=False)


def _split(name: str) -> tuple[str, str]:
    """Family and style of a name: `Times New Roman Bold` is (timesnewroman, bold)."""
    key = _key(name)
    style = next((style for style in STYLES if key.endswith(style) and key != style), "")
    return key.removesuffix(style), style


def _find_file(family: str, style: str) -> Path | None:
    """The family's file in this style, or else in its plain one."""
    other = style.replace("italic", "oblique") if "italic" in style else style.replace("oblique", "italic")
    files = _files()
    return next((files[family + tail] for tail in (style, other, *PLAIN_FILES) if family + tail in files), None)


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".ttf", ".otf", ".ttc"):
                found.setdefault(_key(path.stem), path)
    return found


def _key(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


@lru_cache(maxsize=64)
def _open(path: Path | None, size: float) -> Font:
    if path:
        return ImageFont.truetype(path, size)
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _shows(char: str) -> bool:
    """Whether a character is drawn at all, rather than a blank, a control or a mark on another."""
    category = unicodedata.category(char)
    return category not in ("Cc", "Cf") and category[0] not in "ZM"


@lru_cache(maxsize=4096)
def _has_glyph(path: Path | None, char: str) -> bool:
    return _bitmap(path, char) != _bitmap(path, NO_CHARACTER)


@lru_cache(maxsize=4096)
def _bitmap(path: Path | None, char: str) -> tuple[tuple[int, int], bytes]:
    mask = _open(path, PROBE_SIZE).getmask(char)
    return mask.size, bytes(mask)
