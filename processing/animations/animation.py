"""Frames that are shown one after another, and how they are put together from the patches that files store."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from PIL import Image

from processing.geometry import Size

FOREVER = 0


@dataclass(frozen=True)
class Animation:
    """Whole frames of one size in the order in which they are shown.

    durations_ms: how long each is shown, in milliseconds, as the file says. Viewers show what is given 10 ms or less
        for 100 ms.
    plays: how often all of them are shown; FOREVER for without end.
    """

    frames: tuple[Image.Image, ...]
    durations_ms: tuple[int, ...]
    plays: int = FOREVER


class Disposal(Enum):
    """What becomes of a patch when its time is over."""

    KEEP = "it stays"
    CLEAR = "its place becomes transparent"
    RESTORE = "its place looks again as before it"


@dataclass(frozen=True)
class Patch:
    """A frame as a file stores it: a part of the canvas, and what it does to what is there.

    replaces: whether its transparent pixels too take the place of what is there.
    """

    image: Image.Image
    corner: tuple[int, int]
    duration_ms: int
    replaces: bool = False
    disposal: Disposal = Disposal.KEEP

    @property
    def box(self) -> tuple[int, int, int, int]:
        left, top = self.corner
        return left, top, left + self.image.width, top + self.image.height


def compose(size: Size, patches: Iterable[Patch], plays: int) -> Animation:
    """Lay each patch on the canvas, which begins transparent. The frames are RGBA if any of them is transparent."""
    durations: list[int] = []
    frames: list[Image.Image] = []
    canvas = Image.new("RGBA", size)
    for patch in patches:
        shown = _lay(canvas, patch)
        frames.append(shown)
        durations.append(patch.duration_ms)
        canvas = _dispose(canvas, shown, patch)
    return Animation(drop_full_alpha(frames), tuple(durations), plays)


def _lay(canvas: Image.Image, patch: Patch) -> Image.Image:
    made, image = canvas.copy(), patch.image.convert("RGBA")
    if patch.replaces:
        made.paste(image, patch.corner)
    else:
        made.alpha_composite(image, patch.corner)
    return made


def _dispose(before: Image.Image, shown: Image.Image, patch: Patch) -> Image.Image:
    if patch.disposal is Disposal.RESTORE:
        return before
    if patch.disposal is Disposal.KEEP:
        return shown
    cleared = shown.copy()
    cleared.paste((0, 0, 0, 0), patch.box)
    return cleared


def drop_full_alpha(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    """The frames as RGB where none of their pixels is transparent; as RGBA where any is. The list is used up."""
    is_opaque = all(frame.mode == "RGB" or frame.getchannel("A").getextrema()[0] == 255 for frame in frames)
    for number, frame in enumerate(frames):
        # In their own places, for all of them twice would be much memory.
        frames[number] = frame.convert("RGB" if is_opaque else "RGBA")
    return tuple(frames)
