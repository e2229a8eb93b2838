"""What every encoder is given."""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from processing import metadata
from processing.animations import FOREVER
from processing.formats import Output
from processing.metadata import NO_CREDIT, Credit


@dataclass(frozen=True)
class Sheet:
    """Pixels as they are written, and all that goes with them.

    frames: RGB or RGBA, all of one mode and size; or one in CMYK. durations_ms, plays: as in `Animation`, of more than
    one frame.
    quality: 0 to 100, whether or not the format has such a thing. lossless: whether the pixels are to be exact.
    """

    frames: tuple[Image.Image, ...]
    output: Output
    quality: int
    lossless: bool
    durations_ms: tuple[int, ...] = ()
    plays: int = FOREVER
    profile: bytes | None = None
    credit: Credit = NO_CREDIT

    @property
    def image(self) -> Image.Image:
        return self.frames[0]

    @property
    def is_animated(self) -> bool:
        return len(self.frames) > 1

    @property
    def has_alpha(self) -> bool:
        return self.image.mode == "RGBA"

    def choose_effort(self, usual: int, most: int) -> int:
        """An encoder's own measure of effort, from 0 to the most, by the output's from 0 to 9; else the usual one."""
        effort = self.output.effort
        return usual if effort is None else round(effort * most / 9)

    def list_extras(self) -> dict[str, Any]:
        """Profile and credit as Pillow takes them with JPEG, WebP and AVIF."""
        extras = {"icc_profile": self.profile, "exif": metadata.write_exif(self.credit)}
        return extras | ({"xmp": metadata.write_xmp(self.credit)} if self.credit else {})
