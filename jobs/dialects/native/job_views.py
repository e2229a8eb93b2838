"""Requests about jobs."""

import json
import re
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, TextField
from django.db.models.functions import Cast
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.plans import find_limits
from jobs import services
from jobs.dialects.native import answers, fields, shapes, wire
from jobs.dialects.native.description import LIMIT, describe, query
from jobs.dialects.native.views import NativeView
from jobs.errors import PUBLIC_ERRORS, MalformedRequest, UnknownJob
from jobs.intake import MOST_BYTES, MOST_FILES, Intake, keep_files
from jobs.models import Item, Job, Output
from jobs.models.jobs import ItemState, JobState
from jobs.uploads import Inbox, read_form
from storage.errors import Conflict
from storage.models import Connection

JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LOSS = re.compile(r"[a-z0-9_]{1,64}")
MULTIPART = "multipart/form-data"
FORM = {
    "type": "object",
    "required": ["job"],
    "properties": {
        "job": {"type": "string", "contentMediaType": "application/json", "description": "the job, as JSON has it"},
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "pictures, and ZIPs of pictures",
        },
    },
}


class Jobs(NativeView):
    """`GET` and `POST /api/jobs`."""

    known_parameters = frozenset({"limit", "after", "state", "label"})

    @describe(
        "list_jobs",
        answers={200: shapes.JobPage},
        errors=[404],
        query=[
            LIMIT,
            query("after", "id of the job that the page begins after"),
            query("state", "of this state alone", enum=JobState.values),
            query("label", "with this label alone"),
        ],
    )
    def get(self, request: Request) -> Response:
        """The account's jobs, the newest first."""
        limit = self.read_limit()
        page = list(self._filter().prefetch_related("labels").order_by("-pk")[: limit + 1])
        following = page[limit - 1].public_id if len(page) > limit else None
        return Response({"jobs": [answers.to_job(job) for job in page[:limit]], "next": following})

    @describe(
        "create_job",
        body={"application/json": fields.JobFields, MULTIPART: FORM},
        answers={201: shapes.CreatedJob},
        errors=[402, 404, 413],
    )
    def post(self, request: Request) -> Response:
        """Have sources worked on by recipes: each source by each recipe. A form may bring the sources along."""
        body, intake = self._read_request()
        asked = fields.read(fields.JobFields, body)
        try:
            job = self._create(asked, body, intake)
        except BaseException:
            intake.drop()
            raise
        return Response(
            answers.to_job(job, skipped=intake.skipped), status=201, headers={"Location": f"/api/jobs/{job.public_id}"}
        )

    def _create(self, asked: fields.JobFields, body: Any, intake: Intake) -> Job:
        account = self.caller.account
        try:
            spec = wire.to_spec(asked, account, uploads=intake.kept, body=body)
            job = services.create_job(account=account, spec=spec)
        except PUBLIC_ERRORS as error:
            raise wire.name_fields(error, asked) from None
        job.refresh_from_db()
        return job

    def _read_request(self) -> tuple[Any, Intake]:
        """The job as it was sent, and the files that came with it."""
        request = self.request._request
        if request.content_type != MULTIPART:
            return self.read_json(), Intake()
        inbox = Inbox(most_files=MOST_FILES, largest_bytes=MOST_BYTES, most_bytes=MOST_BYTES)
        read_form(request, inbox)
        unknown = [name for name in (*request.POST, *(name for name, _ in inbox.files)) if name not in ("job", "files")]
        if unknown:
            raise MalformedRequest(f"{unknown[0]!r} is no field of this form: it has job and files", param=unknown[0])
        body = _read_job(request.POST.get("job", ""))
        # What is wrong with the rest is said before anything is kept.
        fields.read(fields.JobFields, body)
        largest = find_limits(self.caller.account).max_source_bytes
        return body, keep_files([file for _, file in inbox.files], largest_bytes=largest, most=fields.MOST_SOURCES)

    def _filter(self) -> QuerySet[Job]:
        jobs = Job.objects.filter(account=self.caller.account, dialect="native")
        if after := self.read_word("after"):
            jobs = jobs.filter(pk__lt=self.find_job(after).pk)
        if state := self.read_word("state"):
            _check_choice("state", state, JobState.values)
            jobs = jobs.filter(state=state)
        if label := self.read_word("label"):
            jobs = jobs.filter(labels__label=label)
        return jobs

    def find_job(self, job_id: str) -> Job:
        return find_job(self, job_id)


class OneJob(NativeView):
    """`GET /api/jobs/{job_id}`."""

    @describe("get_job", answers={200: shapes.JobShape}, errors=[404])
    def get(self, request: Request, job_id: str) -> Response:
        """How far a job is. It costs the same however many items it has."""
        return Response(answers.to_job(find_job(self, job_id)))


class Items(NativeView):
    """`GET /api/jobs/{job_id}/items`."""

    known_parameters = frozenset({"limit", "after", "state", "loss"})

    @describe(
        "list_items",
        answers={200: shapes.ItemPage},
        errors=[404],
        query=[
            LIMIT,
            query("after", "index of the item that the page begins after", kind=OpenApiTypes.INT),
            query("state", "in this state alone", enum=ItemState.values),
            query("loss", "with a result that lost this, as `frames_dropped`; `any` for whatever it lost"),
        ],
    )
    def get(self, request: Request, job_id: str) -> Response:
        """The sources of a job in their order, each with its results."""
        job, limit = find_job(self, job_id), self.read_limit()
        after = self.read_number("after", default=0, least=0, most=2**31 - 1)
        rows = self._filter(Item.objects.filter(job=job, position__gte=after)).order_by("position")
        made = Prefetch("outputs", Output.objects.filter(run=F("item__run")).order_by("variant"))
        page = list(rows.prefetch_related(made)[: limit + 1])
        names = dict(Connection.objects.filter(account=self.caller.account).values_list("pk", "name"))
        for item in page:
            item.job = job
        following = page[limit - 1].position + 1 if len(page) > limit else None
        return Response({"items": [answers.to_item(item, names) for item in page[:limit]], "next": following})

    def _filter(self, items: QuerySet[Item]) -> QuerySet[Item]:
        if state := self.read_word("state"):
            _check_choice("state", state, ItemState.values)
            items = items.filter(state=state)
        loss = self.read_word("loss")
        return items.filter(Exists(_find_losses(loss))) if loss else items


class RetryJob(NativeView):
    """`POST /api/jobs/{job_id}/retry`."""

    @describe("retry_job", answers={202: shapes.JobShape}, errors=[404, 409])
    def post(self, request: Request, job_id: str) -> Response:
        """Work on what failed or was cancelled once more, as a new run of the job. It takes no credits."""
        job = find_job(self, job_id)
        if job.finished_at and not job.items_failed and job.state != JobState.CANCELLED:
            raise Conflict("Nothing of this job has failed.")
        if not services.retry_job(job, only_failed=True):
            raise Conflict("The job has not ended yet.")
        return Response(answers.to_job(find_job(self, job_id)), status=202)


class CancelJob(NativeView):
    """`POST /api/jobs/{job_id}/cancel`."""

    @describe("cancel_job", answers={200: shapes.JobShape}, errors=[404, 409])
    def post(self, request: Request, job_id: str) -> Response:
        """Stop a job. What has been made stays; what has not is given up."""
        if not services.cancel_job(find_job(self, job_id)):
            raise Conflict("The job has ended already.")
        return Response(answers.to_job(find_job(self, job_id)))


def find_job(view: NativeView, job_id: str) -> Job:
    """The caller's job of this id. Raises UnknownJob."""
    if not JOB_ID.fullmatch(job_id):
        raise UnknownJob("There is no such job.")
    return services.find_job(account=view.caller.account, dialect="native", public_id=job_id)


def _find_losses(loss: str) -> QuerySet[Output]:
    if not LOSS.fullmatch(loss):
        raise MalformedRequest("loss should be a word as results have it, or any", param="loss")
    outputs = Output.objects.filter(item=OuterRef("pk"), run=OuterRef("run")).exclude(report=[])
    if loss == "any":
        return outputs
    # Every database spells the list as text alike; not every one can search it.
    return outputs.annotate(text=Cast("report", TextField())).filter(text__contains=f'"code": "{loss}"')


def _check_choice(name: str, word: str, known: list[str]) -> None:
    if word not in known:
        raise MalformedRequest(f"{name} should be one of {', '.join(known)}", param=name)


def _read_job(text: str) -> Any:
    if not text:
        raise MalformedRequest("job is required", param="job")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"job is not JSON: {error}", param="job") from None
