"""python -m tests.bench: measure, print tables, say which goals are met."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from processing.child import Child
from tests import services
from tests.bench import isolation, photos, pixels, report, stage
from tests.bench.pixels import BOX, THREE_BOXES, Case
from tests.bench.report import Report

SECONDS, QUICK_SECONDS = 40.0, 4.0
PHOTOS, QUICK_PHOTOS = 50, 8
OTHER_PHOTOS, QUICK_OTHER_PHOTOS = 10, 2
ITEMS, QUICK_ITEMS, INSIDE_ITEMS = 300, 100, 101
SHARE_OF_FIRST = 0.35
"""The part of the time that goes to the case that the goal speaks of."""

MADE_HERE = "here"


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py bench", description="Measure what a picture costs on this machine.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="measure with the pictures of this folder")
    parser.add_argument(
        "--seconds", type=float, metavar="N", help=f"time for the pixels ({SECONDS:g}; 3 rounds at least)"
    )
    parser.add_argument("--quick", action="store_true", help="fewer photos and items: below 40 seconds, less certain")
    parser.add_argument("--only", choices=("pixels", "road"), help="leave out the other half")
    servers: dict[str, Any] = {"nargs": "?", "const": MADE_HERE, "default": "", "metavar": "URL"}
    parser.add_argument("--postgres", **servers, help="use this database; without URL one that is made on 127.0.0.1")
    parser.add_argument("--broker", **servers, help="use this broker; without URL the Redis on 127.0.0.1")
    parser.add_argument("--s3", action="store_true", help="keep the pictures in an S3 server, started for this")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    return options


def main(arguments: list[str]) -> int:
    """0: every goal is met; 1: one is missed."""
    options = read_options(arguments)
    sources = read_photos(options)
    made = Report(photos="; ".join(photos.describe(sources)))
    show([report.name_machine(), made.photos, ""])
    if options.only != "road":
        measure_pixels(sources, options, made)
    if options.only != "pixels":
        measure_road(sources, options, made)
    show(report.show_goals(made.goals()))
    if options.json:
        options.json.write_text(json.dumps(made.to_dict(), indent=2, ensure_ascii=False) + "\n")
    return 0 if all(goal.is_met for goal in made.goals()) else 1


def read_photos(options: argparse.Namespace) -> list[bytes]:
    count = QUICK_PHOTOS if options.quick else PHOTOS
    if options.photos is None:
        return photos.make_photos(count)
    found = photos.read_folder(options.photos, count)
    if not found:
        sys.exit(f"There are no pictures in {options.photos}.")
    return found


def list_cases(sources: list[bytes], *, others: int) -> list[Case]:
    """The case of the goal first. others: how many photos the slower formats are measured with."""
    few = sources[:others]
    return [
        Case(f"JPEG → JPEG, {BOX}", sources, "jpeg"),
        Case(f"JPEG → JPEG, {', '.join(map(str, THREE_BOXES))}", few, "jpeg", THREE_BOXES),
        Case(f"JPEG → WebP, {BOX}", few, "webp"),
        Case(f"PNG → PNG, {BOX}", photos.convert(few, "PNG"), "png"),
        Case(f"WebP → WebP, {BOX}", photos.convert(few, "WEBP"), "webp"),
    ]


def measure_pixels(sources: list[bytes], options: argparse.Namespace, made: Report) -> None:
    child = Child(memory_bytes=pixels.CHILD_MEMORY_BYTES, max_items=1_000_000)
    cases = list_cases(sources, others=QUICK_OTHER_PHOTOS if options.quick else OTHER_PHOTOS)
    rest = (1 - SHARE_OF_FIRST) / (len(cases) - 1)
    for number, case in enumerate(cases):
        seconds = options.seconds * (rest if number else SHARE_OF_FIRST)
        made.pixels.append(pixels.measure_case(case, child, seconds=seconds))
        show(report.show_row(made.pixels[-1]))
    child.close()
    made.isolation = isolation.measure_isolation(sources[:QUICK_PHOTOS], made.pixels[0])
    show(report.show_isolation(made.isolation))


def measure_road(sources: list[bytes], options: argparse.Namespace, made: Report) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photomill-bench-")))
        instance = stack.enter_context(stage.open_stage(find_servers(options)))
        s3 = stack.enter_context(stage.open_s3()) if options.s3 else None
        # Models can be imported only now that Django knows its database.
        from tests.bench import batch, road, stretches

        photos_there = batch.Batch(batch.connect_s3(s3) if s3 else batch.connect_folder(folder), sources)
        made.road = road.measure_road(photos_there, instance.pids(), QUICK_ITEMS if options.quick else ITEMS)
        show(report.show_road(made.road))
        stack.enter_context(stage.unheard(instance))
        made.stretches = stretches.measure_stretches(photos_there.create_job(INSIDE_ITEMS))
        show(report.show_stretches(made.stretches, made.road))


def find_servers(options: argparse.Namespace) -> stage.Servers:
    database = services.postgres_url() if options.postgres == MADE_HERE else options.postgres
    broker = services.redis_url() if options.broker == MADE_HERE else options.broker
    if database is None or broker is None:
        sys.exit("There is no PostgreSQL, or no free Redis, on 127.0.0.1.")
    return stage.Servers(database=database, broker=broker)


def show(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
