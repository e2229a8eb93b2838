"""Whether a child grows with the pictures that it works on: one that is never replaced, over a mix of everything."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from processing.base import Step
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.bench import photos
from tests.bench.pixels import CHILD_MEMORY_BYTES, fit_step, take
from tests.bench.tables import format_table

PICTURES, WARM = 2000, 200
SHOWN = (1, 100, 200, 500, 1000, 2000)
SIZES = ((40, 30), (160, 120), (500, 20), (320, 240), (90, 400), (640, 480), (800, 300), (300, 900))
SOURCES = ("JPEG", "PNG", "WEBP", "AVIF")
OUTPUTS = ("jpeg", "png", "webp", "jpeg", "avif", "gif", "tiff")
CHAINS = (
    (fit_step(128),),
    (fit_step(256), Step(operation="unsharp_mask")),
    (Step(operation="rotate", params={"degrees": 90}),),
    (fit_step(200), Step(operation="filter", params={"filter": "sepia"})),
    (Step(operation="contrast", params={"level": 20}), fit_step(64)),
)


@dataclass(frozen=True)
class Growth:
    """Resident memory of the child in bytes, after each picture."""

    seconds: float
    rss_bytes: list[int] = field(repr=False)

    @property
    def most(self) -> int:
        """How far it ever was above what it was when warm."""
        return max(self.rss_bytes[WARM:]) - self.rss_bytes[WARM - 1]

    def to_dict(self) -> dict[str, object]:
        return {"seconds": self.seconds, "most": self.most, "rss_bytes": dict(self.shown())}

    def shown(self) -> Iterator[tuple[int, int]]:
        """Picture and bytes, of some."""
        yield from ((number, self.rss_bytes[number - 1]) for number in SHOWN if number <= len(self.rss_bytes))


def measure_growth(pictures: int = PICTURES) -> Growth:
    sources = make_mix()
    child = Child(memory_bytes=CHILD_MEMORY_BYTES, max_items=pictures + 1)
    started, rss = time.monotonic(), []
    for number in range(pictures):
        # The numbers have no common factor with each other: everything meets everything.
        output = Output.model_validate({"format": OUTPUTS[number % len(OUTPUTS)]})
        variants = [Variant(CHAINS[number % len(CHAINS)], output)]
        take(child.run(sources[number % len(sources)], variants, limits=Limits(), assets={}, seconds=60))
        rss.append(psutil.Process(child.pid).memory_info().rss)
    child.close()
    return Growth(time.monotonic() - started, rss)


def make_mix() -> list[bytes]:
    """A photo of each size in each format."""
    made = [photos.make_photos(1, size=size) for size in SIZES]
    return [source for form in SOURCES for photo in made for source in photos.convert(photo, form)]


def show_growth(growth: Growth) -> Iterator[str]:
    lines = [[f"after {number}", f"{rss / 1e6:.1f}"] for number, rss in growth.shown()]
    lines.append([f"most above {WARM}", f"{growth.most / 1e6:+.1f}"])
    title = f"Memory of one child, {len(growth.rss_bytes)} mixed pictures in {growth.seconds:.0f} s"
    yield from format_table([title, "MB"], lines)
