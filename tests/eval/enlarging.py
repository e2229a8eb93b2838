"""Enlarging: photographs made smaller and enlarged again, beside plain Lanczos."""

import io
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from processing.base import Step
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.operations import upscale
from processing.pipeline import Variant
from tests.bench.tables import format_table
from tests.eval.goals import Goal
from tests.processing.quality import compress, measure_psnr, measure_ssim

SIDE = 384
"""The part of each photograph that is compared, in its middle."""

FACTORS = (2, 4)
QUALITIES = (None, 75, 40)
"""Without loss, and as a JPEG of this quality."""

SECONDS = 300


@dataclass(frozen=True)
class Enlarged:
    """One way of making smaller, over all photographs: means for us and for Lanczos, in decibels and from 0 to 1."""

    name: str
    psnr: float
    psnr_lanczos: float
    ssim: float
    ssim_lanczos: float


def missing() -> str | None:
    """Why nothing can be enlarged here, or None."""
    return upscale.Upscale.missing()


def measure_enlarging(child: Child, images: Sequence[Image.Image]) -> Iterator[Enlarged]:
    for factor in FACTORS:
        for quality in QUALITIES:
            pairs = [_measure(child, cut_middle(image), factor, quality) for image in images]
            means = [statistics.mean(values) for values in zip(*pairs, strict=True)]
            kept = "exact pixels" if quality is None else f"JPEG of quality {quality}"
            yield Enlarged(f"× {factor}, {kept}", *means)


def cut_middle(image: Image.Image) -> Image.Image:
    """The middle, as a square whose side every factor divides."""
    side = min(SIDE, *image.size) // max(FACTORS) * max(FACTORS)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _measure(child: Child, known: Image.Image, factor: int, quality: int | None) -> tuple[float, float, float, float]:
    small = known.resize((known.width // factor, known.height // factor), Image.Resampling.BOX)
    small = small if quality is None else compress(small, quality)
    made = _enlarge(child, small, factor)
    plain = small.resize(known.size, Image.Resampling.LANCZOS)
    return measure_psnr(made, known), measure_psnr(plain, known), measure_ssim(made, known), measure_ssim(plain, known)


def _enlarge(child: Child, small: Image.Image, factor: int) -> Image.Image:
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return change(child, buffer.getvalue(), Step(operation="upscale", params={"scale": factor}))


def change(child: Child, data: bytes, step: Step) -> Image.Image:
    """The picture after one step. Raises RuntimeError where it cannot be done."""
    variant = Variant((step,), Output(format="png"))
    done = child.run(data, [variant], limits=Limits(), assets={}, seconds=SECONDS).outcomes[0]
    if done.encoded is None:
        raise RuntimeError(f"{step.operation} could not be done: {done.error}")
    return Image.open(io.BytesIO(done.encoded.data)).convert("RGB")


def show_enlarging(rows: Sequence[Enlarged]) -> Iterator[str]:
    lines = [
        [
            row.name,
            f"{row.psnr:.2f}",
            f"{row.psnr - row.psnr_lanczos:+.2f}",
            f"{row.ssim:.4f}",
            f"{row.ssim - row.ssim_lanczos:+.4f}",
        ]
        for row in rows
    ]
    yield from format_table(["Enlarged, beside Lanczos", "PSNR dB", "", "SSIM", ""], lines)


def list_goals(rows: Sequence[Enlarged]) -> Iterator[Goal]:
    for row in rows:
        yield Goal(f"{row.name}: dB above Lanczos", 0, row.psnr - row.psnr_lanczos, is_least=True)
