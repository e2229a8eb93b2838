"""Banners: the part of a picture that a mask shows, with room around it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.credits import charge, give_back
from accounts.models import Account
from jobs import services, slots
from jobs.dialect import to_storable
from jobs.dialects.cropphoto import results
from jobs.dialects.cropphoto.banner_form import KIND, BannerForm, StatusBody, read_form_fields
from jobs.dialects.cropphoto.fields import read
from jobs.dialects.cropphoto.recipes import JOB_ID
from jobs.dialects.cropphoto.views import CropPhotoView
from jobs.errors import MalformedRequest, UnknownJob
from jobs.ids import make_uuid
from jobs.models import Delivery, Item, Job, JobLabel, Output
from jobs.models.jobs import ItemState, JobState, OutputState
from jobs.uploads import drop_uploads


class CreateBanner(CropPhotoView):
    """`POST /banners/with-mask/create`: a picture and a mask, by file or by address."""

    def post(self, request: Request) -> Response:
        account = self.caller.account
        form, self.ignored = read_form_fields(request._request, slots.limits(account))
        charge(account, 1)
        try:
            job = _create(account, form)
        except BaseException:
            give_back(account, 1)
            raise
        return Response({"job_id": job.public_id, "status": "pending", "job_labels": form.labels})


class GetBanners(CropPhotoView):
    """`POST /banners/with-mask/status`: one job by its id, or all with a label."""

    is_counted = False

    def post(self, request: Request) -> Response:
        body, self.ignored = read(StatusBody, self.read_body())
        jobs = find_jobs(self.caller.account, body)
        return Response(describe_jobs(jobs))


def _create(account: Account, form: BannerForm) -> Job:
    """The job, or nothing: what was uploaded is dropped again where there is none."""
    kept: list[Any] = []
    try:
        spec = form.to_spec(kept)
        return services.create_job(account=account, spec=spec, public_id=make_uuid())
    except BaseException:
        drop_uploads(kept)
        raise


def find_jobs(account: Account, body: StatusBody) -> list[Job]:
    """The jobs that a status request asks for, the newest first. Raises MalformedRequest or UnknownJob."""
    mine = Job.objects.filter(account=account, dialect="cropphoto", dialect_data__kind=KIND)
    if body.job_id and not body.job_labels:
        return [_find_job(mine, body.job_id)]
    if body.job_id:
        found = mine.filter(public_id=_storable(body.job_id), labels__label__in=_labels(body)).distinct().first()
        if found is None:
            raise MalformedRequest("job_id and job_labels should not both be given, unless the job has such a label")
        return [found]
    if not body.job_labels:
        raise MalformedRequest("job_id or job_labels is required", param="job_id")
    matching = mine.filter(labels__label__in=_labels(body)).distinct().order_by("-created_at", "-pk")
    return list(matching[body.start : body.start + body.limit])


def _find_job(mine: QuerySet[Job], job_id: str) -> Job:
    found = mine.filter(public_id=job_id).first() if JOB_ID.fullmatch(job_id) else None
    if found is None:
        raise UnknownJob("There is no such job.")
    return found


def _labels(body: StatusBody) -> list[str]:
    return [_storable(label) for label in body.job_labels or []]


def _storable(text: str) -> str:
    return str(to_storable(text))


def describe_jobs(jobs: Sequence[Job]) -> dict[str, Any]:
    """The status answer: jobs, and beside them the results and the errors of all of them."""
    labels: dict[int, list[str]] = {job.pk: [] for job in jobs}
    for row in JobLabel.objects.filter(job__in=jobs).order_by("pk"):
        labels[row.job_id].append(row.label)
    entries = [{"job_id": job.public_id, "status": status_of(job), "job_labels": labels[job.pk]} for job in jobs]
    done = [job for job in jobs if status_of(job) == "completed"]
    failed = [job for job in jobs if status_of(job) == "failed"]
    return {"jobs": entries, "results": _list_results(done), "error_message": _join_reasons(failed)}


def status_of(job: Job) -> str:
    """Crop.photo's word for where a banner is: with one of its sizes missing it has failed."""
    if job.finished_at is None:
        return "pending" if job.state == JobState.QUEUED else "processing"
    return "failed" if job.items_failed or job.state == JobState.CANCELLED else "completed"


def to_callback(job: Job, _delivery: Delivery) -> dict[str, Any]:
    """What is said at the end: of a banner its status answer, of other jobs how far they came."""
    return describe_jobs([job]) if job.dialect_data.get("kind") == KIND else results.to_progress(job)


def make_headers(job: Job) -> dict[str, str]:
    """The secret that the caller gave, for the receiver to check."""
    return {"X-WEBHOOK-SECRET": job.callback_secret} if job.callback_secret else {}


def _list_results(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    rows = Output.objects.filter(item__job__in=jobs, state=OutputState.STORED).select_related("item")
    found: dict[int, list[Output]] = {job.pk: [] for job in jobs}
    for row in rows.order_by("variant"):
        found[row.item.job_id].append(row)
    return [_describe_result(job, row) for job in jobs for row in found[job.pk] if row.run == job.run]


def _describe_result(job: Job, row: Output) -> dict[str, Any]:
    is_link = job.dialect_data["answers"] == "url"
    return {
        "job_id": job.public_id,
        "output_image_url": results.make_result_link(row, "banner") if is_link else "",
        "crop_coordinates": _to_fractions(row),
    }


def _to_fractions(row: Output) -> dict[str, float]:
    facts: dict[str, int] = row.item.source_facts or {}
    left, top, right, bottom = row.covers or (0, 0, 0, 0)
    return {
        "x": round(left / facts["width"], 6),
        "y": round(top / facts["height"], 6),
        "width": round((right - left) / facts["width"], 6),
        "height": round((bottom - top) / facts["height"], 6),
    }


def _join_reasons(jobs: Sequence[Job]) -> str:
    failed = Item.objects.filter(job__in=jobs, state__in=(ItemState.FAILED, ItemState.CANCELLED))
    reasons = dict(failed.order_by("-position").values_list("job_id", "error_message"))
    return "; ".join(reasons.get(job.pk) or job.message or results.NO_REASON for job in jobs)
