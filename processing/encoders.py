"""Pictures to bytes."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from processing import formats, png, profiles
from processing.colors import rgb
from processing.formats import Format, Output
from processing.geometry import Size
from processing.picture import Loss, Picture


@dataclass(frozen=True)
class Encoded:
    """A written result. `losses` is what the source had and this has not."""

    data: bytes
    format: Format
    size: Size
    losses: tuple[Loss, ...] = ()


def encode(picture: Picture, output: Output) -> Encoded:
    """Write the picture as its output asks. Metadata of the source is never written."""
    picture = picture.in_full()
    form = choose_format(picture.source.format, output)
    image, picture = _fit_alpha(picture, form, output)
    profile = None
    if output.profile == "source":
        image, profile = profiles.from_srgb(image, picture.source.profile)
    if not profile and profiles.differs(picture.source.profile):
        picture = picture.lose("profile_converted", "the colours were converted from the source's profile to sRGB")
    quick = png.encode(image, profile) if form.name == "png" else None
    data = _save(image, form, output, profile) if quick is None else quick
    return Encoded(data, form, image.size, picture.losses)


def _save(image: Image.Image, form: Format, output: Output, profile: bytes | None) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form.pillow[0], **_options(form, output), icc_profile=profile)
    return buffer.getvalue()


def choose_format(source: str, output: Output) -> Format:
    """The format that is written: the one asked for, else the source's, else PNG."""
    form = formats.get(output.format or source)
    return form if form.writes else formats.get("png")


def _fit_alpha(picture: Picture, form: Format, output: Output) -> tuple[Image.Image, Picture]:
    image = picture.frames[0]
    if form.has_alpha or not picture.has_alpha:
        return image, picture
    ground = Image.new("RGB", image.size, rgb(output.background))
    ground.paste(image, mask=image.getchannel("A"))
    return ground, picture.lose("alpha_flattened", f"{form.name} has no transparency: laid over {output.background}")


def _options(form: Format, output: Output) -> dict[str, Any]:
    quality = form.quality if output.quality is None else output.quality
    if form.name == "jpeg":
        return {"quality": quality, "optimize": True}
    if form.name == "webp":
        return {"quality": quality, "method": 4, "exact": False}
    if form.name == "avif":
        return {"quality": quality, "speed": 8}
    if form.name == "tiff":
        return {"compression": "tiff_adobe_deflate"}
    return {}
