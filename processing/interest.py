"""Which part of a picture people look at."""

from functools import cache

from PIL import Image
from smartcrop import SmartCrop

from processing.base import Context
from processing.colors import WHITE, rgb
from processing.picture import Picture

LOOK_SIDE = 400
"""The longer side of what is looked at, in pixels. Windows are tried in steps of a fiftieth of it."""

LEAST_SIDE = 8
"""Of the window in what is looked at: nothing narrower is compared."""


def choose_corner(picture: Picture, window: tuple[float, float], context: Context) -> tuple[float, float]:
    """The top left corner of the window of this size that shows most of what people look at, in pixels of the picture.

    window: width and height in pixels of the picture, neither above the picture's own.
    """
    factor = LOOK_SIDE / max(picture.size)
    looked_at = _flatten(picture.frames[0]).resize(
        (max(LEAST_SIDE, round(picture.size[0] * factor)), max(LEAST_SIDE, round(picture.size[1] * factor)))
    )
    width, height = (
        min(side, max(LEAST_SIDE, round(part * factor))) for part, side in zip(window, looked_at.size, strict=True)
    )
    found = _cropper().analyse(looked_at, width, height, min_scale=1, num_scale_steps=1)["top_crop"]
    return (
        _spread(found["x"], looked_at.width - width, picture.size[0] - window[0]),
        _spread(found["y"], looked_at.height - height, picture.size[1] - window[1]),
    )


@cache
def _cropper() -> SmartCrop:
    return SmartCrop()


def _flatten(frame: Image.Image) -> Image.Image:
    """The frame on white: what cannot be seen draws no look."""
    if frame.mode == "RGB":
        return frame
    ground = Image.new("RGB", frame.size, rgb(WHITE))
    ground.paste(frame, mask=frame.getchannel("A"))
    return ground


def _spread(place: int, room: int, wanted_room: float) -> float:
    """A place in the room that a window has, in a room of another length."""
    return wanted_room * place / room if room else wanted_room / 2
