"""A decoded picture, and how bytes become one."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PIL import Image, ImageOps

from processing import formats, headers, png, profiles, vips
from processing.errors import BrokenImage, EmptyResult, ResultTooLarge, UnsupportedFormat
from processing.geometry import IDENTITY, Affine, Box, Rect, Size, compose, scaling, shifting
from processing.headers import Header
from processing.limits import Limits, check_size, check_source

# Our own limits are checked from the header; Pillow's guess would only warn, and only above its own figure.
Image.MAX_IMAGE_PIXELS = None

DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    OverflowError,
    RuntimeError,
)
"""What Pillow's decoders raise for bytes that are not what they claim."""

ORIENTATION = 0x0112
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


@dataclass(frozen=True)
class Loss:
    """Something of the source that its output does not have. `code` is stable, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True)
class SourceFacts:
    """What the source was before it was decoded. Sizes are upright: orientation is applied."""

    format: str
    size: Size
    mode: str
    frames: int = 1
    profile: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Picture:
    """Frames of one size, RGB or RGBA, eight bits, sRGB, upright.

    size: width and height as the chain sees them. Only straight after decoding at a reduced scale may the
    frames hold fewer pixels than that.
    to_source: where a point of this picture lies in the upright source, in pixels of the source.
    """

    frames: tuple[Image.Image, ...]
    size: Size
    source: SourceFacts
    to_source: Affine = IDENTITY
    durations_ms: tuple[int, ...] = ()
    loop: int | None = None
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


def load(data: bytes, limits: Limits, wanted: Callable[[Size], Size | None] = lambda _size: None) -> Picture:
    """Decode a picture within the limits, upright and in sRGB.

    wanted: given the upright size, the size below which no more pixels are needed, or None for all.
    Raises UnsupportedFormat, BrokenImage, or what `check_source` raises for the limits.
    """
    header = check_source(data, limits)
    image = _open(data, header)
    # Once more, by the one who decodes: of a file that says two things it may have believed the other.
    check_size(image.size, limits)
    facts = _read_facts(image, header)
    try:
        frame = _decode(image, data, facts, wanted(facts.size))
    except DECODE_ERRORS as error:
        raise BrokenImage(f"the {facts.format} data cannot be decoded: {error}") from None
    if sorted(frame.size) == sorted(facts.size):
        # A PNG, which is then not reduced, may say how it is turned as late as behind its pixels.
        facts = replace(facts, size=frame.size)
    return _with_losses(Picture(frames=(frame,), size=facts.size, source=facts), facts)


def probe(data: bytes) -> SourceFacts:
    """Format and size of a picture from its header alone. Raises UnsupportedFormat or BrokenImage."""
    header = headers.read(data)
    return _read_facts(_open(data, header), header)


def _open(data: bytes, header: Header) -> Image.Image:
    """The picture for the one decoder of its format. Stereo photographs come by the plugin for JPEG."""
    try:
        return Image.open(io.BytesIO(data), formats=formats.get(header.format).pillow[:1])
    except Image.UnidentifiedImageError:
        what = f"the source begins like {header.format}, but is not of a kind that is read here"
        raise UnsupportedFormat(what) from None
    except DECODE_ERRORS as error:
        raise BrokenImage(f"the picture's header cannot be read: {error}") from None


def _read_facts(image: Image.Image, header: Header) -> SourceFacts:
    try:
        turned = _is_turned(image)
    except DECODE_ERRORS as error:
        raise BrokenImage(f"the picture's header cannot be read: {error}") from None
    size = (image.height, image.width) if turned else image.size
    return SourceFacts(header.format, size, image.mode, header.frames, image.info.get("icc_profile"))


def _is_turned(image: Image.Image) -> bool:
    """Whether width and height change places when the header's orientation is obeyed."""
    if image.format == "TIFF":
        return False  # Pillow gives the size of a TIFF as turned
    if image.format == "PNG" and "exif" not in image.info:
        return False  # Pillow would decode all pixels to look behind them
    return image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)


def _decode(image: Image.Image, data: bytes, facts: SourceFacts, wanted: Size | None) -> Image.Image:
    turned = facts.size != image.size
    loaded = _load_pixels(image, data, facts, (wanted[1], wanted[0]) if wanted and turned else wanted)
    frame = profiles.to_srgb(_to_working(ImageOps.exif_transpose(loaded)), facts.profile)
    # Encoders would write some of it: a comment, a resolution.
    frame.info.clear()
    return frame


def _load_pixels(image: Image.Image, data: bytes, facts: SourceFacts, wanted: Size | None) -> Image.Image:
    """The decoded image, by the quickest way: it may have fewer pixels, but never fewer than are wanted."""
    quick = None
    if facts.format == "jpeg" and wanted:
        image.draft(None, wanted)
    elif facts.format == "png":
        quick = png.decode(data, image.size, wanted) or png.decode_deep(data, image.size)
    if quick is None:
        image.load()
        return image
    quick.info = dict(image.info)
    # It is in the pixels already.
    quick.info.pop("transparency", None)
    return quick


def _to_working(image: Image.Image) -> Image.Image:
    """Any mode as RGB, RGBA, or CMYK and L that a profile still has to speak for."""
    if image.mode in DEEP_MODES:
        return _to_eight_bits(image).convert("RGB")
    if image.mode in ("RGB", "RGBA", "CMYK"):
        return image if "transparency" not in image.info else image.convert("RGBA")
    has_alpha = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        return image.convert("L")
    return image.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")


def _with_losses(picture: Picture, facts: SourceFacts) -> Picture:
    if facts.frames > 1:
        picture = picture.lose("frames_dropped", f"only the first of {facts.frames} frames was kept")
    if facts.mode in DEEP_MODES:
        picture = picture.lose("depth_reduced", "more than 8 bits a channel were reduced to 8")
    return picture


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
