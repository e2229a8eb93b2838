"""The cut-out of a source's main object in a picture that a chain has made of that source."""

from PIL import Image

from processing.analysis import to_picture
from processing.geometry import IDENTITY, Affine, Size, compose, scaling
from processing.picture import Picture

SEEN = 16
"""From this alpha on, something can be seen."""


def carry(alpha: Image.Image, picture: Picture) -> Image.Image:
    """Alpha of the source ("L", of its size) where it lies in this picture: 0 beside the source."""
    if picture.to_source == IDENTITY and alpha.size == picture.size:
        return alpha
    small = _shrink(alpha, to_picture(picture))
    back = compose(picture.to_source, scaling(small.size, alpha.size))
    return small.transform(picture.size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)


def _shrink(alpha: Image.Image, forward: Affine) -> Image.Image:
    """Alpha no larger than the picture needs it, for the affine samples single pixels."""
    a, b, _, d, e, _ = forward
    factor = min(1.0, abs(a * e - b * d) ** 0.5)
    size: Size = (max(1, round(alpha.width * factor)), max(1, round(alpha.height * factor)))
    return alpha if size == alpha.size else alpha.resize(size, Image.Resampling.LANCZOS)


def find_bounds(alpha: Image.Image) -> tuple[int, int, int, int] | None:
    """The box around all that can be seen, in whole pixels, or None."""
    return alpha.point(lambda value: 255 if value >= SEEN else 0).getbbox()
