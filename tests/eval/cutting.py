"""Cut-outs of photographs against reference masks, and of scenes whose cut-out is known, each through a child."""

import io
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from processing.base import Step
from processing.child import Child
from processing.detectors.subject import Category
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.bench.tables import format_table
from tests.eval.album import Photo
from tests.eval.goals import FRINGE, MEAN_IOU, WORST_IOU, Goal
from tests.eval.measures import Figures, compare_cut, compare_masks
from tests.eval.scenes import Scene

SECONDS = 300


@dataclass(frozen=True)
class Cut:
    """One cut-out. figures: None where no reference is known, or nothing was found."""

    name: str
    source: Image.Image = field(repr=False)
    made: Image.Image | None = field(repr=False)
    figures: Figures | None
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    loads: int
    has_reference: bool = True


def cut_photo(child: Child, photo: Photo) -> Cut:
    """A photograph; held against its mask where it has one."""
    source = photo.open()
    made, cost = run(child, source, photo.category)
    figures = None
    if photo.mask and made:
        figures = compare_masks(made.getchannel("A"), np.asarray(photo.open_mask(), float))
    return Cut(photo.name, source, made, figures, *cost, has_reference=photo.mask is not None)


def cut_scene(child: Child, scene: Scene) -> Cut:
    made, cost = run(child, scene.image, scene.category)
    figures = compare_cut(made, scene.alpha, scene.colors) if made else None
    return Cut(scene.name, scene.image, made, figures, *cost)


def run(
    child: Child, source: Image.Image, category: Category
) -> tuple[Image.Image | None, tuple[float, float, int, int]]:
    """The cut-out, None where nothing was found, and its seconds, CPU seconds, peak bytes and model loads."""
    buffer = io.BytesIO()
    source.save(buffer, "PNG", compress_level=1)
    step = Step(operation="remove_background", params={"category": category})
    started = time.perf_counter()
    done = child.run(
        buffer.getvalue(), [Variant((step,), Output(format="png"))], limits=Limits(), assets={}, seconds=SECONDS
    )
    cost = time.perf_counter() - started, done.cpu_milliseconds / 1000, done.max_rss_bytes, len(done.models)
    error, encoded = done.outcomes[0].error, done.outcomes[0].encoded
    if error and error.code != "subject_not_found":
        raise error
    return (Image.open(io.BytesIO(encoded.data)) if encoded else None), cost


def show_cuts(title: str, cuts: Sequence[Cut]) -> Iterator[str]:
    """A line for each, and one of their means and of the worst."""
    known = [cut for cut in cuts if cut.has_reference]
    lines = [[cut.name, *_show(cut), f"{cut.cpu_seconds:.1f}", f"{cut.peak_bytes >> 20}"] for cut in cuts]
    if known:
        lines.append(["mean", *(_mean(known, name) for name in NAMES), f"{_mean_cpu(cuts):.1f}", ""])
        lines.append(["worst", *(_worst(known, name) for name in NAMES), "", ""])
    yield from format_table([title, "IoU", "alpha", "fringe", "edge", "CPU s", "peak MiB"], lines)


NAMES = ("iou", "alpha_error", "fringe", "edge")


def _show(cut: Cut) -> list[str]:
    if cut.made is None:
        return ["nothing found", "", "", ""]
    return [_format(getattr(cut.figures, name, None), name) for name in NAMES]


def _format(value: float | None, name: str) -> str:
    return "" if value is None else f"{value:.4f}" if name == "iou" else f"{value:.2f}"


def values_of(cuts: Iterable[Cut], name: str) -> list[float]:
    """One figure of each; where nothing was found, the IoU is 0 and the others are not known."""
    found = (0.0 if cut.figures is None and name == "iou" else getattr(cut.figures, name, None) for cut in cuts)
    return [value for value in found if value is not None]


def _mean(cuts: Sequence[Cut], name: str) -> str:
    values = values_of(cuts, name)
    return _format(statistics.mean(values), name) if values else ""


def _worst(cuts: Sequence[Cut], name: str) -> str:
    values = values_of(cuts, name)
    return _format((min if name == "iou" else max)(values), name) if values else ""


def _mean_cpu(cuts: Sequence[Cut]) -> float:
    return statistics.mean(cut.cpu_seconds for cut in cuts)


def list_goals(title: str, cuts: Sequence[Cut]) -> Iterator[Goal]:
    """The goals for cut-outs with a reference."""
    known = [cut for cut in cuts if cut.has_reference]
    if not known:
        return
    overlaps, fringes = values_of(known, "iou"), values_of(known, "fringe")
    yield Goal(f"{title}: IoU, mean", MEAN_IOU, statistics.mean(overlaps), is_least=True)
    yield Goal(f"{title}: IoU, worst", WORST_IOU, min(overlaps), is_least=True)
    if fringes:
        yield Goal(f"{title}: fringe, mean levels", FRINGE, statistics.mean(fringes))


def show_cost(cuts: Sequence[Cut]) -> Iterator[str]:
    """What all of them took together."""
    lines = [
        ["seconds a picture, median", f"{statistics.median(cut.seconds for cut in cuts):.1f}"],
        ["CPU seconds a picture, median", f"{statistics.median(cut.cpu_seconds for cut in cuts):.1f}"],
        ["peak memory of the child, MiB", f"{max(cut.peak_bytes for cut in cuts) >> 20}"],
        ["models loaded for 100 pictures", f"{sum(cut.loads for cut in cuts) * 100 / len(cuts):.0f}"],
    ]
    yield from format_table([f"{len(cuts)} cut-outs", ""], lines)
