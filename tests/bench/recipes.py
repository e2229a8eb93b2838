"""What six usual recipes cost: CPU time and memory of the process that does the pixels."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from processing.base import AssetRef, Step
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.bench import photos
from tests.bench.pixels import CHILD_MEMORY_BYTES
from tests.bench.tables import format_table

MODEL_MEMORY_BYTES = 1536 << 20
ROUNDS, QUICK_ROUNDS = 5, 1
SECONDS = 120
LONGER_SIDE = 2000
HOUR_MS = 3_600_000
LOGO = AssetRef(kind="house", location="logo.png")
LOGO_SIZE = (600, 300)
MARGIN = {side: {"value": 8, "unit": "%"} for side in ("top", "right", "bottom", "left")}
CORNER = {"gravity": "southeast", "x": {"value": 40}, "y": {"value": 40}}
ROOM = {"top": 10, "right": 10, "left": 10}
ENHANCEMENT: Sequence[tuple[str, dict[str, Any]]] = (
    ("enhance", {}),
    ("auto_levels", {"cutoff": 0.5, "max_gain": 1.5}),
    ("unsharp_mask", {"radius": 1.5, "amount": 60, "threshold": 2}),
    ("saturation", {"factor": 1.08}),
)
"""As jobs/dialects/cropedly/wire.py has it, which needs a Django that is set up."""


@dataclass(frozen=True)
class Recipe:
    """Chains as an account has them. photos: names of pictures; none: those that all is measured with."""

    title: str
    variants: Sequence[Variant] = field(repr=False)
    photos: tuple[str, ...] = ()


def chain(form: str, *steps: tuple[str, dict[str, Any]]) -> Variant:
    made = tuple(Step(operation=name, params=params) for name, params in steps)
    return Variant(made, Output.model_validate({"format": form}))


def narrow(width: int, form: str) -> Variant:
    """Made smaller, to this width."""
    return chain(form, ("resize", {"width": {"value": width}}))


def list_recipes() -> list[Recipe]:
    """The six of the README's table."""
    mark = {"source": LOGO.model_dump(), "width": {"value": 20, "unit": "%"}, **CORNER}
    white = {"width": 2000, "height": 2000, "margins": MARGIN, "background": "#ffffff"}
    body = {"marker": "head_to_shoulder", "margins": ROOM}
    return [
        Recipe("1,200 pixels wide, JPEG to WebP", [narrow(1200, "webp")]),
        Recipe("three sizes: 1,600, 800 and 400 pixels wide", [narrow(width, "jpeg") for width in (1600, 800, 400)]),
        Recipe("a watermark in the corner", [chain("jpeg", ("watermark", mark))]),
        Recipe(
            "cut out and laid on white, 2,000 × 2,000",
            [chain("jpeg", ("remove_background", {}), ("subject_crop", white))],
            ("coffee.png", "chelsea.png"),
        ),
        Recipe("from head to shoulders", [chain("jpeg", ("body_crop", body))], ("astronaut.png",)),
        Recipe("enhanced, as Cropedly's clients get it", [chain("jpeg", *ENHANCEMENT)]),
    ]


@dataclass(frozen=True)
class Price:
    """What one picture costs. cpu_ms: without the first, which loads the models. rss_bytes: the most at once."""

    title: str
    pictures: int
    cpu_ms: float
    rss_bytes: int

    def per_hour(self, road_ms: float) -> float:
        """Pictures an hour and core, where everything around the pixels takes so much more CPU time."""
        return HOUR_MS / (self.cpu_ms + road_ms)


def measure_recipe(recipe: Recipe, sources: Sequence[bytes], *, rounds: int) -> Price:
    """The median over rounds and pictures, in a process of its own."""
    pictures = [photos.enlarge(name, LONGER_SIDE) for name in recipe.photos] or list(sources)
    child = Child(memory_bytes=CHILD_MEMORY_BYTES, model_memory_bytes=MODEL_MEMORY_BYTES, max_items=1_000_000)
    assets = {LOGO.name: draw_logo()}
    runs = []
    try:
        for picture in [pictures[0], *pictures * rounds]:
            result = child.run(picture, recipe.variants, limits=Limits(), assets=assets, seconds=SECONDS)
            assert all(outcome.error is None for outcome in result.outcomes), result.outcomes
            runs.append(result)
    finally:
        child.close()
    cpu_ms = statistics.median(run.cpu_milliseconds for run in runs[1:])
    return Price(recipe.title, len(runs) - 1, cpu_ms, runs[-1].max_rss_bytes)


def draw_logo() -> bytes:
    logo = Image.new("RGBA", LOGO_SIZE, (20, 60, 120, 128))
    logo.paste((255, 255, 255, 220), (60, 60, 540, 240))
    return photos.encode(logo, "PNG")


def show_prices(prices: Iterable[Price], road_ms: float) -> Iterator[str]:
    lines = [
        [price.title, f"{price.cpu_ms:.0f}", f"{price.per_hour(road_ms):,.0f}", f"{price.rss_bytes / 1e6:.0f}"]
        for price in prices
    ]
    around = f"; {road_ms:.0f} ms around the pixels are counted" if road_ms else "; what is around them is not counted"
    yield from format_table([f"Recipes{around}", "CPU ms", "an hour and core", "MB"], lines)
