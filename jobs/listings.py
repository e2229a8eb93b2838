"""Folders read page by page: the first items run while the last are still being listed."""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Now

from accounts import trace
from accounts.errors import NoCredits, PaymentDue, TooManyItems
from jobs import admission, dispatch, engine, fees
from jobs.clock import after
from jobs.models import Item, Job, Listing, Output
from jobs.names import make_stems
from jobs.spec import Source, Variant
from processing.base import AssetRef
from processing.formats import FORMATS
from storage.base import ObjectFacts, Page
from storage.connections import open_by_id
from storage.errors import StorageError
from storage.models import Connection

log = logging.getLogger(__name__)

PAGE_OBJECTS = 500
LEASE_SECONDS = 60
WAIT_SECONDS = 5
"""How long a folder waits where its account has as many items in flight as it may."""

MAX_TRIES = 5
MAX_SKIPPED_KEPT = 1000
PICTURE_EXTENSIONS = frozenset(extension for form in FORMATS for extension in form.extensions)


def claimable() -> Q:
    """Listings that nobody is reading. A job's folders are read in their order: its next one when this has ended."""
    before = Listing.objects.filter(job=OuterRef("job"), pk__lt=OuterRef("pk"), ended_at=None)
    return Q(ended_at=None) & (Q(lease_until=None) | Q(lease_until__lt=Now())) & Q(~Exists(before))


def list_folder(listing_id: int) -> None:
    """Read a folder to its end. Called twice, the second call does nothing; after a crash it goes on at the cursor."""
    listing = _claim(listing_id)
    if listing is not None:
        with trace.bound(**listing.job.trace):
            while _read_page(listing):
                pass


def _claim(listing_id: int) -> Listing | None:
    listing = Listing.objects.select_related("job__account").filter(claimable(), pk=listing_id).first()
    if listing is None:
        return None
    won = Listing.objects.filter(claimable(), pk=listing_id, fence=listing.fence).update(
        fence=F("fence") + 1, lease_until=after(LEASE_SECONDS)
    )
    listing.fence += 1
    return listing if won else None


def _read_page(listing: Listing) -> bool:
    """Take one page. True while there is more to read, and room for it."""
    room = admission.count_listable(listing.job.account, most=PAGE_OBJECTS)
    if not room:
        return _wait(listing)
    try:
        if listing.connection_id is None:
            raise Connection.DoesNotExist
        storage = open_by_id(listing.connection_id)
        page = storage.list(_folder_prefix(listing.prefix), cursor=listing.cursor, limit=room)
    except Connection.DoesNotExist:
        return _give_up(listing, "unknown_storage", "the storage is no longer connected")
    except StorageError as error:
        return _retry_later(listing, error)
    try:
        return _take_page(listing, page)
    except TooManyItems:
        # Somebody else has taken the room meanwhile.
        return _wait(listing)
    except (NoCredits, PaymentDue) as error:
        return _give_up(listing, error.code, error.message)


def _take_page(listing: Listing, page: Page) -> bool:
    with transaction.atomic():
        if not _advance(listing, page):
            return False
        chosen = _choose(listing, page.objects)
        admission.admit_items(listing.job.account, len(chosen))
        fees.charge_items(listing.job, len(chosen))
        taken = _add_items(listing, chosen)
        if page.cursor is None:
            _seal_when_read(listing.job)
        dispatch.fill_after_commit(listing.job.queue)
    log.info("listing %s: %s items taken", listing.pk, taken)
    return page.cursor is not None


def _folder_prefix(prefix: str) -> str:
    return f"{prefix.strip('/')}/" if prefix.strip("/") else ""


def _advance(listing: Listing, page: Page) -> bool:
    """Move the cursor. False where somebody else reads the folder by now."""
    ended = {"ended_at": Now(), "lease_until": None} if page.cursor is None else {"lease_until": after(LEASE_SECONDS)}
    listing.cursor = page.cursor or listing.cursor
    mine = Listing.objects.filter(pk=listing.pk, fence=listing.fence, ended_at=None)
    return bool(mine.update(cursor=listing.cursor, tries=0, **ended))


def _choose(listing: Listing, objects: Iterable[ObjectFacts]) -> list[ObjectFacts]:
    """The pictures among the objects, less what this job wrote itself; what is passed over is reported."""
    folder = _folder_prefix(listing.prefix)
    chosen, skipped = [], []
    ours = _own_keys(listing, [facts.key for facts in objects])
    for facts in objects:
        if not listing.is_recursive and "/" in facts.key.removeprefix(folder):
            continue
        if facts.key.rpartition(".")[2].lower() not in PICTURE_EXTENSIONS:
            skipped.append({"key": facts.key, "reason": "not_a_picture"})
        elif facts.key in ours or _lies_in_outputs(listing, facts):
            skipped.append({"key": facts.key, "reason": "own_output"})
        else:
            chosen.append(facts)
    if skipped:
        listing.skipped = [*listing.skipped, *skipped][:MAX_SKIPPED_KEPT]
        Listing.objects.filter(pk=listing.pk).update(skipped=listing.skipped)
    return chosen


def _own_keys(listing: Listing, keys: list[str]) -> set[str]:
    """Keys that this job has written."""
    written = Output.objects.filter(item__job=listing.job, connection=listing.connection_id, key__in=keys)
    return set(written.values_list("key", flat=True))


def _lies_in_outputs(listing: Listing, facts: ObjectFacts) -> bool:
    """Whether the object may be a result whose row is not written yet: in an output folder, newer than the job."""
    if facts.modified_at < listing.job.created_at:
        return False
    for values in listing.job.variants:
        destination = Variant.model_validate(values).destination
        if destination.storage_id == listing.connection_id and destination.pattern:
            folder = destination.pattern.partition("{")[0].rpartition("/")[0]
            if folder.startswith(listing.prefix.strip("/")) and facts.key.startswith(f"{folder}/" if folder else ""):
                return True
    return False


def _add_items(listing: Listing, objects: list[ObjectFacts]) -> int:
    job = listing.job
    last = Item.objects.filter(job=job).aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    folder = _folder_prefix(listing.prefix)
    names = [facts.key.removeprefix(folder) for facts in objects]
    rows = zip(objects, names, make_stems(job, names, first=first), strict=True)
    items = [
        Item(job=job, position=first + number, queue=job.queue, stem=stem, **_describe(listing, name, facts))
        for number, (facts, name, stem) in enumerate(rows)
    ]
    Item.objects.bulk_create(items)
    Job.objects.filter(pk=job.pk).update(items_total=F("items_total") + len(items))
    return len(items)


def _describe(listing: Listing, name: str, facts: ObjectFacts) -> dict[str, object]:
    ref = AssetRef(kind="storage", storage_id=listing.connection_id, location=facts.key)
    return {"name": name, "source": Source(ref=ref, name=name).model_dump(mode="json", exclude_defaults=True)}


def _seal_when_read(job: Job) -> None:
    """Seal the job with its last folder, and finish it where its items have all ended, or there are none."""
    following = Listing.objects.filter(job=job, ended_at=None).order_by("pk").values_list("pk", flat=True).first()
    if following is not None:
        dispatch.ring_listing_after_commit(following)
        return
    Job.objects.filter(pk=job.pk, sealed_at=None).update(sealed_at=Now(), updated_at=Now())
    engine.add_to_counters(job, items=0, failed=0, outputs_stored=0, outputs_failed=0)


def _wait(listing: Listing) -> bool:
    """Let the folder go, to be read on from its cursor. The sweep will ring for it."""
    Listing.objects.filter(pk=listing.pk, fence=listing.fence).update(lease_until=after(WAIT_SECONDS))
    return False


def _retry_later(listing: Listing, error: StorageError) -> bool:
    if not error.retryable or listing.tries + 1 >= MAX_TRIES:
        return _give_up(listing, error.code, error.message)
    mine = Listing.objects.filter(pk=listing.pk, fence=listing.fence)
    mine.update(tries=F("tries") + 1, lease_until=after(2**listing.tries), error_message=error.message)
    return False


def _give_up(listing: Listing, code: str, message: str) -> bool:
    """End a folder that cannot be read: the job says why, and finishes with what it has."""
    with transaction.atomic():
        mine = Listing.objects.filter(pk=listing.pk, fence=listing.fence, ended_at=None)
        if mine.update(ended_at=Now(), error_code=code, error_message=message, lease_until=None):
            Job.objects.filter(pk=listing.job_id).update(message=f"{listing.prefix or 'the storage'}: {message}")
            _seal_when_read(listing.job)
    return False
