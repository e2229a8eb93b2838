"""Where a window lies that holds something: boxes grown, shifted and fitted. Plain numbers, no pixels, no detectors.

A window may reach beyond the picture; what is to be seen there is not decided here. Only `round_box` rounds.
"""

from dataclasses import dataclass

from processing.geometry import HEIGHT, WIDTH, Box, Rect, Size, round_half_up

Span = tuple[float, float]
"""Where something begins and ends along one axis."""

Hold = tuple[float, float]
"""A point along one axis, and the share of the window that best lies before it: (x, 0.5) puts x in the middle."""

TOUCH_PIXELS, TOUCH_SHARE = 1.0, 0.005
"""What lies within so many pixels of the border, or within this share of the picture's side, touches it."""


@dataclass(frozen=True)
class Sides:
    """One number for each side of a box: pixels, unless it says otherwise."""

    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    left: float = 0.0


@dataclass(frozen=True)
class Contact:
    """Which sides touch the border of the picture."""

    top: bool = False
    right: bool = False
    bottom: bool = False
    left: bool = False


NO_CONTACT = Contact()


def width_of(box: Box) -> float:
    return box[2] - box[0]


def height_of(box: Box) -> float:
    return box[3] - box[1]


def center_of(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def grow_box(box: Box, by: Sides) -> Box:
    return box[0] - by.left, box[1] - by.top, box[2] + by.right, box[3] + by.bottom


def share_of(box: Box, per_cent: Sides) -> Sides:
    """Per cent of the box as pixels: of its height above and below, of its width left and right."""
    width, height = width_of(box) / 100, height_of(box) / 100
    return Sides(per_cent.top * height, per_cent.right * width, per_cent.bottom * height, per_cent.left * width)


def clip_box(box: Box, bounds: Box) -> Box:
    """The part of the box that lies in the bounds: without width or height where they don't meet."""
    left, right = (min(max(edge, bounds[0]), bounds[2]) for edge in (box[0], box[2]))
    top, bottom = (min(max(edge, bounds[1]), bounds[3]) for edge in (box[1], box[3]))
    return left, top, right, bottom


def bounds_of(size: Size) -> Box:
    """The whole of a picture as a box."""
    return 0.0, 0.0, float(size[0]), float(size[1])


def round_box(box: Box, size: Size) -> Rect:
    """The box in whole pixels, halves up, at least one pixel each way, inside a picture of this size."""
    left, top = (min(max(round_half_up(box[axis]), 0), size[axis] - 1) for axis in (WIDTH, HEIGHT))
    right, bottom = (min(round_half_up(box[axis + 2]), size[axis]) for axis in (WIDTH, HEIGHT))
    return left, top, max(1, right - left), max(1, bottom - top)


def resolve_output(width: int | None, height: int | None, window: Box) -> Size | None:
    """The size in which a window is shown; a missing side follows from its proportions. None where both are missing."""
    if width is None and height is None:
        return None
    return (
        width or max(1, round_half_up((height or 0) * width_of(window) / height_of(window))),
        height or max(1, round_half_up((width or 0) * height_of(window) / width_of(window))),
    )


# --- Contact with the border ---------------------------------------------------------------------------------------


def find_contact(box: Box, bounds: Box) -> Contact:
    """The sides that reach the border, or all but reach it."""
    near_x = max(TOUCH_PIXELS, TOUCH_SHARE * width_of(bounds))
    near_y = max(TOUCH_PIXELS, TOUCH_SHARE * height_of(bounds))
    return Contact(
        top=box[1] <= bounds[1] + near_y,
        right=box[2] >= bounds[2] - near_x,
        bottom=box[3] >= bounds[3] - near_y,
        left=box[0] <= bounds[0] + near_x,
    )


def both(first: Contact, second: Contact) -> Contact:
    """The sides that are in both."""
    return Contact(
        top=first.top and second.top,
        right=first.right and second.right,
        bottom=first.bottom and second.bottom,
        left=first.left and second.left,
    )


def keep_contact(box: Box, bounds: Box, contact: Contact) -> Box:
    """The box with each side that touches laid on the border."""
    return (
        bounds[0] if contact.left else box[0],
        bounds[1] if contact.top else box[1],
        bounds[2] if contact.right else box[2],
        bounds[3] if contact.bottom else box[3],
    )


# --- Shifting and growing ------------------------------------------------------------------------------------------


def center_on(box: Box, x: float) -> Box:
    """The box shifted sideways, so that its middle lies at x."""
    half = width_of(box) / 2
    return x - half, box[1], x + half, box[3]


def place_span(length: float, *, hold: Hold, around: tuple[Span, ...]) -> float:
    """Where a window of this length begins along one axis.

    around: what it has to hold, each more than the one before; of what is longer than the window it shows a part.
    """
    start = hold[0] - hold[1] * length
    for first, last in around:
        ends = sorted((first, last - length))
        start = min(max(start, ends[0]), ends[1])
    return start


def hold_middle(box: Box) -> tuple[Hold, Hold]:
    """What keeps the box in the middle of the window."""
    x, y = center_of(box)
    return (x, 0.5), (y, 0.5)


def hold_contact(box: Box, contact: Contact) -> tuple[Hold, Hold]:
    """What keeps sides of the box sides of the window: the middle where neither side is to be kept, or both are."""
    return (
        _hold_side(box[0], box[2], first=contact.left, last=contact.right),
        _hold_side(box[1], box[3], first=contact.top, last=contact.bottom),
    )


def _hold_side(low: float, high: float, *, first: bool, last: bool) -> Hold:
    if first == last:
        return (low + high) / 2, 0.5
    return (low, 0.0) if first else (high, 1.0)


def grow_to_aspect(box: Box, aspect: Size, bounds: Box, holds: tuple[Hold, Hold] | None = None) -> Box:
    """The smallest window of this aspect that holds the box.

    It lies inside the bounds where it fits, and reaches beyond them where it is too large for them.
    aspect: width and height in any unit. holds: where it best lies, across and down; None for round the box.
    """
    lengths = _grow_lengths(box, aspect)
    return _place_window(lengths, holds or hold_middle(box), (box, bounds))


def grow_inside(box: Box, aspect: Size, bounds: Box, *, core: Box) -> Box:
    """The smallest window of this aspect that holds the box, never beyond the bounds.

    Where they are too small for it: the largest that there is, which still holds the core if it can.
    """
    lengths = _grow_lengths(box, aspect)
    factor = min(1.0, width_of(bounds) / lengths[0], height_of(bounds) / lengths[1])
    return _place_window((lengths[0] * factor, lengths[1] * factor), hold_middle(box), (box, core, bounds))


def _grow_lengths(box: Box, aspect: Size) -> tuple[float, float]:
    width, height = width_of(box), height_of(box)
    return max(width, height * aspect[0] / aspect[1]), max(height, width * aspect[1] / aspect[0])


def _place_window(lengths: tuple[float, float], holds: tuple[Hold, Hold], around: tuple[Box, ...]) -> Box:
    left, top = (
        place_span(lengths[axis], hold=holds[axis], around=tuple((box[axis], box[axis + 2]) for box in around))
        for axis in (WIDTH, HEIGHT)
    )
    return left, top, left + lengths[0], top + lengths[1]


@dataclass(frozen=True)
class Frame:
    """A window round a part of a picture, inside the picture, and what it holds on to when it takes on an aspect."""

    box: Box
    holds: tuple[Hold, Hold]

    def to_aspect(self, aspect: Size, bounds: Box) -> Box:
        """As `grow_to_aspect`."""
        return grow_to_aspect(self.box, aspect, bounds, self.holds)


def frame_part(
    part: Box, bounds: Box, *, margins: Sides, keep: Contact = NO_CONTACT, center_x: float | None = None
) -> Frame:
    """The part with its margins, inside the bounds.

    keep: sides that get no margin and lie on the border where the part touches it.
    center_x: what lies in the middle across; this goes before contact at the left and right.
    """
    contact = both(find_contact(part, bounds), keep)
    box = keep_contact(grow_box(part, margins), bounds, contact)
    if center_x is None:
        inside = clip_box(box, bounds)
        return Frame(inside, hold_contact(inside, contact))
    inside = clip_box(center_on(box, center_x), bounds)
    return Frame(inside, ((center_x, 0.5), hold_contact(inside, contact)[1]))
