"""Convolutions with a 3×3 kernel, as the GD library defines them."""

from dataclasses import dataclass

from PIL import Image, ImageFilter

from processing.channels import pad_edges

ROUNDING = 0.5
"""Pillow adds it to every sum before it drops the fraction; here the fraction is dropped unrounded."""

SLACK = 1 / 64
"""Keeps a sum that float arithmetic left a hair under a whole number from losing one. Sums are multiples of 1/divisor,
so for divisors below 64 it lifts no other sum to the next number."""


@dataclass(frozen=True)
class Kernel:
    """Nine weights row by row: a channel becomes Σ weight·neighbour / divisor + offset, clamped, fraction dropped."""

    weights: tuple[float, ...]
    divisor: float = 1
    offset: float = 0


def convolve(image: Image.Image, kernel: Kernel) -> Image.Image:
    """An RGB image under the kernel. Beyond the edges the outermost pixels repeat."""
    shift = kernel.offset - ROUNDING + SLACK
    # Pillow takes the kernel's rows from the bottom up.
    rows = (*kernel.weights[6:], *kernel.weights[3:6], *kernel.weights[:3])
    made = pad_edges(image, 1).filter(ImageFilter.Kernel((3, 3), rows, kernel.divisor, shift))
    return made.crop((1, 1, image.width + 1, image.height + 1))
