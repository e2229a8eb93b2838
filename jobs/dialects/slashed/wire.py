"""SlashedCloud's requests into our vocabulary, and our rows into its answers. No HTTP, no writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from jobs.dialects.slashed.fields import Fields, read_number
from jobs.dialects.slashed.transformations import to_step
from jobs.errors import MalformedRequest
from jobs.models import Delivery, Item, Job, Service
from jobs.models.jobs import ItemState, JobState
from jobs.spec import Destination, JobSpec, Source, Variant
from processing.base import AssetRef
from processing.formats import Output, by_extension
from storage import http
from storage.errors import UrlRefused

MAX_JOBS = 100
MAX_TRANSFORMATIONS = 50
MAX_RETRIED = 100
DEFAULT_QUALITY = 70
LONGEST_URL = 2048


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
        variants.append(_to_variant(Fields(values, f"jobs[{number}]"), service, variants, ignored))
    ref = AssetRef(kind="storage", storage_id=service.connection_id, location=source)
    spec = JobSpec(
        dialect="slashed",
        sources=(Source(ref=ref, name=source),),
        variants=tuple(variants),
        callback_url=callback,
        service_id=service.pk,
        request=body,
    )
    return Parsed(spec, [*fields.unread, *ignored])


def to_status(job: Job) -> dict[str, str]:
    """The answer to a status request: the two documented members and nothing else."""
    return {"status": status_of(job), "updated_at": job.updated_at.strftime("%Y-%m-%d %H:%M:%S")}


def to_callback(job: Job, _delivery: Delivery) -> dict[str, str]:
    """The message at the end of a run: the status with the process's id, and why where it failed."""
    body = {"process_id": job.public_id, **to_status(job)}
    reason = find_reason(job)
    return {**body, "message": reason} if reason else body


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


def read_retry(body: Any) -> list[str]:
    """The process ids of a retry request, each once, in their order. Raises MalformedRequest."""
    fields = Fields(body, "")
    ids = fields.array("process_ids", shortest=1, longest=MAX_RETRIED)
    for number, process_id in enumerate(ids):
        if not isinstance(process_id, str):
            raise fields.fail(f"process_ids[{number}]", "must be a string")
    return list(dict.fromkeys(ids))


def _to_variant(fields: Fields, service: Service, others: Sequence[Variant], ignored: list[str]) -> Variant:
    destination = fields.key("destination")
    if any(other.destination.key == destination for other in others):
        raise fields.fail("destination", "is the destination of another job too")
    quality = round(fields.number("quality", 0, 100, default=DEFAULT_QUALITY))
    steps = []
    for number, values in enumerate(fields.array("transformations", longest=MAX_TRANSFORMATIONS)):
        inner = Fields(values, f"{fields.path}.transformations[{number}]")
        steps.append(to_step(inner, storage_id=service.connection_id, destination=destination))
        ignored += inner.unread
    ignored += fields.unread
    form = by_extension(destination)
    return Variant(
        name=destination,
        steps=tuple(steps),
        output=Output(format=form.name if form else None, quality=quality, profile="source"),  # type: ignore[arg-type]
        destination=Destination(storage_id=service.connection_id, key=destination),
    )


def _read_callback(fields: Fields) -> str:
    if not fields.has("callback"):
        return ""
    url = fields.text("callback")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise fields.fail("callback", "must be an absolute http or https URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > LONGEST_URL:
        raise fields.fail("callback", "must be an absolute http or https URL")
    try:
        http.refuse_early(url)
    except UrlRefused as error:
        raise MalformedRequest(f"callback: {error.message}", param="callback") from None
    return url
