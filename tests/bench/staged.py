"""What is measured on a running instance. Models can be imported only once Django knows its database."""

import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from project.instance import Instance
from tests.bench import memory, report, stage
from tests.bench.report import Report

INSIDE_ITEMS = 101

Show = Callable[[Iterable[str]], None]


def measure_enhancement(instance: Instance, made: Report, show: Show) -> None:
    from tests.bench import enhance

    made.enhancement = enhance.measure_enhancement(instance.url)
    show(enhance.show_enhancement(made.enhancement))


def measure_road(
    instance: Instance, sources: list[bytes], made: Report, show: Show, *, items: int, in_s3: bool
) -> None:
    """The road from outside and from inside."""
    from tests.bench import batch, road, stretches

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photomill-bench-")))
        s3 = stack.enter_context(stage.open_s3()) if in_s3 else None
        photos_there = batch.Batch(batch.connect_s3(s3) if s3 else batch.connect_folder(folder), sources)
        made.road = road.measure_road(photos_there, instance.pids(), items)
        show(report.show_road(made.road))
        made.memory = memory.measure_memory(instance.pids())
        show(memory.show_memory(made.memory))
        stack.enter_context(stage.unheard(instance))
        made.stretches = stretches.measure_stretches(photos_there.create_job(INSIDE_ITEMS))
        show(report.show_stretches(made.stretches, made.road))
