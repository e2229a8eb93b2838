"""Pictures to bytes: one file a format, and here what they have in common."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image

from processing import formats, presses, profiles
from processing.colors import rgb
from processing.encoders import avif, gif, jpeg, png, tiff, webp
from processing.encoders.changes import merge_equal
from processing.encoders.sheet import Sheet
from processing.errors import ResultTooLarge
from processing.formats import Format, Output
from processing.geometry import Box, Size, map_box
from processing.metadata import NO_CREDIT
from processing.picture import Loss, Picture

WRITERS: dict[str, Callable[[Sheet], bytes]] = {
    "jpeg": jpeg.write,
    "png": png.write,
    "webp": webp.write,
    "gif": gif.write,
    "avif": avif.write,
    "tiff": tiff.write,
}

MIN_QUALITY, MAX_TRIES = 1, 7
"""How low the quality goes for a target, and the most tries that a search from 100 takes to get there."""

OPAQUE_FROM = 128


@dataclass(frozen=True)
class Encoded:
    """A written result. `losses` is what the source had and this has not.

    covers: the upright box around the part of the source that it shows, in pixels of the source; it may reach beyond.
    """

    data: bytes
    format: Format
    size: Size
    losses: tuple[Loss, ...] = ()
    covers: Box = (0.0, 0.0, 0.0, 0.0)


def encode(picture: Picture, output: Output) -> Encoded:
    """Write the picture as its output asks, with no metadata of the source but the credit where that is asked for.

    Raises ResultTooLarge for a picture with more pixels a side than the format can have.
    """
    form = choose_format(picture.source.format, output)
    if max(picture.size) > form.max_side:
        raise ResultTooLarge(f"{form.name} cannot have more than {form.max_side} pixels a side")
    lossless = form.is_lossless if output.lossless is None else output.lossless
    picture = _fit_frames(picture.in_full(), form, output)
    picture = _fit_alpha(picture, form, output, lossless=lossless)
    picture, profile = _fit_profile(picture, form, output)
    sheet = _make_sheet(picture, form, output, profile=profile, lossless=lossless)
    data = _write_to_target(sheet, form)
    covers = map_box(picture.to_source, (0, 0, *picture.size))
    return Encoded(data, form, picture.size, _report(picture, form, sheet, len(data)).losses, covers)


def _make_sheet(picture: Picture, form: Format, output: Output, *, profile: bytes | None, lossless: bool) -> Sheet:
    return Sheet(
        frames=picture.frames,
        output=output,
        quality=(form.quality or 0) if output.quality is None else output.quality,
        lossless=lossless,
        durations_ms=picture.durations_ms,
        plays=picture.plays,
        profile=profile,
        credit=picture.source.credit if output.metadata == "credit" else NO_CREDIT,
    )


def _report(picture: Picture, form: Format, sheet: Sheet, data_bytes: int) -> Picture:
    """The picture with what its writing lost."""
    if picture.source.has_metadata:
        what = "all metadata but the credit" if sheet.credit and form.name != "gif" else "the metadata"
        picture = picture.lose("metadata_stripped", f"{what} of the source was left out")
    if sheet.lossless and form.name == "avif" and sheet.is_animated:
        picture = picture.lose("lossless_missed", "avif has no exact pixels for animations: they are nearly so")
    target = sheet.output.target_bytes
    if target is not None and data_bytes > target:
        text = f"the result has {data_bytes} bytes, more than the {target} asked for"
        picture = picture.lose("target_missed", text)
    return picture


def choose_format(source: str, output: Output) -> Format:
    """The format that is written: the one asked for, else the source's where it may be kept, else PNG."""
    kept = source if not output.formats or source in output.formats else output.formats[0]
    form = formats.get(output.format or kept)
    return form if form.writes else formats.get("png")


def keeps_frames(output: Output) -> bool:
    """Whether more than the first frame of an animation may be written."""
    return output.animated and (output.format is None or formats.get(output.format).animates)


def _fit_frames(picture: Picture, form: Format, output: Output) -> Picture:
    """The frames that are written, equal ones merged."""
    if form.animates and output.animated and len(picture.frames) > 1:
        frames, durations = merge_equal(picture.frames, picture.durations_ms)
        return replace(picture, frames=frames, durations_ms=durations if len(frames) > 1 else ())
    count, what = picture.source.frames, "pages" if picture.source.format == "tiff" else "frames"
    return (
        picture if count == 1 else picture.still().lose("frames_dropped", f"only the first of {count} {what} is kept")
    )


def _fit_alpha(picture: Picture, form: Format, output: Output, *, lossless: bool) -> Picture:
    if not picture.has_alpha:
        return picture
    # TIFF has no transparency with the compression of JPEG, and nobody reads it beside inks.
    if not form.has_alpha or (form.name == "tiff" and (not lossless or _is_printed(form, output))):
        made = replace(picture, frames=tuple(_flatten(frame, output.background) for frame in picture.frames))
        is_opaque = all(frame.getchannel("A").getextrema()[0] == 255 for frame in picture.frames)
        text = f"{form.name} has no transparency: laid over {output.background}"
        return made if is_opaque else made.lose("alpha_flattened", text)
    if form.name == "gif" and any(_is_soft(frame) for frame in picture.frames):
        made = replace(picture, frames=tuple(_harden(frame) for frame in picture.frames))
        return made.lose(
            "alpha_hardened", f"gif knows no half-transparent pixels: those from {OPAQUE_FROM} on are opaque"
        )
    return picture


def _flatten(frame: Image.Image, background: str) -> Image.Image:
    ground = Image.new("RGB", frame.size, rgb(background))
    ground.paste(frame, mask=frame.getchannel("A"))
    return ground


def _is_soft(frame: Image.Image) -> bool:
    return any(frame.getchannel("A").histogram()[1:255])


def _harden(frame: Image.Image) -> Image.Image:
    made = frame.copy()
    made.putalpha(frame.getchannel("A").point([255 * (value >= OPAQUE_FROM) for value in range(256)]))
    return made


def _fit_profile(picture: Picture, form: Format, output: Output) -> tuple[Picture, bytes | None]:
    """The picture in the colours that are written, and the profile that goes with them."""
    source = picture.source
    if output.profile == "source" and form.has_profile:
        made = [profiles.from_srgb(frame, source.profile) for frame in picture.frames]
        if made[0][1]:
            return replace(picture, frames=tuple(frame for frame, _ in made)), made[0][1]
    if source.mode == "CMYK" or (source.profile and profiles.differs(source.profile)):
        what = "colour model" if source.mode == "CMYK" else "profile"
        picture = picture.lose("profile_converted", f"the colours were converted from the source's {what} to sRGB")
    if _is_printed(form, output):
        return _print(picture, output)
    return picture, profiles.write_srgb() if output.profile in ("embedded_srgb", "cmyk") else None


def _is_printed(form: Format, output: Output) -> bool:
    return output.profile == "cmyk" and form.has_cmyk


def _print(picture: Picture, output: Output) -> tuple[Picture, bytes]:
    """The first frame in the inks of the press, and their profile; a general one where the press is not installed."""
    profile = None if output.press == "general" else presses.find(output.press)
    if profile is None and output.press != "general":
        text = f"no profile of the press {output.press} is installed here: a general one was used"
        picture = picture.lose("press_missing", text)
    profile = profile or presses.read_general()
    return replace(picture, frames=(profiles.to_cmyk(picture.frames[0], profile),)), profile


def _write_to_target(sheet: Sheet, form: Format) -> bytes:
    """The result, at the highest quality up to the one asked for at which it has no more bytes than the target."""
    write, target = WRITERS[form.name], sheet.output.target_bytes
    data = write(sheet)
    if target is None or len(data) <= target or sheet.lossless or form.quality is None:
        return data
    best = None
    low, high = MIN_QUALITY, sheet.quality - 1
    for _ in range(MAX_TRIES):
        if low > high:
            break
        middle = (low + high) // 2
        data = write(replace(sheet, quality=middle))
        if len(data) <= target:
            best, low = data, middle + 1
        else:
            high = middle - 1
    return best or data
