"""A decoded picture."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PIL import Image

from processing import vips
from processing.animations import FOREVER
from processing.errors import EmptyResult, ResultTooLarge
from processing.geometry import IDENTITY, Affine, Box, Rect, Size, compose, scaling, shifting
from processing.limits import Limits
from processing.metadata import NO_CREDIT, Credit

LOSSES = {
    "alpha_flattened": "The format has no transparency: transparent pixels were laid over the background.",
    "alpha_hardened": "The format knows no half-transparent pixels: from 128 of 255 on they became opaque, "
    "below that invisible.",
    "depth_reduced": "The source has more than 8 bits a channel, the result has 8.",
    "enlarged": "The picture was scaled to more pixels than it had.",
    "font_missing": "The font is not installed; another was used.",
    "frames_dropped": "The source has several frames or pages, the result has the first alone.",
    "glyph_missing": "No installed font has some of the characters.",
    "hints_ignored": "Nothing was found by some of the words that say what the picture shows.",
    "lossless_missed": "The format has no exact pixels for animations: they were written at the highest quality.",
    "metadata_stripped": "The source has metadata (EXIF, IPTC, XMP, comments or texts) that the result has not.",
    "no_face": "No face was found: the picture was kept.",
    "no_person": "Nobody was found, or not the part of a person that was asked for: the picture was kept.",
    "no_plate": "No licence plate was found: the picture was kept.",
    "no_subject": "No main object was found: the picture was kept.",
    "outpainted": "The picture was continued beyond its edges with what it has, mirrored and softened.",
    "press_missing": "The profile of the press is not installed; a general CMYK profile was used.",
    "profile_converted": "The colours were converted from the source's profile or colour model to sRGB.",
    "shadow_missed": "Nothing of the picture is transparent, so that no shadow falls anywhere.",
    "target_missed": "The result has more bytes than asked for, at the lowest quality that is tried.",
    "text_unshaped": "Letters may stand out of place, for the library FriBiDi is not installed.",
}
"""Every loss that an output can report, by its code."""


@dataclass(frozen=True)
class Loss:
    """Something of the source that its output does not have. `code` is one of LOSSES, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True)
class SourceFacts:
    """What the source was before it was decoded. Sizes are upright: orientation is applied.

    mode: Pillow's word for how its pixels are stored. profile: only one that speaks of such pixels.
    has_metadata, credit: known of a decoded source alone.
    """

    format: str
    size: Size
    mode: str
    frames: int = 1
    profile: bytes | None = field(default=None, repr=False)
    has_metadata: bool = False
    credit: Credit = NO_CREDIT


@dataclass(frozen=True)
class Picture:
    """Frames of one size, RGB or RGBA, eight bits, sRGB, upright.

    size: width and height as the chain sees them. Only straight after decoding at a reduced scale may the
    frames hold fewer pixels than that.
    to_source: where a point of this picture lies in the upright source, in pixels of the source.
    durations_ms, plays: of an animation, as in `Animation`; a picture of one frame has no durations.
    """

    frames: tuple[Image.Image, ...]
    size: Size
    source: SourceFacts
    to_source: Affine = IDENTITY
    durations_ms: tuple[int, ...] = ()
    plays: int = FOREVER
    losses: tuple[Loss, ...] = ()

    @property
    def has_alpha(self) -> bool:
        return self.frames[0].mode == "RGBA"

    @property
    def is_reduced(self) -> bool:
        """Whether the frames hold fewer pixels than `size` says."""
        return self.frames[0].size != self.size

    def map(self, change: Callable[[Image.Image], Image.Image], *, moved: Affine = IDENTITY) -> "Picture":
        """The picture with each frame changed.

        moved: where a point of the new frames came from in the old ones, in the old `size`.
        """
        frames = tuple(change(frame) for frame in self.frames)
        return replace(self, frames=frames, size=frames[0].size, to_source=compose(moved, self.to_source))

    def lose(self, code: str, message: str) -> "Picture":
        """The picture with one more loss in its report; the same loss is reported once."""
        loss = Loss(code, message)
        return self if loss in self.losses else replace(self, losses=(*self.losses, loss))

    def still(self) -> "Picture":
        """The first frame alone."""
        return self if len(self.frames) == 1 else replace(self, frames=self.frames[:1], durations_ms=())

    def in_full(self) -> "Picture":
        """The picture with as many pixels as its size says."""
        if not self.is_reduced:
            return self
        return replace(self, frames=tuple(frame.resize(self.size, Image.Resampling.LANCZOS) for frame in self.frames))


def scale(image: Image.Image, size: Size, box: Box | None = None) -> Image.Image:
    """The image, or the box of it, at another size, by Lanczos with three lobes, on premultiplied alpha.

    box: left, top, right and bottom in pixels of the image, fractions allowed; None for all of it.
    What lies beside the box is still filtered in, as if the whole had been scaled and then cut.
    """
    box = box or (0, 0, *image.size)
    if (box[2] - box[0], box[3] - box[1]) == size and all(edge == int(edge) for edge in box):
        return image if image.size == size else image.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
    if image.mode == "RGBA":
        return _scale_channels(image.convert("RGBa"), size, box).convert("RGBA")
    return _scale_channels(image, size, box)


def _scale_channels(image: Image.Image, size: Size, box: Box) -> Image.Image:
    quick = vips.scale_down(image, size, box)
    return image.resize(size, Image.Resampling.LANCZOS, box) if quick is None else quick


def check_result(size: Size, limits: Limits) -> None:
    """Refuse a result that would be empty or larger than the limits, before it is made."""
    if min(size) < 1:
        raise EmptyResult("nothing of the picture would be left")
    if max(size) > limits.max_side or size[0] * size[1] > limits.max_pixels:
        raise ResultTooLarge(
            f"a result of {size[0]}×{size[1]} pixels is over the limit of "
            f"{limits.max_side} pixels a side and {limits.max_pixels} pixels in all"
        )


def rescale(picture: Picture, size: Size, limits: Limits, *, keep: Rect | None = None) -> Picture:
    """The picture at another size, or just the part of it to keep. Enlarging beyond the source is reported.

    keep: x, y, width and height in pixels of the new size; the rest is not even made, so only this is limited.
    """
    x, y, *kept = keep or (0, 0, *size)
    part = (kept[0], kept[1])
    check_result(part, limits)
    moved = compose(shifting(x, y), scaling(picture.size, size))
    made = picture.map(lambda frame: scale(frame, part, _scale_box((x, y, *part), size, frame.size)), moved=moved)
    if size[0] > picture.size[0] or size[1] > picture.size[1]:
        return made.lose("enlarged", "the result has more pixels than the picture that it was made from")
    return made


def _scale_box(rect: Rect, size: Size, frame: Size) -> Box:
    """The rectangle of a picture of this size, as a box of the frame that stands for it."""
    x, y, width, height = rect
    along = (frame[0] / size[0], frame[1] / size[1])
    right, bottom = min(frame[0], (x + width) * along[0]), min(frame[1], (y + height) * along[1])
    return x * along[0], y * along[1], right, bottom
