"""Colour profiles built by the book: see https://www.color.org/specification/ICC.1-2022-05.pdf."""

import struct
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.color import deltaE_ciede2000

Floats = NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
"""From linear sRGB to XYZ, adapted to D50, a column for each primary."""

DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

INKS = np.array([[0.0, 0.62, 0.88], [0.90, 0.0, 0.50], [1.0, 0.95, 0.0], [0.1, 0.1, 0.1]])
"""What a full layer of cyan, magenta, yellow and black lets through of red, green and blue light, as sRGB levels."""


def srgb_curve() -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *(round(value * 65536) for value in SRGB_CURVE))


def gamma_curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


@cache
def rgb_profile(name: str) -> bytes:
    """`p3` (with the curve of sRGB), `adobe` (gamma 2.2) or `srgb`, none of which bears that name."""
    matrix, curve = {
        "p3": (DISPLAY_P3, srgb_curve()),
        "adobe": (ADOBE_RGB, gamma_curve(2.19921875)),
        "srgb": (SRGB, srgb_curve()),
    }[name]
    tags = {key: write_xyz(matrix[:, column]) for column, key in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    return write_profile(b"RGB ", b"XYZ ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


@cache
def grey_profile(gamma: float) -> bytes:
    return write_profile(b"GRAY", b"XYZ ", {b"kTRC": gamma_curve(gamma)})


@cache
def cmyk_profile(steps: int = 9) -> bytes:
    """A press with the inks above, one way only, as a table of so many steps an ink."""
    inks = np.stack(np.meshgrid(*[np.linspace(0, 1, steps)] * 4, indexing="ij"), axis=-1)
    lab = xyz_to_lab(linear(print_inks(inks)) @ SRGB.T)
    words = np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1)
    ramp = struct.pack(">2H", 0, 65535)
    head = b"mft2" + bytes(4) + struct.pack(">3Bx9i2H", 4, 3, steps, *(65536 * (n % 4 == 0) for n in range(9)), 2, 2)
    table = words.round().clip(0, 65535).astype(">u2").tobytes()
    return write_profile(b"CMYK", b"Lab ", {b"A2B0": head + ramp * 4 + table + ramp * 3})


def print_inks(inks: Floats) -> Floats:
    """The sRGB, 0 to 1, of inks from 0 to 1 printed over each other."""
    through = 1 - inks[..., np.newaxis] * (1 - INKS)
    made: Floats = through.prod(axis=-2)
    return made


def write_profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    words = "made for a test".encode("utf-16-be")
    text = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(words), 28) + words
    every = {b"desc": text, b"cprt": text, b"wtpt": write_xyz(D50)} | tags
    index, body, place = b"", b"", 132 + 12 * len(every)
    for key, value in every.items():
        index += key + struct.pack(">II", place + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = _write_head(place + len(body), space, connection)
    return head + struct.pack(">I", len(every)) + index + body


def _write_head(length: int, space: bytes, connection: bytes) -> bytes:
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    start = struct.pack(">I4sI4s4s4s", length, bytes(4), 0x04300000, kind, space, connection)
    made_at = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return (start + made_at + b"acsp" + bytes(28) + write_xyz(D50)[8:]).ljust(128, b"\0")


def write_xyz(values: Any) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def linear(levels: Floats) -> Floats:
    """Light of sRGB levels from 0 to 1."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def curved(light: Floats) -> Floats:
    """sRGB levels of light from 0 to 1."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


def xyz_to_lab(xyz: Floats) -> Floats:
    ratio = xyz / D50
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_of(image: Image.Image, matrix: Floats = SRGB) -> Floats:
    """CIE Lab of an image with these primaries and the curve of sRGB."""
    return xyz_to_lab(linear(np.asarray(image.convert("RGB")) / 255) @ matrix.T)


def in_p3(image: Image.Image) -> Image.Image:
    """The numbers that Display P3 has for the colours of an sRGB image, by matrices alone."""
    light = linear(np.asarray(image) / 255) @ (np.linalg.inv(DISPLAY_P3) @ SRGB).T
    return Image.fromarray((curved(light.clip(0, 1)) * 255).round().astype(np.uint8))


def differ(one: Floats, other: Floats) -> Floats:
    """How different the colours are to the eye, pixel by pixel: CIEDE2000."""
    made: Floats = deltaE_ciede2000(one, other)
    return made
