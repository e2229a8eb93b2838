"""Presses: the CMYK profiles that results are written in.

A press is found by the file names that its profile has on common systems, in the folders where those keep profiles.
Where it is not installed a general one of libvips stands in: "Chemical proof" by Graeme W. Gill, public domain.
"""

from functools import cache
from pathlib import Path

from processing import profiles, vips

FOLDERS = (Path("/usr/local/share/color/icc"), Path("/usr/share/color/icc"))
"""Where systems keep colour profiles, the administrator's own first."""

SUFFIXES = (".icc", ".icm")
MAX_BYTES = 5_000_000

NAMES: dict[str, tuple[str, ...]] = {
    "iso_coated": ("fogra39l_coated", "isocoated_v2_eci", "isocoated_v2_bas", "isocoated_v2_300_eci", "coatedfogra39"),
    "iso_uncoated": ("fogra29l_uncoated", "isouncoated", "uncoatedfogra29"),
    "us_web_coated": ("swop2006_coated3v2", "swop_tr003_coated_3", "webcoatedswop2006grade3"),
    "us_web_uncoated": ("gracol2013unc_crpc3", "gracol2013_unc_crpc3"),
}
"""Each press with the names of files that may hold its profile, without their endings and in lower case: FOGRA39,
FOGRA29, SWOP 2006 grade 3 and GRACoL 2013 uncoated."""


def find(press: str) -> bytes | None:
    """The profile of a press, or None where it is not installed or cannot be used."""
    return next(filter(None, (_read(path) for path in _list_files(press))), None)


@cache
def read_general() -> bytes:
    """The profile that stands for any press."""
    return bytes(vips.load().Operation.call("profile_load", "cmyk"))


def _list_files(press: str) -> list[Path]:
    """The files that may hold the profile, by folder and then in the order of their names above."""
    names = NAMES[press]
    files = [path for folder in FOLDERS for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    known = [path for path in files if path.stem.lower() in names]
    return sorted(known, key=lambda path: (_find_folder(path), names.index(path.stem.lower())))


def _find_folder(path: Path) -> int:
    return next(number for number, folder in enumerate(FOLDERS) if path.is_relative_to(folder))


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
    except OSError:
        return None
    return data if profiles.can_print(data) else None
