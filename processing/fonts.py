"""Typefaces by the names that callers use, and the files that stand for them on this machine.

Those that are installed with Photomill come from two packages, so that a text looks alike on every machine.
"""

import importlib.util
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

from processing.coverage import read_coverage

Font = ImageFont.FreeTypeFont
Layout = ImageFont.Layout

PACKAGES = {"fontpkg_arimo": "files", "manimgx_fonts": ""}
"""Where fonts lie in packages of the lock. Only their files are read; nothing of them is imported."""

SYSTEM_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
PROBE_SIZE = 32
SMALLEST_SIZE = 1.0
"""FreeType makes no letters of less than half a pixel."""

MOST_IN_COLLECTION = 64
MOST_FALLBACKS = 200

TWINS = {
    "arial": ("arial", "arimo", "liberationsans"),
    "helvetica": ("helvetica", "arimo", "liberationsans", "nimbussans"),
    "sansserif": ("arimo", "liberationsans", "dejavusans"),
    "arialnarrow": ("arialnarrow", "liberationsansnarrow"),
    "timesnewroman": ("timesnewroman", "tinos", "liberationserif"),
    "times": ("times", "timesnewroman", "tinos", "liberationserif", "nimbusroman"),
    "serif": ("tinos", "liberationserif", "dejavuserif"),
    "georgia": ("georgia", "gelasio"),
    "couriernew": ("couriernew", "cousine", "liberationmono"),
    "courier": ("courier", "couriernew", "cousine", "liberationmono", "nimbusmonops"),
    "monospace": ("cousine", "liberationmono", "dejavusansmono"),
    "calibri": ("calibri", "carlito"),
    "cambria": ("cambria", "caladea"),
}
"""Families under the names that people know, each with those of the same widths."""

LOOKALIKES = {
    **dict.fromkeys(("timesnewroman", "times", "georgia", "cambria"), ("dejavuserif", "notoserif")),
    **dict.fromkeys(("couriernew", "courier"), ("dejavusansmono", "notosansmono")),
    "verdana": ("dejavusans",),
}
"""Families of the same kind, but of other widths."""

FALLBACKS = ("arimo", "notosans")
"""What is used where the family asked for is not installed or lacks a character, in this order; then all
others in the order of their folders."""

PLAIN = ("", "regular", "roman", "book")
ITALIC = ("italic", "oblique")
STYLES = {
    "bolditalic": (("bolditalic", "boldoblique"), ITALIC),
    "bold": (("bold",), PLAIN),
    "italic": (ITALIC, ()),
    "": (PLAIN, ()),
}
"""By style: how the names of its files end, and those of files with a weight axis that can be brought there."""

ENDINGS = {
    "boldoblique": "bolditalic",
    "oblique": "italic",
    "regular": "",
    **{style: style for style in STYLES if style},
}
"""The styles by the endings of names, longer endings first."""

NORMAL, BOLD = 400, 700
WEIGHT_AXIS = b"Weight"


@dataclass(frozen=True)
class Face:
    """A font file, or one font of a collection.

    weight: on the font's own axis, where it has one: 400 is normal, 700 bold.
    is_asked: whether it is the family that was asked for, or one of the same widths.
    """

    path: Path
    index: int = 0
    weight: int | None = None
    is_asked: bool = False

    def at(self, size: float, layout: Layout | None = None) -> Font:
        """The face at an em height in pixels; below 1 counts as 1.

        layout: the way of setting text; None for the best there is.
        """
        return _open(self.path, self.index, self.weight, max(size, SMALLEST_SIZE), layout)

    def has(self, text: str) -> bool:
        """Whether the face has a glyph for each character of the text that is drawn."""
        coverage = read_coverage(self.path, self.index)
        return all(char in coverage for char in text if is_drawn(char))


def find_faces(name: str) -> list[Face]:
    """The faces for this name, best first, and then those that stand in for them and for characters that they lack.

    Names are matched without regard to case, spaces and hyphens, styles are part of them: `Arial`, `Arial-Bold`.
    Empty only where no font is installed at all.
    """
    return list(_find_faces(_key(name), _used_folders()))


def folders(own: Path | None = None) -> list[Path]:
    """The folders that fonts are read from, those that exist: the operator's own, the packages', the system's."""
    packaged = [Path(place, within) for package, within in PACKAGES.items() for place in _locate(package)]
    return [folder for folder in (*([own] if own else []), *packaged, *SYSTEM_FOLDERS) if folder.is_dir()]


def use(chosen: Sequence[Path]) -> None:
    """Read fonts from these folders from now on in this process; from none: from those that `folders` gives."""
    _chosen[:] = chosen


def is_drawn(char: str) -> bool:
    """Whether a character leaves ink, rather than being a blank, a control or a choice between glyphs."""
    category = unicodedata.category(char)
    is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return category not in ("Cc", "Cf") and category[0] != "Z" and not is_selector


_chosen: list[Path] = []


def _used_folders() -> tuple[Path, ...]:
    return tuple(_chosen or folders())


def _locate(package: str) -> Sequence[str]:
    """The folders of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    return (spec and spec.submodule_search_locations) or ()


@lru_cache(maxsize=256)
def _find_faces(key: str, places: tuple[Path, ...]) -> tuple[Face, ...]:
    entries = _scan(places)
    family, style = _split(key)
    asked = (key, *TWINS.get(family, (family,)))
    others = (*LOOKALIKES.get(family, ()), *FALLBACKS, *list(_families(entries))[:MOST_FALLBACKS])
    found: dict[tuple[Path, int], Face] = {}
    for place, each in enumerate((*asked, *others)):
        entry = _find_entry(entries, each, style)
        if entry:
            face = entry.face(BOLD if "bold" in style else NORMAL, is_asked=place < len(asked))
            found.setdefault((entry.path, entry.index), face)
    return tuple(found.values())


@dataclass(frozen=True)
class _Entry:
    """A font that was found. weights: the range of its weight axis, where it has one."""

    path: Path
    index: int
    weights: tuple[int, int] | None

    def face(self, weight: int, *, is_asked: bool) -> Face:
        on_axis = self.weights and min(max(weight, self.weights[0]), self.weights[1])
        return Face(self.path, self.index, on_axis, is_asked)


def _find_entry(entries: dict[str, _Entry], family: str, style: str) -> _Entry | None:
    """The family in this style, or else in its plain one, or else in any."""
    exact, adjustable = STYLES[style]
    fitting = [entries.get(family + tail) for tail in exact]
    fitting += [entry for tail in adjustable if (entry := entries.get(family + tail)) and entry.weights]
    fitting += [entries.get(family + tail) for tail in (*PLAIN, *ENDINGS)]
    return next((entry for entry in fitting if entry), None)


def _families(entries: dict[str, _Entry]) -> Iterator[str]:
    """Every family that was found, each once."""
    yield from dict.fromkeys(_split(key)[0] for key in entries)


def _split(key: str) -> tuple[str, str]:
    """Family and style of a name: `Times New Roman Bold` is (timesnewroman, bold)."""
    ending = next((ending for ending in ENDINGS if key.endswith(ending) and key != ending), "")
    return key.removesuffix(ending), ENDINGS.get(ending, "")


@cache
def _scan(places: tuple[Path, ...]) -> dict[str, _Entry]:
    """The fonts in these folders by their files' names and by the names that they bear, the first of each."""
    found: dict[str, _Entry] = {}
    for path in (path for place in places for path in sorted(place.rglob("*")) if path.suffix.lower() in SUFFIXES):
        for entry, family, style in _read_entries(path):
            names = [path.stem.partition("[")[0], family + style]
            if entry.weights:
                # A variable font bears the style that its axis begins at, such as thin.
                names.append(family + "Italic" * ("Italic" in style))
            for name in names:
                found.setdefault(_key(name), entry)
    return found


def _read_entries(path: Path) -> Iterator[tuple[_Entry, str, str]]:
    """The fonts of a file, with the family and style that they bear; of a broken file, or one of fixed sizes, none."""
    for index in range(MOST_IN_COLLECTION):
        try:
            font = ImageFont.truetype(path, PROBE_SIZE, index)
        except (OSError, ValueError):
            return
        family, style = font.getname()
        yield _Entry(path, index, _read_weights(font)), family or "", style or ""


def _read_weights(font: Font) -> tuple[int, int] | None:
    try:
        axes = font.get_variation_axes()
    except (OSError, NotImplementedError):
        return None
    ranges = ((axis["minimum"] or 0, axis["maximum"] or 0) for axis in axes if axis["name"] == WEIGHT_AXIS)
    return next(ranges, None)


def _key(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


@lru_cache(maxsize=64)
def _open(path: Path, index: int, weight: int | None, size: float, layout: Layout | None) -> Font:
    font = ImageFont.truetype(path, size, index, layout_engine=layout)
    if weight is not None:
        axes = font.get_variation_axes()
        font.set_variation_by_axes([weight if axis["name"] == WEIGHT_AXIS else axis["default"] or 0 for axis in axes])
    return font
