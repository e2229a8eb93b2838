"""Animations: GIF, PNG, WebP and AVIF as whole frames, each for as long as its file says."""

import io

from PIL import Image

from processing.animations import apng, avif, gif, webp
from processing.animations.animation import FOREVER, Animation, drop_full_alpha
from processing.geometry import Size

__all__ = ["FOREVER", "Animation", "read"]

Decode = apng.Decode


def read(form: str, data: bytes, size: Size, *, count: int | None, decode_png: Decode) -> Animation:
    """The first frames of an animation, all where count is None, neither turned nor brought to sRGB.

    form: gif, png, webp or avif. size: of the canvas, as it is stored. Raises what decoders raise for broken data.
    """
    if form == "gif":
        return gif.read(data, size, count)
    if form == "png":
        return apng.read(data, size, count, decode_png)
    return _read_with_pillow(form, data, count)


def _read_with_pillow(form: str, data: bytes, count: int | None) -> Animation:
    """WebP and AVIF, whose libraries give whole frames."""
    stored = webp.mark_alpha(data) if form == "webp" else data
    with Image.open(io.BytesIO(stored), formats=[form.upper()]) as image:
        total = getattr(image, "n_frames", 1)
        frames: list[Image.Image] = []
        durations: list[int] = []
        for number in range(total if count is None else min(count, total)):
            image.seek(number)
            image.load()
            frames.append(image.copy())
            durations.append(int(image.info.get("duration", 0)))
        plays = avif.read_plays(data) if form == "avif" else image.info.get("loop", FOREVER)
    return Animation(drop_full_alpha(frames), tuple(durations), plays)
