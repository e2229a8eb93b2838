"""Photographs with what is known of them: a folder with a `manifest.json`.

{"images": [{"file", "size": [w, h], "kind", "mask": a file, "lines": {name: per cent of the height}, "plates": [[left,
top, right, bottom] in pixels]}]}; all but `file` may be missing. A mask is some tool's published result: look at both
before believing a figure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from processing.detectors.subject import Category
from processing.geometry import Box

MANIFEST = "manifest.json"
KINDS: dict[str, Category] = {"person": "people", "car": "cars", "product": "products"}


class NoAlbum(Exception):
    """The folder has no photographs that can be evaluated; the message says why."""


@dataclass(frozen=True)
class Photo:
    """One photograph. lines: heights in per cent of its own. plates: in pixels, None where nobody has looked."""

    path: Path
    kind: str
    mask: Path | None = None
    lines: Mapping[str, float] = field(default_factory=dict)
    plates: tuple[Box, ...] | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def category(self) -> Category:
        """What the main object is, by the first word of its kind."""
        return KINDS.get(self.kind.replace(",", " ").split(" ")[0], "general") if self.kind else "general"

    def open(self) -> Image.Image:
        with Image.open(self.path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")

    def open_mask(self) -> Image.Image:
        assert self.mask
        with Image.open(self.mask) as image:
            return image.convert("L")


def read_album(folder: Path) -> list[Photo]:
    """Every photograph of the manifest. Raises NoAlbum."""
    try:
        rows = json.loads((folder / MANIFEST).read_text())["images"]
        return [_read_row(folder, row) for row in rows]
    except OSError as error:
        raise NoAlbum(f"{folder / MANIFEST}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise NoAlbum(f"{folder / MANIFEST} is not a manifest: {error!r}") from None


def _read_row(folder: Path, row: Mapping[str, Any]) -> Photo:
    path = folder / row["file"]
    if not path.is_file():
        raise NoAlbum(f"{path} is not there")
    plates = row.get("plates")
    return Photo(
        path=path,
        kind=row.get("kind", ""),
        mask=folder / row["mask"] if "mask" in row else None,
        lines=row.get("lines", {}),
        plates=None if plates is None else tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in plates),
    )
