"""SlashedCloud's requests into our vocabulary, and our rows into its answers. No HTTP, no writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from jobs.dialect import to_storable
from jobs.dialects.slashed.fields import Fields, read_number
from jobs.dialects.slashed.transformations import to_step
from jobs.errors import MalformedRequest
from jobs.models import Delivery, Item, Job, Service
from jobs.models import Output as OutputRow
from jobs.models.jobs import ItemState, JobState, OutputState
from jobs.spec import Destination, JobSpec, Source, Variant
from processing.base import AssetRef
from processing.formats import Output, by_extension
from processing.geometry import round_half_up
from storage import http
from storage.errors import UrlRefused

MAX_JOBS = 100
MAX_TRANSFORMATIONS = 50
MAX_RETRIED = 100
DEFAULT_QUALITY = 70
LONGEST_URL = 2048
LONGEST_NAME = 200
NO_REASON = "The process failed."


@dataclass(frozen=True)
class Parsed:
    """A request that has been read, and the paths of the fields in it that nobody reads."""

    spec: JobSpec
    ignored: Sequence[str]


def read_service_number(body: Any) -> int:
    """The number of the service that a body names. Raises MalformedRequest."""
    fields = Fields(body, "")
    number = read_number(fields.require("service_id"))
    if number is None or number < 1 or number != int(number):
        raise fields.fail("service_id", "must be a positive whole number")
    return int(number)


def to_spec(body: Any, service: Service) -> Parsed:
    """A create request. Raises MalformedRequest for the first field that breaks a rule, naming it."""
    fields = Fields(body, "")
    fields.has("service_id")
    source = fields.key("source")
    callback = _read_callback(fields)
    ignored: list[str] = []
    variants: list[Variant] = []
    for number, values in enumerate(fields.array("jobs", shortest=1, longest=MAX_JOBS)):
        variants.append(_to_variant(Fields(values, f"jobs[{number}]"), service, source, ignored))
        _refuse_twin(variants)
    ref = AssetRef(kind="storage", storage_id=service.connection_id, location=source)
    spec = JobSpec(
        dialect="slashed",
        sources=(Source(ref=ref, name=source),),
        variants=tuple(variants),
        callback_url=callback,
        service_id=service.pk,
        request=to_storable(body),
    )
    return Parsed(spec, [*fields.unread, *ignored])


def to_status(job: Job) -> dict[str, str]:
    """The answer to a status request: the two documented members and nothing else."""
    return {"status": status_of(job), "updated_at": _to_time(job.updated_at)}


def to_callback(job: Job, delivery: Delivery) -> dict[str, str]:
    """The message at the end of a run: the status with the process's id, and why where it failed."""
    if job.run != delivery.run or job.finished_at is None:
        return _to_late_callback(job, delivery)
    body = {"process_id": job.public_id, **to_status(job)}
    return {**body, "message": find_reason(job) or NO_REASON} if body["status"] == "FAILED" else body


def _to_late_callback(job: Job, delivery: Delivery) -> dict[str, str]:
    """What a run came to whose process has been sent on another run since."""
    outputs = OutputRow.objects.filter(item__job=job, run=delivery.run)
    failed = outputs.filter(state=OutputState.FAILED).order_by("variant").first()
    went_well = failed is None and outputs.count() == len(job.variants)
    status = "FINISHED" if went_well else "FAILED"
    body = {"process_id": job.public_id, "status": status, "updated_at": _to_time(delivery.created_at)}
    return body if went_well else {**body, "message": failed.error_message if failed else NO_REASON}


def status_of(job: Job) -> str:
    """SlashedCloud's word for where a job is."""
    if job.finished_at is None:
        return "PENDING" if job.state == JobState.QUEUED else "PROCESSING"
    went_well = job.state == JobState.FINISHED and not job.items_failed
    return "FINISHED" if went_well else "FAILED"


def find_reason(job: Job) -> str:
    """Why a process failed, in words, or nothing."""
    if status_of(job) != "FAILED":
        return ""
    item = Item.objects.filter(job=job, state__in=[ItemState.FAILED, ItemState.CANCELLED]).first()
    return item.error_message if item else job.message


def read_retry(body: Any) -> tuple[list[str], list[str]]:
    """The process ids of a retry request, each once, in their order, and what nobody reads of it.

    Raises MalformedRequest.
    """
    fields = Fields(body, "")
    fields.has("service_id")
    ids = fields.array("process_ids", shortest=1, longest=MAX_RETRIED)
    for number, process_id in enumerate(ids):
        if not isinstance(process_id, str):
            raise fields.fail(f"process_ids[{number}]", "must be a string")
    return list(dict.fromkeys(ids)), fields.unread


def _to_variant(fields: Fields, service: Service, source: str, ignored: list[str]) -> Variant:
    destination = fields.key("destination")
    form = by_extension(destination)
    # Without an extension of its own a result has its source's format, which only the source's name tells so early.
    expected = form or by_extension(source)
    quality = round_half_up(fields.number("quality", 0, 100, default=DEFAULT_QUALITY))
    steps = []
    for number, values in enumerate(fields.array("transformations", longest=MAX_TRANSFORMATIONS)):
        inner = Fields(values, f"{fields.path}.transformations[{number}]")
        keeps_alpha = expected is None or expected.has_alpha
        steps.append(to_step(inner, storage_id=service.connection_id, keeps_alpha=keeps_alpha))
        ignored += inner.unread
    ignored += fields.unread
    return Variant(
        name=destination[-LONGEST_NAME:],
        steps=tuple(steps),
        output=Output(format=form.name if form else None, quality=quality, profile="source"),  # type: ignore[arg-type]
        destination=Destination(storage_id=service.connection_id, key=destination),
    )


def _refuse_twin(variants: Sequence[Variant]) -> None:
    keys = [variant.destination.key for variant in variants]
    if keys[-1] in keys[:-1]:
        path = f"jobs[{len(keys) - 1}].destination"
        raise MalformedRequest(f"{path} is the destination of another job too", param=path)


def _to_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _read_callback(fields: Fields) -> str:
    if not fields.has("callback"):
        return ""
    url = fields.text("callback")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise fields.fail("callback", "must be an absolute http or https URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise fields.fail("callback", "must be an absolute http or https URL")
    if len(url) > LONGEST_URL:
        raise fields.fail("callback", f"must have at most {LONGEST_URL} characters")
    try:
        http.refuse_early(url)
    except UrlRefused as error:
        raise MalformedRequest(f"callback: {error.message}", param="callback") from None
    return url
