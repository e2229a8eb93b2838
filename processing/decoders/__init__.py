"""Bytes to pictures."""

import io
import struct
from collections.abc import Callable
from dataclasses import replace

from PIL import Image, TiffImagePlugin

from processing import animations, formats, headers, metadata, png, profiles
from processing.animations import Animation
from processing.decoders import heic, tiff
from processing.decoders.modes import DEEP_MODES, to_direct
from processing.errors import BrokenImage, UnsupportedFormat
from processing.geometry import Size
from processing.headers import Header
from processing.limits import Limits, check_size, check_source
from processing.picture import Picture, SourceFacts

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
TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of each EXIF orientation upright."""


def load(
    data: bytes,
    limits: Limits,
    wanted: Callable[[Size], Size | None] = lambda _size: None,
    *,
    animated: bool = False,
) -> Picture:
    """Decode a picture within the limits, upright and in sRGB.

    wanted: given the upright size, the size below which no more pixels are needed, or None for all.
    animated: whether all frames of an animation are decoded, or only the first. Of a TIFF it is always the first page.
    Raises UnsupportedFormat, BrokenImage, or what `check_source` raises for the limits.
    """
    moves = formats.get(headers.sniff(data)).animates
    header = check_source(data, limits, frames=None if animated and moves else 1)
    image = _open(data, header)
    # Once more, by the one who decodes: of a file that says two things it may have believed the other.
    check_size(image.size, limits)
    facts = _read_facts(image, header)
    try:
        if moves and (header.frames > 1 or header.format == "gif"):
            picture = _load_animation(image, data, facts, animated=animated)
        else:
            picture = _load_still(image, data, facts, wanted(facts.size))
        return _describe(picture, image, data)
    except DECODE_ERRORS as error:
        raise BrokenImage(f"the {facts.format} data cannot be decoded: {error}") from None


def probe(data: bytes) -> SourceFacts:
    """Format and size of a picture from its header alone. Raises UnsupportedFormat or BrokenImage."""
    header = headers.read(data)
    return _read_facts(_open(data, header), header)


def _open(data: bytes, header: Header) -> Image.Image:
    """The picture for the one decoder of its format. Stereo photographs come by the plugin for JPEG."""
    if header.format == "heic":
        heic.prepare()
    try:
        return Image.open(io.BytesIO(data), formats=formats.get(header.format).pillow[:1])
    except Image.UnidentifiedImageError:
        what = f"the source begins like {header.format}, but is not of a kind that is read here"
        raise UnsupportedFormat(what) from None
    except DECODE_ERRORS as error:
        raise BrokenImage(f"the picture's header cannot be read: {error}") from None


def _read_facts(image: Image.Image, header: Header) -> SourceFacts:
    turned = _read_orientation(image) in (5, 6, 7, 8)
    size = (image.height, image.width) if turned else image.size
    profile = profiles.find_usable(image.info.get("icc_profile"), image.mode)
    return SourceFacts(header.format, size, image.mode, header.frames, profile)


def _read_orientation(image: Image.Image) -> int:
    """How the stored pixels lie, 1 for upright, as far as is known by now. What cannot be read says nothing."""
    if image.format == "TIFF":
        return 1  # Pillow turns a TIFF itself, and gives its size as turned
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # Pillow would decode all pixels to look behind them
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except DECODE_ERRORS:
        return 1
    return orientation if orientation in TRANSPOSED else 1


def _turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(TRANSPOSED[orientation]) if orientation in TRANSPOSED else image


def _load_still(image: Image.Image, data: bytes, facts: SourceFacts, wanted: Size | None) -> Picture:
    turned = facts.size != image.size
    loaded = _load_pixels(image, data, facts, (wanted[1], wanted[0]) if wanted and turned else wanted)
    frame = _to_working(_turn_upright(loaded, _read_orientation(image)), facts)
    # A PNG, which is then not reduced, may say how it is turned as late as behind its pixels.
    size = frame.size if sorted(frame.size) == sorted(facts.size) else facts.size
    return Picture(frames=(frame,), size=size, source=replace(facts, size=size))


def _load_pixels(image: Image.Image, data: bytes, facts: SourceFacts, wanted: Size | None) -> Image.Image:
    """The decoded image, by the quickest way: it may have fewer pixels, but never fewer than are wanted."""
    quick = None
    if facts.format == "jpeg" and wanted:
        image.draft(None, wanted)
    elif facts.format == "png":
        quick = png.decode(data, image.size, wanted) or png.decode_deep(data, image.size)
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        quick = tiff.decode_deep(data, image)
    if quick is None:
        image.load()
        return image
    quick.info = dict(image.info)
    # It is in the pixels already.
    quick.info.pop("transparency", None)
    return quick


def _load_animation(image: Image.Image, data: bytes, facts: SourceFacts, *, animated: bool) -> Picture:
    count = None if animated else 1
    film: Animation = animations.read(facts.format, data, image.size, count=count, decode_png=_decode_png)
    orientation = _read_orientation(image)
    frames = tuple(_to_working(_turn_upright(frame, orientation), facts) for frame in film.frames)
    if animated:
        # A PNG may have a still picture besides, which the header counts.
        facts = replace(facts, frames=len(frames))
    durations = film.durations_ms if len(frames) > 1 else ()
    return Picture(frames, facts.size, facts, durations_ms=durations, plays=film.plays)


def _decode_png(still: bytes, size: Size) -> Image.Image:
    """One frame of an animated PNG, in RGBA."""
    with Image.open(io.BytesIO(still), formats=["PNG"]) as image:
        return to_direct(png.decode_deep(still, size) or image).convert("RGBA")


def _to_working(image: Image.Image, facts: SourceFacts) -> Image.Image:
    frame = profiles.to_srgb(to_direct(image), facts.profile)
    # Encoders would write some of it: a comment, a resolution.
    frame.info.clear()
    return frame


def _describe(picture: Picture, image: Image.Image, data: bytes) -> Picture:
    """The picture with what is known of its source only now, and with what was lost on the way."""
    try:
        facts = replace(picture.source, has_metadata=metadata.is_present(image), credit=metadata.read_credit(image))
    except DECODE_ERRORS:
        # What is said of a picture may be broken where the picture is not.
        facts = replace(picture.source, has_metadata=True)
    if _is_deep(image, data):
        picture = picture.lose("depth_reduced", "more than 8 bits a channel were reduced to 8")
    return replace(picture, source=facts)


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether a channel of the file has more than eight bits."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return tiff.is_deep(image)
    if image.format == "PNG":
        return data[24] == 16
    if image.format == "AVIF":
        # The third byte of the codec's configuration: https://aomediacodec.github.io/av1-isobmff/#av1codecconfigurationbox-syntax
        place = data.find(b"av1C")
        return place > 0 and bool(data[place + 6] & 0x40)
    return image.mode in DEEP_MODES or image.info.get("bit_depth", 8) > 8
