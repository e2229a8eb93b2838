"""Erasing on request: a job, an account, or all that was made of one source. No storage of an account is touched."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Account, ApiKey, User
from accounts.tokens import revoke_all
from jobs import references, services
from jobs.models import Delivery, Item, Job, Listing, Output, Service, ServiceSecret
from jobs.models.jobs import ItemState
from jobs.retention.due import read_outputs
from jobs.retention.jobs import drop_jobs
from jobs.retention.results import is_in_house
from jobs.retention.rounds import CHUNK, File, Round
from jobs.spec import Source
from jobs.thumbnails import find_key
from processing.base import AssetRef
from storage.connections import find_connection
from storage.house import house
from storage.keys import clean_key
from storage.models import Connection

ERASED = "erased"
"""What stands where a name was."""

NOWHERE = Source(ref=AssetRef(kind="house", location=ERASED), name=ERASED).model_dump(mode="json")


class StillAtWork(Exception):
    """Items of the source are queued or being worked on."""


def mark_job(job: Job) -> None:
    """Stop a job and let nobody find it any more: the next purge takes it away."""
    services.cancel_job(job)
    Job.every.filter(pk=job.pk).update(deleted_at=Now())


def erase_job(job: Job) -> Round:
    """Delete a job, stopped before where it runs, with its files; what lost attempts of it left goes, too.

    Killed in between, the next purge goes on with it.
    """
    mark_job(job)
    now = Round()
    drop_jobs(now, Job.every.filter(pk=job.pk))
    for day in _list_days(job):
        house().delete_folder(f"{day}/{job.pk}/")
    return now


def erase_account(account: Account) -> None:
    """Delete an account and all that is its own. Nobody of it gets in from the first moment on.

    May be called again after a kill: it goes on. Raises a StorageError where the house storage fails.
    """
    _close(account)
    for pk in list(Job.every.filter(account=account).order_by("pk").values_list("pk", flat=True)):
        erase_job(Job.every.get(pk=pk))
    references.drop_images(account, list(account.reference_images.values_list("public_id", flat=True)))
    if Job.every.filter(account=account).exists():
        return
    with transaction.atomic():
        # A service protects its storage, from its account's end too.
        Service.objects.filter(account=account).delete()
        Connection.objects.filter(account=account).delete()
        account.delete()


def read_source(account: Account, text: str) -> AssetRef:
    """What an operator calls a source: an address, `storage://NAME/PATH` or `storage://reference/ID`.

    Raises a StorageError for a storage that the account has not, or a path that is none.
    """
    if not text.startswith("storage://"):
        return AssetRef(kind="web", location=text)
    name, _, path = text.removeprefix("storage://").partition("/")
    if name == "reference":
        return AssetRef(kind="reference", location=path)
    return AssetRef(kind="storage", storage_id=find_connection(account, name).pk, location=clean_key(path))


def erase_source(now: Round, account: Account, ref: AssetRef) -> None:
    """Delete what was made of a source, and its names from the rows. Raises StillAtWork; then nothing was changed."""
    items = find_items(account, ref)
    if items.filter(state__in=[ItemState.QUEUED, ItemState.RUNNING]).exists():
        raise StillAtWork("Items of this source are still at work: wait for them, or cancel their jobs.")
    for ids in now.read_ids(items, by="pk", size=CHUNK):
        chunk = list(Item.objects.filter(pk__in=ids).select_related("job"))
        if _drop_files(now, chunk) and not now.is_dry:
            _blank_rows(chunk, ref)


def find_items(account: Account, ref: AssetRef) -> QuerySet[Item]:
    """The account's items of one source."""
    named: dict[str, Any] = {"source__ref__kind": ref.kind, "source__ref__location": ref.location}
    if ref.storage_id is not None:
        named["source__ref__storage_id"] = ref.storage_id
    return Item.objects.filter(job__account=account, **named)


def _close(account: Account) -> None:
    for user in account.users.all():
        revoke_all(user)
    User.objects.filter(account=account).update(is_active=False)
    ApiKey.objects.filter(account=account, revoked_at=None).update(revoked_at=Now())
    ServiceSecret.objects.filter(service__account=account, revoked_at=None).update(revoked_at=Now())


def _list_days(job: Job) -> Iterator[str]:
    """The days on which an attempt can have put something for the job."""
    day = job.created_at
    while day.date() <= timezone.now().date():
        yield day.strftime("%Y-%m-%d")
        day += timedelta(days=1)


def _drop_files(now: Round, items: Sequence[Item]) -> bool:
    outputs: list[Output] = read_outputs(items)
    kept = [output for output in outputs if is_in_house(output)]
    files = [File("results", output.key) for output in kept]
    files += [File("undo copies", item.original["key"]) for item in items if item.original]
    rows: list[Item | Output] = [*items, *outputs]
    for row in rows:
        # Of a row that has changed there may be several.
        folder = find_key(row).rpartition("/")[0]
        files += [File("thumbnails", facts.key, facts.size_bytes) for facts in house().list(f"{folder}/").objects]
    if not now.drop(files):
        return False
    now.note("results", len(kept), min((output.created_at for output in kept), default=None))
    now.note("items", len(items))
    return True


def _blank_rows(items: Sequence[Item], ref: AssetRef) -> None:
    ids = [item.pk for item in items]
    with transaction.atomic():
        made = Output.objects.filter(item__in=ids)
        made.filter(connection=None, purged_at=None).update(purged_at=Now())
        made.update(key="", name="", etag="", error_message="", report=[])
        for job in {item.job_id: item.job for item in items}.values():
            words = {ref.location, *(item.name for item in items if item.job_id == job.pk)}
            _blank_job(job, words, is_whole=not job.items.exclude(pk__in=ids).exclude(name=ERASED).exists())
        facts: dict[str, Any] = {"source_facts": None, "original": None, "meta": {}, "stem": None, "error_message": ""}
        Item.objects.filter(pk__in=ids).update(name=ERASED, source=NOWHERE, **facts)


def _blank_job(job: Job, words: set[str], *, is_whole: bool) -> None:
    """is_whole: no other source is left in the job, so that all that names one names this one."""
    variants = [_blank_variant(variant) if is_whole else _blank(variant, words) for variant in job.variants]
    Job.every.filter(pk=job.pk).update(
        variants=variants,
        request=None if is_whole else _blank(job.request, words),
        dialect_data=_blank(job.dialect_data, words),
        message=_blank(job.message, words),
    )
    for output in Output.objects.filter(item__job=job).exclude(name="").only("name"):
        # The variants' names, which the results of other sources have, too.
        if _blank(output.name, words) != output.name:
            Output.objects.filter(pk=output.pk).update(name=ERASED)
    for listing in Listing.objects.filter(job=job):
        Listing.objects.filter(pk=listing.pk).update(skipped=_blank(listing.skipped, words))
    for delivery in Delivery.objects.filter(job=job):
        Delivery.objects.filter(pk=delivery.pk).update(body=_blank(delivery.body, words))


def _blank_variant(variant: dict[str, Any]) -> dict[str, Any]:
    destination = variant.get("destination", {})
    names = {"name": ERASED} if "name" in variant else {}
    key = {"key": ERASED} if destination.get("key") else {}
    return {**variant, **names, "destination": {**destination, **key}}


def _blank(value: Any, words: set[str]) -> Any:
    """The value with every text in it replaced that has one of the words in it."""
    if isinstance(value, str):
        return ERASED if any(word and word in value for word in words) else value
    if isinstance(value, dict):
        return {name: _blank(inner, words) for name, inner in value.items()}
    return [_blank(inner, words) for inner in value] if isinstance(value, list) else value
