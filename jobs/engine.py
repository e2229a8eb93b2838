"""The life of an item: claimed, read, worked on, stored, ended."""

import logging
import time
from collections.abc import Sequence

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts import trace
from jobs import callbacks, dispatch, fees, leases, outputs, slots, sources, tallies
from jobs.errors import PublicError, Unexpected
from jobs.models import Item, Job, Output
from jobs.models.jobs import ItemState, JobState, OutputState, Queue
from jobs.sources import LeaseLost
from jobs.spec import Variant
from processing.child import ChildResult
from processing.errors import ChildDied, ImageError
from processing.pipeline import Variant as Chain
from storage.errors import StorageError, StorageUnavailable, StorageUnreachable

log = logging.getLogger(__name__)

WAITS = (1, 4)
"""Seconds that an item waits after its first and its second failure that another try may mend."""

LONG_WAITS = (1, 4, 15, 45)
"""The same where a storage does not answer: it may be away for a minute, and every item of a batch with it."""


def run_item(item_id: int) -> None:
    """Work on one item, whatever happens to it. Called with the same id twice, the second call does nothing."""
    item = leases.claim_item(item_id)
    if item is None:
        return
    with trace.bound(**item.job.trace, item_id=item.pk):
        _run(item)
    slots.count_starts()


def _run(item: Item) -> None:
    started = time.monotonic()
    try:
        with leases.Heartbeat(item, seconds=settings.PHOTOMILL_ITEM_SECONDS):
            made = _work(item, deadline=started + settings.PHOTOMILL_ITEM_SECONDS)
    except LeaseLost:
        log.info("item %s is somebody else's by now", item.pk)
    except (ImageError, StorageError) as error:
        _fail_or_retry(item, error)
    except Exception:
        log.exception("item %s failed unexpectedly", item.pk)
        end_item(item, [], error=Unexpected("The server failed on this item."))
    else:
        item.milliseconds = round((time.monotonic() - started) * 1000)
        end_item(item, made)


def _work(item: Item, *, deadline: float) -> list[Output]:
    variants = [Variant.model_validate(variant) for variant in item.job.variants]
    data = sources.read_source(item, overwrites=outputs.overwrites_source(item, variants))
    result = slots.child().run(
        data,
        [Chain(steps=variant.steps, output=variant.output) for variant in variants],
        limits=slots.limits(item.job.account),
        assets=sources.read_assets(variants),
        seconds=max(0.0, deadline - time.monotonic()),
    )
    if result.models:
        log.info("models were loaded", extra={"milliseconds_by_model": dict(result.models)})
    item.source_facts = _describe(result, len(data))
    return [
        outputs.store_result(item, index, variant, outcome)
        for index, (variant, outcome) in enumerate(zip(variants, result.outcomes, strict=True))
    ]


def _describe(result: ChildResult, size_bytes: int) -> dict[str, object]:
    facts = result.source
    return {
        "format": facts.format,
        "width": facts.size[0],
        "height": facts.size[1],
        "mode": facts.mode,
        "frames": facts.frames,
        "bytes": size_bytes,
    }


def _fail_or_retry(item: Item, error: ImageError | StorageError) -> None:
    """Give the item back where another try may help and some are left; else end it with its reason."""
    if isinstance(error, ChildDied):
        log.warning("item %s: %s: %s", item.pk, error.code, error.message)
        tallies.add_event(f"child_{error.code}")
    tries = item.tries + 1
    waits = _choose_waits(item, error)
    if not error.retryable or tries > len(waits):
        item.tries = tries
        end_item(item, [], error=error)
        return
    if leases.release(item, tries=tries, wait_seconds=waits[tries - 1], code=error.code, message=error.message):
        dispatch.fill(item.queue)


def _choose_waits(item: Item, error: ImageError | StorageError) -> tuple[int, ...]:
    is_long = isinstance(error, StorageUnavailable | StorageUnreachable) and item.queue != Queue.INTERACTIVE
    return LONG_WAITS if is_long else WAITS


def end_item(item: Item, made: Sequence[Output], *, error: PublicError | None = None) -> bool:
    """End the item in one short transaction, and its job where it was the last.

    False, and nothing is written, where the item is no longer ours.
    """
    broken = [output for output in made if output.state == OutputState.FAILED]
    with transaction.atomic():
        if not _mark_ended(item, error=error, first=broken[0] if broken else None):
            return False
        Output.objects.bulk_create(made)
        if error is not None or broken:
            fees.refund_items(item.job, 1)
        missing = 0 if made else len(item.job.variants)
        add_to_counters(
            item.job,
            items=1,
            failed=int(error is not None or bool(broken)),
            outputs_stored=len(made) - len(broken),
            outputs_failed=len(broken) + missing,
        )
        dispatch.fill_after_commit(item.queue)
    _say_ended(item, code=error.code if error else broken[0].error_code if broken else "")
    return True


def _say_ended(item: Item, *, code: str) -> None:
    """The message stays out of the log: it may quote an address with a secret in it."""
    with trace.bound(**item.job.trace, item_id=item.pk):
        facts = {"milliseconds": item.milliseconds}
        log.info("item failed" if code else "item done", extra=facts | ({"code": code} if code else {}))


def _mark_ended(item: Item, *, error: PublicError | None, first: Output | None) -> bool:
    code = error.code if error else first.error_code if first else ""
    message = error.message if error else first.error_message if first else ""
    mine = Item.objects.filter(pk=item.pk, fence=item.fence, state=ItemState.RUNNING)
    return bool(
        mine.update(
            state=ItemState.FAILED if code else ItemState.DONE,
            error_code=code,
            error_message=message,
            source_facts=item.source_facts,
            milliseconds=item.milliseconds,
            tries=item.tries,
            lease_until=None,
            ended_at=Now(),
        )
    )


def add_to_counters(job: Job, *, items: int, failed: int, outputs_stored: int, outputs_failed: int) -> None:
    """Count ended items on the job's row, inside the caller's transaction, and finish the job with the last."""
    ended, total, sealed = _count(job.pk, (items, failed, outputs_stored, outputs_failed))
    if sealed and ended == total:
        finish_job(job)


def _count(job_id: int, increments: tuple[int, int, int, int]) -> tuple[int, int, bool]:
    """One statement that adds and answers with the sum: nobody else can have seen the same one."""
    table = Job._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET items_ended = items_ended + %s, items_failed = items_failed + %s, "  # noqa: S608
            "outputs_stored = outputs_stored + %s, outputs_failed = outputs_failed + %s "
            "WHERE id = %s RETURNING items_ended, items_total, sealed_at IS NOT NULL",
            [*increments, job_id],
        )
        ended, total, sealed = cursor.fetchone()
    return ended, total, bool(sealed)


def finish_job(job: Job) -> bool:
    """Finish a job that is sealed and whose items have all ended, and make its deliveries. Only one caller wins."""
    won = Job.objects.filter(pk=job.pk, finished_at=None, sealed_at__isnull=False).update(
        state=JobState.FINISHED, finished_at=Now(), updated_at=Now()
    )
    if won:
        callbacks.create_deliveries(job.pk)
        tallies.add_run(job.pk)
    return bool(won)
