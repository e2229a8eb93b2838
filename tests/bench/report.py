"""The figures as tables for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import PIL
import pyvips

from tests.bench.isolation import Isolation
from tests.bench.pixels import OURS_IN_CHILD, Row

if TYPE_CHECKING:  # they need a Django that is set up
    from tests.bench.road import Road
    from tests.bench.stretches import Stretch

PIPELINE_GOAL = 1.3
"""CPU time of the first case through the child, as a multiple of the better library's."""

ROAD_GOAL_MS = 20.0
"""CPU milliseconds for one item of everything but the pixels."""


@dataclass(frozen=True)
class Goal:
    """What is to be reached, and what was."""

    name: str
    wanted: float
    reached: float

    @property
    def is_met(self) -> bool:
        return self.reached <= self.wanted


@dataclass
class Report:
    """All figures of one run."""

    photos: str
    pixels: list[Row] = field(default_factory=list)
    isolation: Isolation | None = None
    road: Road | None = None
    stretches: Sequence[Stretch] = ()

    def goals(self) -> list[Goal]:
        found = []
        if self.pixels:
            first = self.pixels[0]
            found.append(
                Goal(f"pipeline, × the better library ({first.title})", PIPELINE_GOAL, first.ratio(OURS_IN_CHILD))
            )
        if self.road:
            found.append(Goal("road, CPU ms for one item", ROAD_GOAL_MS, self.road.total))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON. The figures come without rounding."""
        pixels = [asdict(row) | {"ratios": {name: row.ratio(name) for name in row.costs}} for row in self.pixels]
        return {
            "machine": describe_machine(),
            "photos": self.photos,
            "pixels": pixels,
            "isolation": asdict(self.isolation) if self.isolation else None,
            "road": asdict(self.road) | {"total": self.road.total} if self.road else None,
            "stretches": [asdict(stretch) for stretch in self.stretches],
            "goals": [asdict(goal) | {"is_met": goal.is_met} for goal in self.goals()],
        }


def describe_machine() -> dict[str, Any]:
    """What it ran on and with."""
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "pillow": PIL.__version__,
        "libvips": ".".join(str(pyvips.version(part)) for part in range(3)),
    }


def name_machine() -> str:
    """A line about it. Load beyond the cores makes CPU time dearer, too: caches are shared."""
    facts = describe_machine()
    libraries = f"Python {facts['python']}, Pillow {facts['pillow']}, libvips {facts['libvips']}"
    return f"{facts['cores']} cores of {facts['machine']}, load {facts['load']:.1f}; {libraries}"


def show_row(row: Row) -> Iterator[str]:
    """One case: a line for each that was compared."""
    lines = [
        [name, f"{cost.cpu_ms:.1f}", f"{row.ratio(name):.2f}", f"{cost.wall_ms:.1f}", f"{cost.output_bytes / 1024:.1f}"]
        for name, cost in row.costs.items()
    ]
    yield from format_table([f"{row.title}, {row.rounds} rounds", "CPU ms", "×", "wall ms", "KiB"], lines)


def show_isolation(isolation: Isolation) -> Iterator[str]:
    lines = [
        ["CPU for one picture beyond the pipeline in process", f"{isolation.extra_cpu_ms:+.1f} ms"],
        ["  of that and its messages, on the parent's side", f"{isolation.parent_cpu_ms:.1f} ms"],
        ["start, wall", f"{isolation.start_ms:.0f} ms"],
        ["start, CPU", f"{isolation.start_cpu_ms:.0f} ms"],
        ["memory", f"{isolation.rss_bytes >> 20} MiB"],
        ["  of that shared", f"{isolation.shared_bytes >> 20} MiB"],
    ]
    yield from format_table(["A child", ""], lines)


def show_road(road: Road) -> Iterator[str]:
    lines = [
        ["worker, without its children", f"{road.worker:.1f}"],
        ["broker", f"{road.broker:.1f}"],
        ["web, beat, deliveries", f"{road.beside:.1f}"],
        ["all but the pixels", f"{road.total:.1f}"],
        ["(children)", f"{road.child:.1f}"],
    ]
    title = f"The road, from outside: {road.items} items, {road.items_per_second:.1f} items/s"
    yield from format_table([title, "CPU ms/item"], lines)


def show_stretches(stretches: Sequence[Stretch], road: Road | None) -> Iterator[str]:
    total = sum(stretch.cpu_ms for stretch in stretches)
    lines = [[each.name, f"{each.calls:.2f}" if each.calls else "", f"{each.cpu_ms:.2f}"] for each in stretches]
    lines.append(["together", "", f"{total:.2f}"])
    if road:
        lines.append(["Celery: what the worker has beyond that", "", f"{road.worker - total:.2f}"])
    yield from format_table(["The road, from inside", "times", "CPU ms/item"], lines)


def show_goals(goals: Iterable[Goal]) -> Iterator[str]:
    lines = [
        [goal.name, f"≤ {goal.wanted:g}", f"{goal.reached:.2f}", "met" if goal.is_met else "MISSED"] for goal in goals
    ]
    yield from format_table(["Goals", "wanted", "reached", ""], lines)


def format_table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need be: the first to the left, the others to the right; an empty line behind."""
    rows = [list(head), *map(list, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
        if number == 0:
            yield "─" * (sum(widths) + 2 * (len(widths) - 1))
    yield ""
