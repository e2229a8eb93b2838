"""House objects that no row names: what attempts left that were lost, uploads of requests that never became a job.

The whole house storage is walked, page by page. What does not look like one of ours is left alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from jobs.models import Item, Output, Upload
from jobs.models.jobs import ItemState
from jobs.retention import periods
from jobs.retention.rounds import File, Round
from storage.base import ObjectFacts
from storage.house import house
from storage.models import ReferenceImage

YOUNG = timedelta(days=1)
"""What is younger may have its row written yet: no attempt and no request takes so long."""

DAY = r"\d{4}-\d\d-\d\d"
ID = r"\d{1,18}"
SHAPES = {
    "made": re.compile(rf"{DAY}/{ID}/(?P<item>{ID})/(?P<fence>{ID})/[^/]+"),
    "upload": re.compile(rf"{DAY}/uploads/[^/]+"),
    "reference": re.compile(rf"references/{ID}/[^/]+"),
    "thumbnail": re.compile(rf"thumbnails/(?P<kind>item|output)/(?P<pk>{ID})/[^/]+"),
}
"""The keys that we make."""


def purge_orphans(now: Round) -> None:
    """Delete what no row names, and what writes left that were killed."""
    cursor = None
    while not now.is_over():
        page = house().list("", cursor=cursor)
        _purge_page(now, [facts for facts in page.objects if facts.modified_at < now.time - YOUNG])
        cursor = page.cursor
        if cursor is None:
            break
    _purge_scraps(now)


def _purge_page(now: Round, objects: Iterable[ObjectFacts]) -> None:
    by_shape: defaultdict[str, list[ObjectFacts]] = defaultdict(list)
    for facts in objects:
        for name, shape in SHAPES.items():
            if shape.fullmatch(facts.key):
                by_shape[name].append(facts)
    for name, found in by_shape.items():
        needed = NEEDED[name]([facts.key for facts in found])
        _drop(now, [facts for facts in found if facts.key not in needed and not _is_kept(now, name, facts)])


def _drop(now: Round, lost: list[ObjectFacts]) -> None:
    if lost and now.drop(File("orphans", facts.key, facts.size_bytes) for facts in lost):
        now.note("orphans", 0, min(facts.modified_at for facts in lost))


def _is_kept(now: Round, shape: str, facts: ObjectFacts) -> bool:
    """Uploads that no job used are kept as long as used ones."""
    kept = periods.of_uploads(None)
    return shape == "upload" and (kept is None or facts.modified_at > now.time - kept)


def _find_made(keys: list[str]) -> set[str]:
    """Results and undo copies that rows name, and all that an attempt has put there which is still at work."""
    places = {key: (int(match["item"]), int(match["fence"])) for key, match in _match("made", keys)}
    ids = {item for item, _ in places.values()}
    # Asked first: whoever ends meanwhile has its rows when these are asked for.
    at_work = set(Item.objects.filter(pk__in=ids, state=ItemState.RUNNING).values_list("pk", "fence"))
    outputs = Output.objects.filter(item__in=ids, connection=None, purged_at=None)
    originals = Item.objects.filter(pk__in=ids, original__isnull=False).values_list("original", flat=True)
    needed = {*outputs.values_list("key", flat=True), *(original["key"] for original in originals if original)}
    return needed | {key for key, place in places.items() if place in at_work}


def _find_uploads(keys: list[str]) -> set[str]:
    return set(Upload.objects.filter(key__in=keys).values_list("key", flat=True))


def _find_references(keys: list[str]) -> set[str]:
    return set(ReferenceImage.objects.filter(key__in=keys).values_list("key", flat=True))


def _find_thumbnails(keys: list[str]) -> set[str]:
    """Those of pictures that are still to be seen."""
    places = {key: (match["kind"], int(match["pk"])) for key, match in _match("thumbnail", keys)}
    items = Item.objects.filter(pk__in=[pk for kind, pk in places.values() if kind == "item"])
    outputs = Output.objects.filter(pk__in=[pk for kind, pk in places.values() if kind == "output"], purged_at=None)
    shown = {("item", pk) for pk in items.values_list("pk", flat=True)}
    shown |= {("output", pk) for pk in outputs.values_list("pk", flat=True)}
    return {key for key, place in places.items() if place in shown}


def _match(shape: str, keys: list[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for key in keys:
        match = SHAPES[shape].fullmatch(key)
        if match:
            yield key, match


NEEDED: dict[str, Callable[[list[str]], set[str]]] = {
    "made": _find_made,
    "upload": _find_uploads,
    "reference": _find_references,
    "thumbnail": _find_thumbnails,
}
"""Of keys of one shape those whose objects are needed."""


def _purge_scraps(now: Round) -> None:
    before: datetime = now.time - YOUNG
    scraps = house().find_scraps(before=before)
    if not scraps:
        return
    line = now.lines["scraps"]
    line.files, line.size_bytes = len(scraps), sum(facts.size_bytes for facts in scraps)
    line.oldest = min(facts.modified_at for facts in scraps)
    if not now.is_dry:
        house().delete_scraps(before=before)
