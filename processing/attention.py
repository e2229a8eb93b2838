"""Which part of a picture to show when not all fits: people first, then the main object, then what stands out."""

from collections.abc import Sequence

from processing import interest
from processing.base import Context
from processing.boxes import around
from processing.errors import SubjectNotFound
from processing.framing import Hold, Span, bounds_of, center_of, height_of, place_span, width_of
from processing.geometry import HEIGHT, WIDTH, Box
from processing.markers import mark_head
from processing.picture import Picture
from processing.sight import faces_in, people_in, subject_in

FACES_AT = 0.4
"""How far from the top of the window faces lie where not all of their bodies can be shown."""


def choose_corner(picture: Picture, window: tuple[float, float], context: Context) -> tuple[float, float]:
    """The top left corner of the window of this size that is to be shown, in pixels of the picture.

    It shows as many faces as fit, the largest first, and of their bodies what fits; without faces people, without
    people the main object. Where there is none of them it is what `interest` chooses.
    window: width and height in pixels of the picture, neither above the picture's own.
    """
    heads = [mark_head(face) for face in faces_in(picture, context)]
    bodies = [person.box for person in people_in(picture, context)]
    if not heads and not bodies:
        return _show_subject(picture, window, context)
    core = join_fitting(heads or bodies, window)
    whole = around([core, *(body for body in bodies if _meet(body, core))])
    return place_window(picture, window, core=core, whole=whole, at=FACES_AT if heads else 0.5)


def _show_subject(picture: Picture, window: tuple[float, float], context: Context) -> tuple[float, float]:
    try:
        box, _ = subject_in(picture, context, "general")
    except SubjectNotFound:
        return interest.choose_corner(picture, window, context)
    return place_window(picture, window, core=box, whole=box, at=0.5)


def join_fitting(boxes: Sequence[Box], window: tuple[float, float]) -> Box:
    """The box around the first and all that still fit into the window with it."""
    joined = boxes[0]
    for box in boxes[1:]:
        larger = around([joined, box])
        if width_of(larger) <= window[WIDTH] and height_of(larger) <= window[HEIGHT]:
            joined = larger
    return joined


def _meet(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def place_window(
    picture: Picture, window: tuple[float, float], *, core: Box, whole: Box, at: float
) -> tuple[float, float]:
    """The corner of the window that shows the core, and of the whole what fits.

    at: how far from the top of the window, 0 to 1, the core lies where the whole does not fit.
    """
    bounds = bounds_of(picture.size)
    x, y = (
        place_span(
            length,
            hold=_hold(core, whole, axis, length, share),
            around=(_span(whole, axis), _span(core, axis), _span(bounds, axis)),
        )
        for axis, length, share in ((WIDTH, window[WIDTH], 0.5), (HEIGHT, window[HEIGHT], at))
    )
    return x, y


def _hold(core: Box, whole: Box, axis: int, length: float, share: float) -> Hold:
    first, last = _span(whole, axis)
    return (center_of(whole)[axis], 0.5) if last - first <= length else (center_of(core)[axis], share)


def _span(box: Box, axis: int) -> Span:
    return box[axis], box[axis + 2]
