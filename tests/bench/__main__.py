"""python -m tests.bench: measure, print tables, say which goals are met."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from processing.child import Child
from tests import services
from tests.bench import (
    chain,
    costs,
    goals,
    growth,
    huge,
    isolation,
    photos,
    pixels,
    recipes,
    report,
    seeing,
    sharing,
    stage,
    staged,
    thumbor,
)
from tests.bench.pixels import BOX, THREE_BOXES, Case
from tests.bench.report import Report

SECONDS, QUICK_SECONDS = 40.0, 4.0
PHOTOS, QUICK_PHOTOS = 50, 8
OTHER_PHOTOS, QUICK_OTHER_PHOTOS = 10, 2
ITEMS, QUICK_ITEMS = 300, 100
JOBS, QUICK_JOBS = 100_000, 2_000
SHARE_OF_FIRST = 0.3
"""The part of the time for the pixels that goes to the first case; the chain and thumbor get SHARE_OF_OTHERS each."""

SHARE_OF_OTHERS = 0.1
USUAL, HEAVY = ("pixels", "chain", "road"), ("huge", "growth", "thumbor", "enhance", "upkeep", "recipes", "seeing")
PARTS = {
    "pixels": "pictures of each format beside bare libraries, and what the child costs",
    "chain": "six steps beside bare libraries",
    "road": "everything but the pixels",
    "huge": "a JPEG of 100 megapixels",
    "seeing": "cut-out and pose of 12 megapixels beside the bare models",
    "growth": "a child's memory over 2,000 pictures",
    "thumbor": "thumbor beside us; it is fetched from the package index",
    "enhance": "calls that wait for an enhanced picture",
    "upkeep": "sweep, purge and admin over 100,000 finished jobs, on SQLite and on a PostgreSQL that is there",
    "recipes": "pictures an hour and core of six usual recipes, and the memory that they take",
}
MADE_HERE = "here"


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py bench", description="Measure what a picture costs on this machine.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="measure with the pictures of this folder")
    parser.add_argument(
        "--seconds", type=float, metavar="N", help=f"time for the pixels ({SECONDS:g}; 3 rounds at least)"
    )
    parser.add_argument("--quick", action="store_true", help="fewer photos and items: below a minute, less certain")
    told = "; ".join(f"{name}: {summary}" for name, summary in PARTS.items())
    parser.add_argument("--only", action="append", choices=PARTS, default=[], help=f"this part; may come again. {told}")
    parser.add_argument("--all", action="store_true", help=f"also what takes long: {', '.join(HEAVY)}")
    parser.add_argument("--thumbor", action="store_true", help="also thumbor")
    servers: dict[str, Any] = {"nargs": "?", "const": MADE_HERE, "default": "", "metavar": "URL"}
    parser.add_argument("--postgres", **servers, help="use this database; without URL one that is made on 127.0.0.1")
    parser.add_argument("--broker", **servers, help="use this broker; without URL the Redis on 127.0.0.1")
    parser.add_argument("--s3", action="store_true", help="keep the pictures in an S3 server, started for this")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    options.parts = choose_parts(options)
    return options


def choose_parts(options: argparse.Namespace) -> set[str]:
    chosen = set(options.only or USUAL) | (set(HEAVY) if options.all else set())
    return chosen | ({"thumbor"} if options.thumbor else set())


def main(arguments: list[str]) -> int:
    """0: every goal is met; 1: one is missed."""
    options = read_options(arguments)
    sources = read_photos(options)
    made = Report(photos="; ".join(photos.describe(sources)))
    show([report.name_machine(), made.photos, ""])
    for name, measure in list_measures(sources, options, made).items():
        if name in options.parts:
            measure()
    measure_staged(sources, options, made)
    if "recipes" in options.parts:
        measure_recipes(sources, options, made)
    if made.goals():
        show(goals.show_goals(made.goals()))
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


def list_measures(sources: list[bytes], options: argparse.Namespace, made: Report) -> dict[str, Callable[[], None]]:
    """What needs no instance, in the order of measuring."""
    few = sources[: QUICK_OTHER_PHOTOS if options.quick else OTHER_PHOTOS]
    seconds = options.seconds * SHARE_OF_OTHERS
    return {
        "pixels": partial(measure_pixels, sources, few, options, made),
        "chain": partial(measure_chain, few, seconds, made),
        "thumbor": partial(measure_thumbor, few, seconds, made),
        "huge": partial(measure_huge, made),
        "seeing": partial(measure_seeing, made),
        "growth": partial(measure_growth, made),
        "upkeep": partial(measure_upkeep, options, made),
    }


def list_cases(sources: list[bytes], few: list[bytes]) -> list[Case]:
    """few: those that all but the first case are measured with."""
    return [
        Case(f"JPEG → JPEG, {BOX}", sources, "jpeg"),
        Case(f"PNG → PNG, {BOX}", photos.convert(few, "PNG"), "png"),
        Case(f"WebP → WebP, {BOX}", photos.convert(few, "WEBP"), "webp"),
        Case(f"AVIF → AVIF, {BOX}", photos.convert(few, "AVIF"), "avif"),
        Case(f"JPEG → WebP, {BOX}", few, "webp", has_goal=False),
        Case(f"JPEG → JPEG, {', '.join(map(str, THREE_BOXES))}", few, "jpeg", THREE_BOXES, has_goal=False),
    ]


def open_child() -> Child:
    """One that is never replaced."""
    return Child(memory_bytes=pixels.CHILD_MEMORY_BYTES, max_items=1_000_000)


def measure_pixels(sources: list[bytes], few: list[bytes], options: argparse.Namespace, made: Report) -> None:
    child = open_child()
    cases = list_cases(sources, few)
    rest = (1 - SHARE_OF_FIRST) / (len(cases) - 1)
    for number, case in enumerate(cases):
        seconds = options.seconds * (rest if number else SHARE_OF_FIRST)
        made.pixels.append(pixels.measure_case(case, child, seconds=seconds))
        show(report.show_row(made.pixels[-1]))
    made.sharing = sharing.measure_sharing(few, child)
    child.close()
    show(report.show_sharing(made.sharing))
    made.isolation = isolation.measure_isolation(sources[:QUICK_PHOTOS], made.pixels[0])
    show(report.show_isolation(made.isolation))


def measure_chain(few: list[bytes], seconds: float, made: Report) -> None:
    child = open_child()
    made.chain = chain.measure_chain(few, child, seconds=seconds)
    child.close()
    show(report.show_row(made.chain))


def measure_thumbor(few: list[bytes], seconds: float, made: Report) -> None:
    child = open_child()
    try:
        made.thumbor = thumbor.measure_thumbor(few, child, seconds=seconds)
        show(report.show_row(made.thumbor))
    except thumbor.NotThere as error:
        show([f"{thumbor.THUMBOR} is not compared: {error}", ""])
    child.close()


def measure_seeing(made: Report) -> None:
    reason = seeing.missing()
    if reason:
        show([f"Left out, seeing: {reason}"])
        return
    made.seeing = seeing.measure_seeing()
    show(seeing.show_seeing(made.seeing))


def measure_huge(made: Report) -> None:
    made.huge = huge.measure_huge()
    show(huge.show_huge(made.huge))


def measure_growth(made: Report) -> None:
    made.growth = growth.measure_growth()
    show(growth.show_growth(made.growth))


def measure_upkeep(options: argparse.Namespace, made: Report) -> None:
    """On SQLite, and on the PostgreSQL that is named or runs here."""
    named = options.postgres if options.postgres != MADE_HERE else ""
    found = named or (services.postgres_url() if services.POSTGRES.is_listening() else None)
    for database in ("", found):
        if database is not None:
            made.upkeep.append(costs.measure_apart(database, jobs=QUICK_JOBS if options.quick else JOBS))
            show(costs.show_upkeep(made.upkeep[-1]))


def measure_recipes(sources: list[bytes], options: argparse.Namespace, made: Report) -> None:
    rounds = recipes.QUICK_ROUNDS if options.quick else recipes.ROUNDS
    few = sources[: QUICK_OTHER_PHOTOS if options.quick else OTHER_PHOTOS]
    made.prices = [recipes.measure_recipe(recipe, few, rounds=rounds) for recipe in recipes.list_recipes()]
    show(recipes.show_prices(made.prices, made.road.total if made.road else 0))


def measure_staged(sources: list[bytes], options: argparse.Namespace, made: Report) -> None:
    """What needs an instance."""
    parts = options.parts & {"enhance", "road"}
    if parts:
        items = QUICK_ITEMS if options.quick else ITEMS
        with stage.open_stage(find_servers(options)) as instance:
            if "enhance" in parts:
                staged.measure_enhancement(instance, made, show)
            if "road" in parts:
                staged.measure_road(instance, sources, made, show, items=items, in_s3=options.s3)


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
