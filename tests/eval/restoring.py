"""Restoring: photographs stored as JPEG, and cleaned of what that left by a network and by a filter."""

import io
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from processing.base import Step
from processing.child import Child
from processing.operations import decompress
from tests.bench.tables import format_table
from tests.eval.enlarging import change, cut_middle
from tests.eval.goals import Goal
from tests.processing.quality import measure_psnr, measure_ssim

QUALITIES = (20, 40, 60, 75, 90)
WAYS = {"by the network": Step(operation="decompress"), "by the filter": Step(operation="enhance")}


@dataclass(frozen=True)
class Restored:
    """One JPEG quality, over all photographs: means in decibels and from 0 to 1, as stored and after each way."""

    name: str
    psnr: float
    psnr_network: float
    psnr_filter: float
    ssim: float
    ssim_network: float
    ssim_filter: float


def missing() -> str | None:
    """Why nothing can be restored here, or None."""
    return decompress.Decompress.missing()


def measure_restoring(child: Child, images: Sequence[Image.Image]) -> Iterator[Restored]:
    for quality in QUALITIES:
        rows = [_measure(child, cut_middle(image), quality) for image in images]
        yield Restored(f"JPEG of quality {quality}", *[statistics.mean(values) for values in zip(*rows, strict=True)])


def _measure(child: Child, known: Image.Image, quality: int) -> list[float]:
    buffer = io.BytesIO()
    known.save(buffer, "JPEG", quality=quality)
    data = buffer.getvalue()
    shown = [Image.open(io.BytesIO(data)).convert("RGB"), *[change(child, data, step) for step in WAYS.values()]]
    return [*[measure_psnr(image, known) for image in shown], *[measure_ssim(image, known) for image in shown]]


def show_restoring(rows: Sequence[Restored]) -> Iterator[str]:
    lines = [
        [
            row.name,
            f"{row.psnr:.2f}",
            f"{row.psnr_network - row.psnr:+.2f}",
            f"{row.psnr_filter - row.psnr:+.2f}",
            f"{row.ssim:.4f}",
            f"{row.ssim_network - row.ssim:+.4f}",
            f"{row.ssim_filter - row.ssim:+.4f}",
        ]
        for row in rows
    ]
    yield from format_table(["Restored", "PSNR dB", "network", "filter", "SSIM", "network", "filter"], lines)


def list_goals(rows: Sequence[Restored]) -> Iterator[Goal]:
    for row in rows:
        yield Goal(f"{row.name}, network: dB above the filter", 0, row.psnr_network - row.psnr_filter, is_least=True)
