"""A chain of six steps: ours beside the same written for one library alone."""

import io
from collections.abc import Callable

import pyvips
from PIL import Image, ImageFilter, ImageOps

from processing import pipeline
from processing.base import Step
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.bench.libraries import PILLOW as PILLOW_OPTIONS
from tests.bench.libraries import VIPS as VIPS_OPTIONS
from tests.bench.pixels import OURS, OURS_IN_CHILD, PILLOW, VIPS, Row, Way, measure_ways, take

HEIGHT, SIDE = 800, 600
WIDEST = 100_000
BRIGHTNESS, CONTRAST = 20, 15
SEPIA = (90, 60, 40)
LUMA = (0.299, 0.587, 0.114)
RADIUS, AMOUNT, THRESHOLD = 1.5, 60, 2
SLOPE = ((100 + CONTRAST) / 100) ** 2
OFFSET = 127.5 * (1 - SLOPE)

STEPS = (
    Step(operation="resize", params={"height": {"value": HEIGHT}}),
    Step(operation="crop", params={"width": {"value": SIDE}, "height": {"value": SIDE}, "fit": False}),
    Step(operation="brightness", params={"level": BRIGHTNESS}),
    Step(operation="contrast", params={"level": CONTRAST}),
    Step(operation="filter", params={"filter": "sepia"}),
    Step(operation="unsharp_mask", params={"radius": RADIUS, "amount": AMOUNT, "threshold": THRESHOLD}),
)
TITLE = f"Six steps (to {HEIGHT} high, {SIDE}×{SIDE}, lighter, contrast, sepia, sharper)"


def measure_chain(sources: list[bytes], child: Child, *, seconds: float) -> Row:
    return measure_ways(TITLE, sources, make_chain_ways(child), child, seconds=seconds)


def make_chain_ways(child: Child) -> dict[str, Way]:
    """The four that are compared, by name."""
    variants, limits = [Variant(STEPS, Output(format="jpeg"))], Limits()
    return {
        OURS_IN_CHILD: lambda data: take(child.run(data, variants, limits=limits, assets={}, seconds=60)),
        OURS: lambda data: take(pipeline.run(data, variants, limits=limits)),
        PILLOW: lambda data: [change_with_pillow(data)],
        VIPS: lambda data: [change_with_vips(data)],
    }


def change_with_pillow(source: bytes) -> bytes:
    """The chain as Pillow's manual says."""
    file = Image.open(io.BytesIO(source))
    file.draft("RGB", (1, HEIGHT))
    image: Image.Image = ImageOps.exif_transpose(file)
    size = (round(image.width * HEIGHT / image.height), HEIGHT)
    image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    left, top, width, height = _place_crop(*image.size)
    image = image.crop((left, top, left + width, top + height))
    image = image.point(_tabulate(lambda value: value + BRIGHTNESS) * 3)
    image = image.point(_tabulate(lambda value: value * SLOPE + OFFSET) * 3)
    grey = image.convert("L")
    image = Image.merge("RGB", [grey.point([min(255, value + tint) for value in range(256)]) for tint in SEPIA])
    image = image.filter(ImageFilter.UnsharpMask(RADIUS, AMOUNT, THRESHOLD))
    buffer = io.BytesIO()
    image.save(buffer, **PILLOW_OPTIONS["jpeg"])
    return buffer.getvalue()


def _tabulate(change: Callable[[int], float]) -> list[int]:
    return [min(255, max(0, int(change(value)))) for value in range(256)]


def _place_crop(width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of the middle: a narrow picture has no more to give."""
    size = min(width, SIDE), min(height, SIDE)
    return (width - size[0]) // 2, (height - size[1]) // 2, *size


def change_with_vips(source: bytes) -> bytes:
    """The chain as libvips' manual says."""
    image = pyvips.Image.thumbnail_buffer(source, WIDEST, height=HEIGHT, size="down")
    image = image.crop(*_place_crop(image.width, image.height))
    image = image.linear(1, BRIGHTNESS, uchar=True)
    image = image.linear(SLOPE, OFFSET, uchar=True)
    image = image.recomb([list(LUMA)]).linear([1, 1, 1], list(SEPIA), uchar=True)
    detail = image - image.gaussblur(RADIUS)
    image = (detail.abs() > THRESHOLD).ifthenelse(image + detail * (AMOUNT / 100), image).cast("uchar")
    suffix, options = VIPS_OPTIONS["jpeg"]
    made: bytes = image.copy(interpretation="srgb").write_to_buffer(suffix, **options)
    return made
