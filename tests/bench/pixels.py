"""What a picture costs: our pipeline beside bare libraries, each photo by each of them in turn."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from processing import pipeline
from processing.base import Step
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Result, Variant
from tests.bench.clock import read_cpu
from tests.bench.libraries import fit_with_pillow, fit_with_vips

BOX = 512
THREE_BOXES = (512, 256, 128)
OURS_IN_CHILD, OURS, PILLOW, VIPS = "photomill", "in process", "pillow", "pyvips"
LIBRARIES = (PILLOW, VIPS)
MIN_ROUNDS = 3
CHILD_MEMORY_BYTES = 2 << 30

Way = Callable[[bytes], list[bytes]]
Pids = Mapping[str, Sequence[int]]
Samples = dict[str, list[list[tuple[float, float]]]]
"""CPU and wall seconds by name, photo and round."""


@dataclass(frozen=True)
class Case:
    """What is measured: sources of one format, fitted into square boxes of these sides, written in a format."""

    title: str
    sources: list[bytes] = field(repr=False)
    output: str
    boxes: tuple[int, ...] = (BOX,)
    has_goal: bool = True


@dataclass(frozen=True)
class Cost:
    """The cost of one picture: the mean over the photos of each photo's median over the rounds."""

    cpu_ms: float
    wall_ms: float
    output_bytes: int


@dataclass(frozen=True)
class Row:
    """One case as measured. has_goal: whether the goal for the pipeline speaks of it."""

    title: str
    rounds: int
    costs: dict[str, Cost]
    has_goal: bool = True

    @property
    def better_library(self) -> str:
        others = [name for name in self.costs if name not in (OURS_IN_CHILD, OURS)]
        return min(others, key=lambda name: self.costs[name].cpu_ms)

    def ratio(self, name: str) -> float:
        """CPU time as a multiple of the better library's."""
        return self.costs[name].cpu_ms / self.costs[self.better_library].cpu_ms


def make_variants(boxes: Sequence[int], form: str) -> list[Variant]:
    """One chain for each box: the picture fitted inside it."""
    return [Variant((fit_step(box),), Output.model_validate({"format": form})) for box in boxes]


def fit_step(box: int) -> Step:
    side = {"value": box}
    return Step(operation="fitmethod", params={"fit_type": "box", "width": side, "height": side})


def measure_case(case: Case, child: Child, *, seconds: float) -> Row:
    """Rounds over all photos until the time is up, but three at least."""
    row = measure_ways(case.title, case.sources, make_ways(case, child), child, seconds=seconds)
    return replace(row, has_goal=case.has_goal)


def measure_ways(
    title: str,
    sources: list[bytes],
    ways: dict[str, Way],
    child: Child,
    *,
    seconds: float,
    pids: Pids = MappingProxyType({}),
) -> Row:
    """As `measure_case`, of any ways. pids: by name, whose CPU time counts; else the child's and this process's own."""
    for way in ways.values():
        way(sources[0])
    samples: Samples = {name: [[] for _ in sources] for name in ways}
    sizes = {name: sum(map(len, way(sources[0]))) for name, way in ways.items()}
    rounds, ends_at = 0, time.monotonic() + seconds
    while rounds < MIN_ROUNDS or time.monotonic() < ends_at:
        _measure_round(sources, ways, child, samples, rounds, pids)
        rounds += 1
    return Row(title, rounds, {name: _summarise(samples[name], sizes[name]) for name in ways})


def make_ways(case: Case, child: Child) -> dict[str, Way]:
    """The four that are compared, by name."""
    variants = make_variants(case.boxes, case.output)
    limits = Limits()
    return {
        OURS_IN_CHILD: lambda data: take(child.run(data, variants, limits=limits, assets={}, seconds=60)),
        OURS: lambda data: take(pipeline.run(data, variants, limits=limits)),
        PILLOW: lambda data: fit_with_pillow(data, case.output, case.boxes),
        VIPS: lambda data: fit_with_vips(data, case.output, case.boxes),
    }


def take(result: Result) -> list[bytes]:
    """The results. RuntimeError where one could not be made."""
    made = [outcome.encoded for outcome in result.outcomes]
    if None in made:
        raise RuntimeError(f"a picture could not be made: {result.outcomes}")
    return [encoded.data for encoded in made if encoded]


def _measure_round(
    sources: list[bytes], ways: dict[str, Way], child: Child, samples: Samples, start: int, pids: Pids
) -> None:
    names = list(ways)
    for number, source in enumerate(sources):
        # Nobody is always the first, who finds the source cold.
        for place in range(len(names)):
            name = names[(start + number + place) % len(names)]
            samples[name][number].append(measure_once(ways[name], source, child, pids.get(name)))


def measure_once(way: Way, source: bytes, child: Child, pids: Sequence[int] | None = None) -> tuple[float, float]:
    """CPU and wall time in seconds. pids: as in `measure_ways`."""
    counted = pids or [os.getpid(), *([child.pid] if child.pid else [])]
    cpu, wall = sum(map(read_cpu, counted)), time.perf_counter()
    way(source)
    return sum(map(read_cpu, counted)) - cpu, time.perf_counter() - wall


def _summarise(samples: list[list[tuple[float, float]]], output_bytes: int) -> Cost:
    cpu = statistics.mean(statistics.median(cpu for cpu, _ in photo) for photo in samples)
    wall = statistics.mean(statistics.median(wall for _, wall in photo) for photo in samples)
    return Cost(cpu * 1000, wall * 1000, output_bytes)
