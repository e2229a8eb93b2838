"""The largest picture that the limits allow, scaled down: time and memory, each program in a process of its own."""

import io
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from processing.base import Step
from processing.child import Child
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.bench import photos
from tests.bench.alone import read_peak
from tests.bench.cache import open_cache
from tests.bench.clock import read_cpu
from tests.bench.pixels import CHILD_MEMORY_BYTES, LIBRARIES, OURS_IN_CHILD, take
from tests.bench.tables import format_table

SIDE, TILE, WIDTH = 10_000, 2500, 2000
ROUNDS = 3
SECONDS = 120


@dataclass(frozen=True)
class Run:
    """One program's cost. peak_bytes: the most memory that its process ever held, its libraries among it."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    output_bytes: int


def measure_huge(*, side: int = SIDE, tile: int = TILE, width: int = WIDTH) -> dict[str, Run]:
    """Each program's medians over the rounds, by its name."""
    path = make_picture(side, tile)
    source = path.read_bytes()
    ways: dict[str, Callable[[], Run]] = {OURS_IN_CHILD: lambda: _run_ours(source, width)}
    ways |= {name: lambda name=name: _run_alone(name, path, width) for name in LIBRARIES}  # type: ignore[misc]
    rounds = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    return {name: _summarise([one[name] for one in rounds]) for name in ways}


def make_picture(side: int, tile: int) -> Path:
    """A square JPEG of different photos. It is made once and kept."""
    path = open_cache() / f"tiled-{side}-{tile}.jpg"
    if not path.exists():
        image, across = Image.new("RGB", (side, side)), side // tile
        for number, photo in enumerate(photos.make_photos(across**2, size=(tile, tile))):
            image.paste(Image.open(io.BytesIO(photo)), (number % across * tile, number // across * tile))
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(photos.encode(image, "JPEG"))
        unfinished.replace(path)
    return path


def _run_ours(source: bytes, width: int) -> Run:
    child = Child(memory_bytes=CHILD_MEMORY_BYTES)
    _scale(child, photos.make_photos(1, size=(64, 64))[0], 32)
    assert child.pid
    pids = [os.getpid(), child.pid]
    cpu, wall = sum(map(read_cpu, pids)), time.perf_counter()
    made = _scale(child, source, width)
    spent = sum(map(read_cpu, pids)) - cpu, time.perf_counter() - wall
    run = Run(*spent, read_peak(str(child.pid)), len(made))
    child.close()
    return run


def _scale(child: Child, source: bytes, width: int) -> bytes:
    step = Step(operation="resize", params={"width": {"value": width}})
    variants = [Variant((step,), Output(format="jpeg"))]
    return take(child.run(source, variants, limits=Limits(), assets={}, seconds=SECONDS))[0]


def _run_alone(name: str, path: Path, width: int) -> Run:
    command = [sys.executable, "-m", "tests.bench.alone", name, str(path), str(width)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    return Run(**json.loads(done.stdout))


def _summarise(runs: list[Run]) -> Run:
    values = {name: statistics.median(asdict(run)[name] for run in runs) for name in asdict(runs[0])}
    return Run(**values)


def show_huge(runs: dict[str, Run]) -> Iterator[str]:
    lines = [
        [name, f"{run.cpu_seconds:.2f}", f"{run.wall_seconds:.2f}", f"{run.peak_bytes / 1e6:.0f}"]
        for name, run in runs.items()
    ]
    title = f"A JPEG of {SIDE}×{SIDE} to {WIDTH} wide, {ROUNDS} rounds"
    yield from format_table([title, "CPU s", "wall s", "peak MB"], lines)
