"""Claid's requests into our vocabulary, and our rows into its answers. No HTTP, no writes."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import F, Prefetch, QuerySet

from accounts.models import Account
from jobs.dialect import to_storable
from jobs.dialects.claid.differences import CREDITS_PER_IMAGE, EXTENSIONS, RESULTS_BESIDE_ERRORS
from jobs.dialects.claid.errors import InvalidRequest
from jobs.dialects.claid.formats import to_output
from jobs.dialects.claid.places import Places, is_folder, is_storage
from jobs.dialects.claid.schemas.edits import Batch, Edit, Folder, Upload
from jobs.dialects.claid.schemas.outputs import Output
from jobs.dialects.claid.steps import find_faults, plan_steps
from jobs.models import Delivery, Item, Job, Listing
from jobs.models import Output as OutputRow
from jobs.models.jobs import ItemState, JobState
from jobs.spec import Folder as FolderSpec
from jobs.spec import JobSpec, Source, Variant
from processing import formats
from storage.house import make_link
from storage.keys import join_keys
from storage.models import Connection

EDIT, ASYNC, BATCH = "edit", "async", "batch"
PIXELS_PER_MEGAPIXEL = 1_000_000
CHUNK_ITEMS = 1000
MOST_RESULTS = 10_000
"""In a message to a webhook."""

URI_SCHEMES = {"s3": "s3", "gcs": "gs"}

Inputs = tuple[Sequence[Source], Sequence[FolderSpec]]


def to_spec(
    asked: Upload | Edit | Batch,
    account: Account,
    *,
    kind: str,
    upload: Source | None = None,
    body: Any = None,
    tasks_url: str = "",
) -> JobSpec:
    """A request that has been read. kind: EDIT, ASYNC or BATCH. upload: the file that came with it.

    body: what was sent. tasks_url: where tasks of this kind are asked for, to be followed by a task's number.

    Raises InvalidRequest for what this account or this server has not.
    """
    places = Places(account)
    sources, folders = _find_inputs(asked, places, upload)
    written = to_output(asked.output if isinstance(asked.output, Output) else None)
    form = formats.get(written.format or "jpeg")
    extension = EXTENSIONS[form.name]
    single = sources[0] if sources and kind != BATCH else None
    uri, path = _find_destination(asked.output)
    destination = places.find_destination(uri, path, source=single, extension=extension)
    planned = plan_steps(asked.operations, has_alpha=form.has_alpha)
    faults = {**places.faults, **find_faults(asked.operations, planned)}
    if faults:
        raise InvalidRequest(faults)
    steps = tuple(one.step for one in planned)
    return JobSpec(
        dialect="claid",
        sources=tuple(sources),
        folders=tuple(folders),
        variants=(Variant(steps=steps, output=written, destination=destination),),
        item_credits=CREDITS_PER_IMAGE,
        request=to_storable(body),
        dialect_data={"kind": kind, "tasks_url": tasks_url},
    )


def _find_inputs(asked: Upload | Edit | Batch, places: Places, upload: Source | None) -> Inputs:
    if isinstance(asked, Batch):
        return _find_many(asked, places)
    if isinstance(asked, Edit):
        source = places.find_source(asked.input, "input")
        return [source] if source else [], []
    assert upload is not None
    return [upload], []


def _find_many(asked: Batch, places: Places) -> Inputs:
    if isinstance(asked.input, Folder):
        source, is_recursive = asked.input.source, bool(asked.input.recursive)
        if is_storage(source):
            folder = places.find_folder(source, "input.source", is_recursive=is_recursive)
            return [], [folder] if folder else []
        if is_recursive:
            places.faults["input.recursive"].append("only a folder of a connected storage can be read recursively")
        single = places.find_source(source, "input.source")
        return [single] if single else [], []
    if isinstance(asked.input, str):
        return _find_listed([asked.input], ["input"], places)
    return _find_listed(asked.input, [f"input.{number}" for number in range(len(asked.input))], places)


def _find_listed(uris: Sequence[str], paths: Sequence[str], places: Places) -> Inputs:
    sources, folders = [], []
    for uri, path in zip(uris, paths, strict=True):
        if is_storage(uri) and is_folder(uri):
            folders.append(places.find_folder(uri, path, is_recursive=False))
        else:
            sources.append(places.find_source(uri, path))
    return [one for one in sources if one], [one for one in folders if one]


def _find_destination(output: str | Output | None) -> tuple[str | None, str]:
    """Where results are to go, and the path of the field that says so."""
    return (output.destination, "output.destination") if isinstance(output, Output) else (output, "output")


# --- Tasks ---------------------------------------------------------------------------------------------------------


def to_accepted(job: Job) -> dict[str, Any]:
    """The answer to a request that is not waited for."""
    return {
        "id": int(job.public_id),
        "status": "ACCEPTED",
        "result_url": f"{job.dialect_data['tasks_url']}{job.public_id}",
        "created_at": to_time(job.created_at),
        "request": job.request,
    }


def to_task(job: Job, *, most: int | None = None) -> dict[str, Any]:
    """Where a task is, and what it came to. most: errors and results beyond so many are left out."""
    found = {**_head(job), "errors": list(islice(_list_errors(job), most))}
    results = islice(_list_results(job), most)
    if job.dialect_data["kind"] == BATCH:
        return {**found, "results": list(results)}
    return {**found, "result": next(results, {})}


def stream_task(job: Job) -> Iterator[str]:
    """The same as JSON, piece by piece: a batch may have any number of results."""
    yield f'{{"data": {json.dumps(_head(job))[:-1]}, "errors": ['
    yield from _join(_list_errors(job))
    yield '], "results": ['
    yield from _join(_list_results(job))
    yield "]}}"


def to_callback(job: Job, _delivery: Delivery) -> dict[str, Any]:
    """The message at the end of a task: what asking for it is answered with, up to MOST_RESULTS of a batch."""
    return {"data": to_task(job, most=MOST_RESULTS)}


def is_announced(job: Job) -> bool:
    """Whether webhooks hear of it: not of what was waited for."""
    return bool(job.dialect_data["kind"] != EDIT)


def status_of(job: Job) -> str:
    """Claid's word for where a task is. Of its seven we say the four that are explained."""
    if job.finished_at is None:
        return "ACCEPTED" if job.state == JobState.QUEUED else "PROCESSING"
    went_well = job.state == JobState.FINISHED and not job.items_failed and not job.message
    return "DONE" if went_well else "ERROR"


def to_edit(job: Job) -> dict[str, Any]:
    """The answer to a request that was waited for."""
    item = _items(job).get()
    return {"input": _to_image(item.source_facts), "output": _to_result(job, _connection_of(job), item)}


def _head(job: Job) -> dict[str, Any]:
    return {**to_accepted(job), "status": status_of(job)}


def _items(job: Job, *states: ItemState) -> QuerySet[Item]:
    """The job's items with what was made of them last, in the order of the request."""
    rows = Item.objects.filter(job=job, **({"state__in": states} if states else {})).order_by("position")
    return rows.prefetch_related(Prefetch("outputs", OutputRow.objects.filter(run=F("item__run"))))


def _list_errors(job: Job) -> Iterator[dict[str, Any]]:
    """What went wrong, once all has ended: folders that could not be read, then pictures."""
    if status_of(job) != "ERROR":
        return
    for listing in Listing.objects.filter(job=job).exclude(error_code="").order_by("pk"):
        yield _to_error(f"{listing.prefix or 'the storage'}: {listing.error_message}", listing.ended_at, None)
    for item in _items(job, ItemState.FAILED, ItemState.CANCELLED).iterator(CHUNK_ITEMS):
        yield _to_error(item.error_message, item.ended_at, item.source_facts)


def _to_error(message: str, at: datetime | None, facts: Any) -> dict[str, Any]:
    return {"error": message, "created_at": to_time(at), "input_object": _to_image(facts)}


def _list_results(job: Job) -> Iterator[dict[str, Any]]:
    """What was made, once all has ended."""
    status = status_of(job)
    keeps = job.dialect_data["kind"] == BATCH and RESULTS_BESIDE_ERRORS
    if status != "DONE" and not (status == "ERROR" and keeps):
        return
    connection = _connection_of(job)
    for item in _items(job, ItemState.DONE).iterator(CHUNK_ITEMS):
        yield {"input_object": _to_image(item.source_facts), "output_object": _to_result(job, connection, item)}


def _connection_of(job: Job) -> Connection | None:
    """The storage that the job's results went to. None for the house storage, or one that is no longer connected."""
    storage_id = Variant.model_validate(job.variants[0]).destination.storage_id
    return Connection.objects.filter(pk=storage_id).first() if storage_id else None


def _to_result(job: Job, connection: Connection | None, item: Item) -> dict[str, Any]:
    output = item.outputs.all()[0]
    form = next(form for form in formats.FORMATS if form.mime == output.mime)
    facts = {"format": form.name, "width": output.width, "height": output.height}
    return {**(_to_image(facts) or {}), **_to_place(job, connection, item, output)}


def _to_place(job: Job, connection: Connection | None, item: Item, output: OutputRow) -> dict[str, Any]:
    """Where a result lies: behind a link for a while, or in a storage for good."""
    if connection is not None:
        return _to_object(connection, output.key)
    if Variant.model_validate(job.variants[0]).destination.storage_id is not None:
        return {"object_key": output.key}
    stem = item.name.rpartition("/")[2].rpartition(".")[0] or item.name
    extension = EXTENSIONS[output.mime.removeprefix("image/")]
    link = make_link(output.key, filename=f"{stem}.{extension}", content_type=output.mime, made_at=output.created_at)
    return {"tmp_url": link}


def _to_object(connection: Connection, key: str) -> dict[str, Any]:
    uri = f"storage://{connection.name}/{key}"
    bucket = connection.parameters.get("bucket")
    if not bucket:
        return {"object_key": key, "claid_storage_uri": uri}
    whole = join_keys(connection.parameters.get("path", ""), key)
    scheme = URI_SCHEMES[connection.kind]
    place = {"object_key": whole, "object_bucket": bucket, "object_uri": f"{scheme}://{bucket}/{whole}"}
    return {**place, "claid_storage_uri": uri}


def _to_image(facts: Any) -> dict[str, Any] | None:
    """A picture as Claid describes it; None where it was never seen."""
    if not facts:
        return None
    name, width, height = facts["format"], facts["width"], facts["height"]
    return {
        "ext": name,
        "mps": width * height / PIXELS_PER_MEGAPIXEL,
        "mime": formats.get(name).mime,
        "format": name.upper(),
        "width": width,
        "height": height,
    }


def to_time(at: datetime | None) -> str | None:
    """A time as Claid writes it: with microseconds, in UTC."""
    return at.isoformat(timespec="microseconds") if at else None


def _join(parts: Iterator[dict[str, Any]]) -> Iterator[str]:
    for number, part in enumerate(parts):
        yield f"{', ' if number else ''}{json.dumps(part)}"
