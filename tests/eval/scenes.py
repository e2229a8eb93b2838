"""Pictures whose cut-out is known: an object with its alpha laid over other grounds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from processing.detectors.subject import Category
from processing.geometry import Size
from tests.eval.album import Photo
from tests.processing.subjects import draw_alpha, gradient, paint_colors

Plane = NDArray[np.float64]

DRAWN_SIZE = (960, 720)
OPAQUE = 250
EDGE = 2.5
"""How many pixels wide the edge of a sharpened alpha is."""


@dataclass(frozen=True)
class Scene:
    """A picture and what it was made of. image, alpha, colors: the composite, the object's alpha and its colours."""

    name: str
    category: Category
    image: Image.Image
    alpha: Plane
    colors: Plane
    is_flat: bool


def _plain(first: tuple[int, int, int], last: tuple[int, int, int], size: Size) -> Image.Image:
    return gradient(size, first, last)


def _texture(name: str, tint: tuple[int, int, int], blur: float, size: Size) -> Image.Image:
    """A photograph without an object of its own. blur: as a share of the width."""
    with Image.open(Path(skimage.__file__).parent / "data" / name) as image:
        scale = max(size[0] / image.width, size[1] / image.height)
        whole = (round(image.width * scale) + 1, round(image.height * scale) + 1)
        made = image.convert("RGB").resize(whole, Image.Resampling.BICUBIC).crop((0, 0, *size))
    made = made.filter(ImageFilter.GaussianBlur(blur * size[0])) if blur else made
    return Image.fromarray((np.asarray(made) * (np.array(tint) / 255)).astype(np.uint8))


WHITE = (255, 255, 255)
FLAT: dict[str, Callable[[Size], Image.Image]] = {
    "white": partial(_plain, (255, 255, 255), (235, 235, 235)),
    "grey": partial(_plain, (190, 190, 190), (120, 120, 120)),
    "blue": partial(_plain, (40, 90, 200), (40, 90, 200)),
    "green": partial(_plain, (60, 170, 80), (60, 170, 80)),
}
ROUGH: dict[str, Callable[[Size], Image.Image]] = {
    "brick": partial(_texture, "brick.png", (230, 160, 140), 0),
    "grass": partial(_texture, "grass.png", (160, 220, 110), 0),
    "gravel": partial(_texture, "gravel.png", WHITE, 0),
    "room": partial(_texture, "coffee.png", WHITE, 0.05),
    "fur": partial(_texture, "chelsea.png", WHITE, 0.05),
    "stars": partial(_texture, "hubble_deep_field.jpg", WHITE, 0),
}
GROUNDS = {**FLAT, **ROUGH}


def list_scenes(photos: list[Photo], *, is_full: bool) -> Iterator[Scene]:
    """A drawn mug on every ground, and each photograph's object on every other ground, or on all of them.

    Every other edge is as soft as its mask's, every other one as sharp as a photograph's.
    """
    for ground in GROUNDS:
        yield _draw_mug(ground)
    for number, photo in enumerate(photo for photo in photos if photo.mask):
        grounds = list(GROUNDS)[0 if is_full else number % 2 :: 1 if is_full else 2]
        for place, ground in enumerate(grounds):
            yield _lay_photo(photo, ground, is_sharp=(number // 2 + place) % 2 == 0)


def _draw_mug(ground: str) -> Scene:
    alpha = np.asarray(draw_alpha(DRAWN_SIZE), float)
    return _compose(f"mug on {ground}", "products", alpha, np.asarray(paint_colors(DRAWN_SIZE), float), ground)


def _lay_photo(photo: Photo, ground: str, *, is_sharp: bool) -> Scene:
    alpha = np.asarray(photo.open_mask(), float)
    colors = _spread(np.asarray(photo.open(), float), alpha)
    name = f"{photo.name} on {ground}, {'sharp' if is_sharp else 'soft'}"
    return _compose(name, photo.category, _sharpen(alpha) if is_sharp else alpha, colors, ground)


def _compose(name: str, category: Category, alpha: Plane, colors: Plane, ground: str) -> Scene:
    share = alpha[..., np.newaxis] / 255
    below = np.asarray(GROUNDS[ground]((alpha.shape[1], alpha.shape[0])), float)
    image = Image.fromarray((colors * share + below * (1 - share) + 0.5).astype(np.uint8))
    return Scene(name, category, image, alpha, colors, ground in FLAT)


def _spread(colors: Plane, alpha: Plane) -> Plane:
    """The colours of the opaque part everywhere: each pixel has those of the nearest that is opaque."""
    nearest = ndimage.distance_transform_edt(alpha < OPAQUE, return_distances=False, return_indices=True)
    made: Plane = colors[tuple(nearest)]
    return made


def _sharpen(alpha: Plane) -> Plane:
    """The same outline with an edge as narrow as in a sharp photograph."""
    solid = alpha >= 128
    distance = ndimage.distance_transform_edt(solid) - ndimage.distance_transform_edt(~solid)
    made: Plane = (ndimage.gaussian_filter(distance, 1) / EDGE + 0.5).clip(0, 1) * 255
    return made
