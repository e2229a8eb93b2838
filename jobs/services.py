"""The only entrance from HTTP: jobs made, found, cancelled and run again."""

import logging
from collections.abc import Iterator

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import trace
from accounts.models import Account
from jobs import admission, callbacks, dispatch, engine, fees, sources, tallies
from jobs.errors import MalformedRequest, UnknownImage, UnknownJob
from jobs.ids import make_id
from jobs.models import Item, Job, JobLabel, Listing, Upload
from jobs.models.jobs import ItemState, JobState, Queue
from jobs.names import check_names, make_stems
from jobs.spec import JobSpec, Variant
from processing import operations
from processing.base import AssetRef, Params, find_assets
from processing.errors import ImageError, UnavailableOperation
from storage import http
from storage.errors import UnknownStorage
from storage.models import Connection, ReferenceImage

log = logging.getLogger(__name__)

INSERT_CHUNK = 500


def create_job(*, account: Account, spec: JobSpec, public_id: str | None = None) -> Job:
    """Check everything that can be checked without touching a storage, then write the job and have it started.

    Raises a public error that names the field; then nothing has been written.
    """
    params = list(_check_variants(spec))
    check_names(spec)
    _check_storages(account, spec, params)
    if spec.callback_url:
        http.refuse_early(spec.callback_url)
    queue = _choose_queue(spec)
    with transaction.atomic():
        admission.admit_items(account, len(spec.sources))
        job = Job.objects.create(
            account=account,
            service_id=spec.service_id,
            dialect=spec.dialect,
            public_id=public_id or make_id(),
            queue=queue,
            priority=spec.priority,
            variants=[variant.model_dump(mode="json", exclude_defaults=True) for variant in spec.variants],
            callback_url=spec.callback_url,
            callback_secret=spec.callback_secret or None,
            request=spec.request,
            dialect_data=spec.dialect_data,
            item_credits=spec.item_credits,
            request_id=trace.current_request(),
            items_total=len(spec.sources),
            sealed_at=None if spec.folders else Now(),
        )
        fees.charge_items(job, len(spec.sources))
        if spec.folders:
            fees.check_credits(job)
        _add_rows(job, spec)
        if not spec.sources and not spec.folders:
            engine.finish_job(job)
        dispatch.fill_after_commit(queue)
    with trace.bound(**job.trace):
        log.info("job made", extra={"dialect": spec.dialect, "items": len(spec.sources), "queue": queue})
    return job


def find_job(*, account: Account, dialect: str, public_id: str) -> Job:
    """The account's job of this id. Raises UnknownJob, for another account's too."""
    job = Job.objects.filter(account=account, dialect=dialect, public_id=public_id).first()
    if job is None:
        raise UnknownJob("There is no such job.")
    return job


def cancel_job(job: Job) -> bool:
    """Stop a job: what has not ended ends as cancelled, and the run is reported. False where it had ended."""
    with transaction.atomic():
        won = Job.objects.filter(pk=job.pk, finished_at=None).update(
            state=JobState.CANCELLED, finished_at=Now(), updated_at=Now(), sealed_at=Now(), message="cancelled"
        )
        if not won:
            return False
        Listing.objects.filter(job=job, ended_at=None).update(ended_at=Now(), fence=F("fence") + 1)
        open_items = Item.objects.filter(job=job, state__in=[ItemState.QUEUED, ItemState.RUNNING])
        # The fence shuts out whoever is at work on one of them.
        stopped = open_items.update(
            state=ItemState.CANCELLED,
            fence=F("fence") + 1,
            lease_until=None,
            rung_at=None,
            error_code="cancelled",
            error_message="The job was cancelled.",
            ended_at=Now(),
        )
        Job.objects.filter(pk=job.pk).update(items_ended=F("items_ended") + stopped)
        fees.refund_items(job, stopped)
        callbacks.create_deliveries(job.pk)
        # Last of all rows, here and where a job finishes, so that two never wait for each other.
        tallies.add_run(job.pk, cancelled=stopped)
        dispatch.fill_after_commit(job.queue)
    return True


def retry_job(job: Job, *, only_failed: bool) -> bool:
    """Run an ended job's items again, all or those that failed, as a new run.

    False if it has not ended, or is being deleted.
    """
    with transaction.atomic():
        won = Job.objects.filter(pk=job.pk, finished_at__isnull=False).update(
            state=JobState.QUEUED,
            run=F("run") + 1,
            request_id=trace.current_request(),
            finished_at=None,
            started_at=None,
            results_purged_at=None,
            message="",
            updated_at=Now(),
        )
        if not won:
            return False
        job.refresh_from_db()
        _requeue_items(job, only_failed=only_failed)
        dispatch.fill_after_commit(job.queue)
    return True


def undo_item(item: Item) -> bool:
    """Put back the source that an output overwrote. False where none was kept or it has been replaced since."""
    return sources.restore_original(item)


def _requeue_items(job: Job, *, only_failed: bool) -> None:
    items = Item.objects.filter(job=job)
    if only_failed:
        items = items.filter(state__in=[ItemState.FAILED, ItemState.CANCELLED])
    again = items.update(
        state=ItemState.QUEUED,
        run=job.run,
        tries=0,
        host_losses=0,
        rings=0,
        rung_at=None,
        due_at=None,
        lease_until=None,
        error_code="",
        error_message="",
        ended_at=None,
    )
    kept = Item.objects.filter(job=job, state=ItemState.DONE).count()
    outputs = kept * len(job.variants)
    Job.objects.filter(pk=job.pk).update(
        items_ended=F("items_total") - again,
        items_failed=0,
        outputs_stored=outputs,
        outputs_failed=0,
        items_kept=kept,
        outputs_kept=outputs,
    )
    if not again:
        engine.finish_job(job)


def _check_variants(spec: JobSpec) -> Iterator[Params]:
    for number, variant in enumerate(spec.variants):
        for place, step in enumerate(variant.steps):
            path = f"variants[{number}].steps[{place}]"
            try:
                reason = operations.get(step.operation).missing()
                if reason:
                    raise UnavailableOperation(f"{step.operation} is not available here: {reason}", param="operation")
                yield operations.parse(step.operation, step.params)
            except ImageError as error:
                error.param = f"{path}.{error.param}" if error.param else path
                raise


def _check_storages(account: Account, spec: JobSpec, params: list[Params]) -> None:
    """Every storage that the job names belongs to the account, and those that are written can be."""
    read = {source.ref.storage_id for source in spec.sources} | {folder.storage_id for folder in spec.folders}
    read |= {ref.storage_id for ref in _all_assets(params)}
    read |= {variant.destination.storage_id for variant in spec.variants}
    named = {storage_id for storage_id in read if storage_id is not None}
    known = set(Connection.objects.filter(account=account, pk__in=named).values_list("pk", flat=True))
    if named - known:
        raise UnknownStorage("The storage is not one of this account's.")
    refs = [*_all_assets(params), *(source.ref for source in spec.sources)]
    named_images = {ref.location for ref in refs if ref.kind == "reference"}
    if named_images - set(
        ReferenceImage.objects.filter(account=account, public_id__in=named_images).values_list("public_id", flat=True)
    ):
        raise UnknownImage("The reference image is not one of this account's.")
    if any(ref.kind == "house" and ref.location not in spec.uploads for ref in _all_assets(params)):
        # A key of the house storage says nothing about whose object it is: no caller may name one
        # that did not come with the request.
        raise UnknownStorage("The house storage holds nothing that a step can name.")
    for source in spec.sources:
        if source.ref.kind == "web":
            http.refuse_early(source.ref.location)
    if len(spec.sources) != 1 or spec.folders:
        _refuse_shared_keys(spec.variants)


def _all_assets(params: list[Params]) -> Iterator[AssetRef]:
    for one in params:
        yield from find_assets(one)


def _refuse_shared_keys(variants: tuple[Variant, ...]) -> None:
    for number, variant in enumerate(variants):
        if variant.destination.key:
            raise MalformedRequest(
                "a fixed key is for a job of one source: use a pattern", param=f"variants[{number}].destination.key"
            )


def _choose_queue(spec: JobSpec) -> Queue:
    if spec.is_interactive:
        return Queue.INTERACTIVE
    steps = (step for variant in spec.variants for step in variant.steps)
    return Queue.VISION if any(operations.get(step.operation).needs_model for step in steps) else Queue.BATCH


def _add_rows(job: Job, spec: JobSpec) -> None:
    names = [source.name[:1024] for source in spec.sources]
    items = [
        Item(
            job=job,
            position=position,
            name=name,
            stem=stem,
            source=source.model_dump(mode="json", exclude_defaults=True),
            meta=source.meta,
            queue=job.queue,
        )
        for position, (source, name, stem) in enumerate(
            zip(spec.sources, names, make_stems(job, names, first=0), strict=True)
        )
    ]
    Item.objects.bulk_create(items, batch_size=INSERT_CHUNK)
    uploads = spec.uploads | {source.ref.location for source in spec.sources if source.ref.kind == "house"}
    if uploads:
        Upload.objects.bulk_create(Upload(job=job, key=key) for key in sorted(uploads))
    if spec.labels:
        JobLabel.objects.bulk_create(JobLabel(job=job, label=label) for label in dict.fromkeys(spec.labels))
    for folder in spec.folders:
        listing = Listing.objects.create(
            job=job, connection_id=folder.storage_id, prefix=folder.prefix, is_recursive=folder.is_recursive
        )
        dispatch.ring_listing_after_commit(listing.pk)
