"""Doubling a picture by a small network, tile by tile: `upscale` and `decompress` lean on it.

Each tile is run with as much of its surroundings as a pixel of its result depends on, so that tiles leave no seams, and
memory is that of one tile and of the result however large the picture is.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing import models, weights
from processing.channels import Pixels
from processing.errors import ResultTooLarge
from processing.geometry import Rect, Size

FACTOR = 2
"""By what every network here multiplies both sides."""

TILE = 256
"""Pixels of a tile's side, beside its surroundings."""

MEGA = 1_000_000
MOST_PIXELS = 100 * MEGA
"""That networks make of one picture, all frames together: two seconds a million on one core, or three."""

FULL = 255


@dataclass(frozen=True)
class Network:
    """A network that doubles RGB pixels between 0 and 1.

    name: of its two files, without their endings. enters, leaves: what its first and last blobs are called.
    reach: how many pixels around a tile it is run with; then no more than one level depends on how a picture is cut,
    even for pure noise. keeps_edges: whether the result covers the surroundings too.
    """

    name: str
    enters: str
    leaves: str
    reach: int
    keeps_edges: bool

    @property
    def files(self) -> tuple[str, str]:
        return f"{self.name}.param", f"{self.name}.bin"


def _waifu2x(name: str) -> Network:
    """Of waifu2x's kind upconv_7, which eats the pixels around its tile."""
    return Network(name, enters="Input1", leaves="Eltwise4", reach=7, keeps_edges=False)


GENTLE = _waifu2x("waifu2x_photo_noise0_scale2x")
MODERATE = _waifu2x("waifu2x_photo_noise1_scale2x")
STRONG = _waifu2x("waifu2x_photo_noise2_scale2x")
DRAWING = _waifu2x("waifu2x_art_noise1_scale2x")
CLEAN = Network("spanx2_ch48", enters="data", leaves="output", reach=24, keeps_edges=True)
"""For what was never compressed: this one takes the traces of JPEG for detail, and sharpens them."""


def missing(*networks: Network) -> str | None:
    """Why one of the networks cannot be used here, or None."""
    return weights.missing(*(file for network in networks for file in network.files))


def check_work(size: Size, frames: int, doublings: int = 1) -> None:
    """Refuse what would keep the networks busy for too long, before they begin. Raises ResultTooLarge."""
    pixels = size[0] * size[1] * frames * 4**doublings
    if pixels > MOST_PIXELS:
        raise ResultTooLarge(
            f"a network would have to make {pixels / MEGA:.0f} megapixels; the limit is {MOST_PIXELS // MEGA}"
        )


def double(image: Image.Image, network: Network) -> Image.Image:
    """An RGB image with twice as many pixels along each side.

    Raises UnavailableOperation where the network's files are not what they should be.
    """
    made = np.empty((image.height * FACTOR, image.width * FACTOR, 3), np.uint8)
    for (x, y, width, height), tile in _run_tiles(image, network):
        left, top = x * FACTOR, y * FACTOR
        made[top : top + height * FACTOR, left : left + width * FACTOR] = _to_bytes(tile)
    return Image.fromarray(made)


def repair(image: Image.Image, network: Network) -> Image.Image:
    """An RGB image of the same size without what the network takes for traces of compression: doubled, then halved.

    Raises UnavailableOperation as `double` does.
    """
    made = np.empty((image.height, image.width, 3), np.uint8)
    for (x, y, width, height), tile in _run_tiles(image, network):
        halved = tile.clip(0, 1).reshape(height, FACTOR, width, FACTOR, 3).mean(axis=(1, 3))
        made[y : y + height, x : x + width] = _to_bytes(halved)
    return Image.fromarray(made)


def _to_bytes(tile: NDArray[np.float32]) -> Pixels:
    return (tile * FULL + 0.5).clip(0, FULL).astype(np.uint8)


def _run_tiles(image: Image.Image, network: Network) -> Iterator[tuple[Rect, NDArray[np.float32]]]:
    """Each tile of the image with what the network makes of it, values between 0 and 1 or a little beyond."""
    pixels = np.asarray(image)
    net = models.load(network.name, lambda: _open(network))
    for y in range(0, image.height, TILE):
        for x in range(0, image.width, TILE):
            tile = x, y, min(TILE, image.width - x), min(TILE, image.height - y)
            yield tile, _run(net, network, _cut(pixels, tile, network.reach))


def _cut(pixels: Pixels, tile: Rect, reach: int) -> Pixels:
    """The tile with its surroundings; beyond the picture's edges it is mirrored."""
    x, y, width, height = tile
    rows = _mirror(np.arange(y - reach, y + height + reach), pixels.shape[0])
    columns = _mirror(np.arange(x - reach, x + width + reach), pixels.shape[1])
    return pixels[rows][:, columns]


def _mirror(places: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    places = np.mod(places, 2 * length)
    return np.where(places < length, places, 2 * length - 1 - places)


def _open(network: Network) -> Any:
    net = importlib.import_module("ncnn").Net()
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = models.threads()
    parameters, numbers = (str(weights.path_of(name)) for name in network.files)
    net.load_param(parameters)
    net.load_model(numbers)
    return net


def _run(net: Any, network: Network, pixels: Pixels) -> NDArray[np.float32]:
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / FULL
    with net.create_extractor() as extractor:
        # A Mat only borrows the array's memory: without a copy of its own it would read what lies there later.
        extractor.input(network.enters, importlib.import_module("ncnn").Mat(planes).clone())
        _, result = extractor.extract(network.leaves)
        made = np.array(result).transpose(1, 2, 0)
    if network.keeps_edges:
        edge = network.reach * FACTOR
        made = made[edge : len(made) - edge, edge : made.shape[1] - edge]
    return made
