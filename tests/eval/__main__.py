"""python -m tests.eval [FOLDER]: measure what is seen, print tables, write a sheet, say which goals are met."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from processing.child import Child
from processing.operations import remove_background
from tests.bench.pixels import CHILD_MEMORY_BYTES
from tests.eval import cutting, enlarging, lines, plates, restoring, scenes
from tests.eval.album import NoAlbum, Photo, read_album
from tests.eval.goals import show_goals
from tests.eval.report import Report
from tests.eval.sheet import write_sheet
from tests.processing import subjects

PARTS = {
    "photos": "cut-outs of the folder's photographs, against their masks where there are any",
    "scenes": "cut-outs of objects that were laid over other grounds, where the right answer is known",
    "lines": "lines of faces and bodies against those that somebody read",
    "plates": "licence plates",
    "enlarging": "enlarged photographs beside Lanczos",
    "restoring": "what JPEG has left, cleaned by a network and by a filter",
}
QUICK_SCENES = 5
MODEL_MEMORY_BYTES = 1536 << 20
OUTPUT = Path("eval-output")
OWN_PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png")


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py eval", description="Measure how well pictures are seen.")
    parser.add_argument(
        "folder", nargs="?", type=Path, help="photographs with a manifest.json; without one, drawn scenes alone"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER", help=f"for the sheet ({OUTPUT})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--full", action="store_true", help="every photograph on every ground, not on every other")
    parser.add_argument("--quick", action="store_true", help=f"the first {QUICK_SCENES} scenes of each kind of ground")
    told = "; ".join(f"{name}: {summary}" for name, summary in PARTS.items())
    parser.add_argument("--only", action="append", choices=PARTS, default=[], help=f"this part; may come again. {told}")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """0: every goal is met; 1: one is missed; 2: the folder cannot be read."""
    options = read_options(arguments)
    try:
        photos = read_album(options.folder) if options.folder else []
    except NoAlbum as error:
        print(error, file=sys.stderr)
        return 2
    report = Report()
    measure(options, photos, report)
    tables = [*report.tables(), "", *show_goals(report.goals())]
    show(tables)
    if report.cuts:
        show([f"Look at {write_sheet(options.output, report.cuts, tables)}"])
    if options.json:
        report.write(options.json)
    return 0 if all(goal.is_met for goal in report.goals()) else 1


def measure(options: argparse.Namespace, photos: Sequence[Photo], report: Report) -> None:
    """Every part that was asked for and whose models are there."""
    child = Child(memory_bytes=CHILD_MEMORY_BYTES, model_memory_bytes=MODEL_MEMORY_BYTES)
    parts: dict[str, tuple[str | None, Callable[[], None]]] = {
        "photos": (remove_background.RemoveBackground.missing(), partial(measure_photos, child, photos, report)),
        "scenes": (
            remove_background.RemoveBackground.missing(),
            partial(measure_scenes, child, photos, options, report),
        ),
        "enlarging": (enlarging.missing(), partial(measure_enlarging, child, photos, report)),
        "restoring": (restoring.missing(), partial(measure_restoring, child, photos, report)),
        "lines": (lines.missing(), partial(measure_lines, photos, report)),
        "plates": (plates.missing(), partial(measure_plates, photos, report)),
    }
    for name, (reason, run) in parts.items():
        if name not in (options.only or PARTS):
            continue
        if reason:
            report.left_out.append(f"Left out, {name}: {reason}")
        else:
            run()
    child.close()


def measure_photos(child: Child, photos: Sequence[Photo], report: Report) -> None:
    for photo in photos:
        report.photos.append(tell(cutting.cut_photo(child, photo)))


def measure_scenes(child: Child, photos: Sequence[Photo], options: argparse.Namespace, report: Report) -> None:
    for scene in scenes.list_scenes(list(photos), is_full=options.full):
        cuts = report.flat if scene.is_flat else report.rough
        if not options.quick or len(cuts) < QUICK_SCENES:
            cuts.append(tell(cutting.cut_scene(child, scene)))


def measure_enlarging(child: Child, photos: Sequence[Photo], report: Report) -> None:
    report.enlarged.extend(enlarging.measure_enlarging(child, open_all(photos)))


def measure_restoring(child: Child, photos: Sequence[Photo], report: Report) -> None:
    report.restored.extend(restoring.measure_restoring(child, open_all(photos)))


def open_all(photos: Sequence[Photo]) -> list[Image.Image]:
    """The folder's photographs, or three that scikit-image brings along."""
    return [photo.open() for photo in photos] or [subjects.photo(name) for name in OWN_PHOTOS]


def measure_lines(photos: Sequence[Photo], report: Report) -> None:
    for photo in photos:
        if photo.lines:
            report.lines.extend(lines.measure_lines(photo))


def measure_plates(photos: Sequence[Photo], report: Report) -> None:
    report.plates.extend(plates.measure_plates(photo) for photo in photos if photo.category == "cars" or photo.plates)


def tell(cut: cutting.Cut) -> cutting.Cut:
    """Say on standard error how far it is: a picture takes seconds."""
    overlap = f"{cut.figures.iou:.4f}" if cut.figures else "–" if cut.made else "nothing found"
    print(f"{cut.name}: {overlap}, {cut.seconds:.1f} s", file=sys.stderr, flush=True)
    return cut


def show(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
