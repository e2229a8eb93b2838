"""The figures as tables for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import PIL
import pyvips

from tests.bench import goals
from tests.bench.costs import Upkeep
from tests.bench.goals import Goal
from tests.bench.growth import WARM, Growth
from tests.bench.huge import Run
from tests.bench.isolation import Isolation
from tests.bench.pixels import OURS_IN_CHILD, Row
from tests.bench.recipes import Price
from tests.bench.seeing import Sight
from tests.bench.sharing import Sharing
from tests.bench.tables import format_table

if TYPE_CHECKING:  # they need a Django that is set up
    from tests.bench.enhance import Enhancement
    from tests.bench.road import Road
    from tests.bench.stretches import Stretch


@dataclass
class Report:
    """All figures of one run; what was not measured is None."""

    photos: str
    pixels: list[Row] = field(default_factory=list)
    isolation: Isolation | None = None
    sharing: Sharing | None = None
    chain: Row | None = None
    huge: dict[str, Run] | None = None
    seeing: Sight | None = None
    growth: Growth | None = None
    thumbor: Row | None = None
    enhancement: Enhancement | None = None
    road: Road | None = None
    stretches: Sequence[Stretch] = ()
    upkeep: list[Upkeep] = field(default_factory=list)
    prices: Sequence[Price] = ()
    memory: dict[str, int] = field(default_factory=dict)

    def goals(self) -> list[Goal]:
        rows = [row for row in self.pixels if row.has_goal]
        found = [
            Goal(f"pipeline, × the better library ({row.title})", goals.PIPELINE, row.ratio(OURS_IN_CHILD))
            for row in rows
        ]
        if self.sharing:
            found.append(Goal("three variants, × one", goals.SHARING, self.sharing.ratio))
        if self.seeing:
            found.append(Goal("seeing, × the models alone", goals.OVERHEAD, self.seeing.overhead))
        if self.growth:
            found.append(Goal(f"child, MB won after {WARM} pictures", goals.GROWTH_MB, self.growth.most / 1e6))
        if self.road:
            found.append(Goal("road, CPU ms for one item", goals.ROAD_MS, self.road.total))
        return found + [goal for upkeep in self.upkeep for goal in upkeep.goals()]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON. The figures come without rounding."""
        return {
            "machine": describe_machine(),
            "photos": self.photos,
            "pixels": [_write_row(row) for row in self.pixels],
            "isolation": asdict(self.isolation) if self.isolation else None,
            "sharing": asdict(self.sharing) | {"ratio": self.sharing.ratio} if self.sharing else None,
            "chain": _write_row(self.chain) if self.chain else None,
            "seeing": asdict(self.seeing) | {"overhead": self.seeing.overhead} if self.seeing else None,
            "huge": {name: asdict(run) for name, run in self.huge.items()} if self.huge else None,
            "growth": self.growth.to_dict() if self.growth else None,
            "thumbor": _write_row(self.thumbor) if self.thumbor else None,
            "enhancement": asdict(self.enhancement) if self.enhancement else None,
            "road": asdict(self.road) | {"total": self.road.total} if self.road else None,
            "stretches": [asdict(stretch) for stretch in self.stretches],
            "upkeep": [upkeep.to_dict() for upkeep in self.upkeep],
            "memory": self.memory,
            "recipes": [asdict(price) for price in self.prices],
            "goals": [asdict(goal) | {"is_met": goal.is_met} for goal in self.goals()],
        }


def _write_row(row: Row) -> dict[str, Any]:
    return asdict(row) | {"ratios": {name: row.ratio(name) for name in row.costs}}


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


def show_sharing(sharing: Sharing) -> Iterator[str]:
    lines = [
        ["one", f"{sharing.one_cpu_ms:.1f}", "1.00"],
        ["three", f"{sharing.three_cpu_ms:.1f}", f"{sharing.ratio:.2f}"],
    ]
    yield from format_table(["Variants of one JPEG", "CPU ms", "×"], lines)


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
