"""Running one operation on one image, without the pipeline."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import operations
from processing.base import Context
from processing.picture import Picture, SourceFacts


def picture_of(image: Image.Image) -> Picture:
    return Picture(frames=(image,), size=image.size, source=SourceFacts("png", image.size, image.mode))


def change(name: str, image: Image.Image, context: Context | None = None, /, **params: Any) -> Picture:
    """What the operation makes of the image; parameters are written as in a chain."""
    return operations.get(name).apply(picture_of(image), operations.parse(name, params), context or Context())


def shown(name: str, image: Image.Image, context: Context | None = None, /, **params: Any) -> Image.Image:
    """The image that the operation makes."""
    return change(name, image, context, **params).frames[0]


def array(image: Image.Image) -> NDArray[np.int16]:
    """The pixels as signed numbers, ready to be subtracted."""
    return np.asarray(image).astype(np.int16)


def px(value: float) -> dict[str, Any]:
    return {"value": value}


def per_cent(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "%"}


def source_of(picture: Picture, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture lies in its source, by the picture's own map."""
    a, b, c, d, e, f = picture.to_source
    return a * x + b * y + c, d * x + e * y + f
