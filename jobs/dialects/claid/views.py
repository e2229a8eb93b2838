"""Claid's requests to edit pictures: waited for, not waited for, many at once, and with a file."""

import json
from contextlib import ExitStack
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import Caller
from accounts.plans import find_limits
from jobs import services, waiting
from jobs.dialect import DialectView, NoSuchPath
from jobs.dialects.claid import wire
from jobs.dialects.claid.auth import own_words
from jobs.dialects.claid.differences import NEW
from jobs.dialects.claid.errors import UNKNOWN_TASK, InvalidRequest, fault_of
from jobs.dialects.claid.places import clean_name
from jobs.dialects.claid.schemas.base import Fields, parse
from jobs.dialects.claid.schemas.edits import Batch, Edit, parse_batch, parse_edit, parse_upload
from jobs.errors import MalformedRequest, UnknownJob
from jobs.models import Item, Job
from jobs.spec import JobSpec, Source
from jobs.uploads import Inbox, drop_uploads, keep_upload, read_form

FIELDS = ("file", "data")
MULTIPART = "multipart/form-data"


class ClaidView(DialectView):
    """A view for a caller with the scope. prefix: the one that the request came by."""

    dialect_name = "claid"
    prefix: str = NEW
    scope: ClassVar[str] = "image_editing"
    is_counted = False
    caller: Caller

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        with own_words():
            self.caller = self.find_caller()
            self.caller.require(self.scope)


class TaskId(Fields):
    """What stands in the path."""

    task_id: int


class WaitingView(ClaidView):
    """A view whose callers wait for a worker."""

    is_counted = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        waiting.check_place()
        super().initial(request, *args, **kwargs)

    def run(self, spec: JobSpec) -> Response:
        """The finished edit. Where it fails, nothing is kept or charged."""
        with ExitStack() as undo:
            with own_words():
                job = waiting.run_now(account=self.caller.account, spec=spec)
            undo.callback(waiting.drop_results, job)
            item = Item.objects.get(job=job)
            if item.error_code:
                raise fault_of(item)
            answer = {"data": wire.to_edit(job)}
            undo.pop_all()
        return Response(answer)


class EditImage(WaitingView):
    """`POST /image/edit`: one picture, edited while the caller waits."""

    def post(self, request: Request) -> Response:
        body = self.read_json()
        asked = parse_edit(body, self.prefix)
        return self.run(wire.to_spec(asked, self.caller.account, kind=wire.EDIT, body=body))


class UploadImage(WaitingView):
    """`POST /image/edit/upload`: a picture that comes with the request, edited while the caller waits."""

    def post(self, request: Request) -> Response:
        file, body = self._read_parts()
        asked = parse_upload(body, self.prefix)
        name = clean_name(file.name or "")
        ref = keep_upload(file.read(), mime=file.content_type or "application/octet-stream")
        try:
            upload = Source(ref=ref, name=name)
            return self.run(wire.to_spec(asked, self.caller.account, kind=wire.EDIT, upload=upload, body=body))
        finally:
            drop_uploads([ref])

    def _read_parts(self) -> tuple[UploadedFile, Any]:
        """The file, and what is to be done with it. Raises InvalidRequest, or MalformedRequest for what is no JSON."""
        largest = find_limits(self.caller.account).max_source_bytes
        inbox = Inbox(most_files=len(FIELDS), largest_bytes=largest, most_bytes=largest)
        request = self.request._request
        if request.content_type == MULTIPART:
            read_form(request, inbox)
        files = dict(inbox.files)
        # A page may send the JSON as a file, for that is how it can say of which type it is.
        texts = {**request.POST.dict(), **({"data": files.pop("data").read()} if "data" in files else {})}
        faults = {name: ["extra fields not permitted"] for name in (*files, *texts) if name not in FIELDS}
        faults |= {} if "data" in texts else {"data": ["field required"]}
        if "file" not in files:
            faults["file"] = ["a file is expected, not a text" if "file" in texts else "field required"]
        if faults:
            raise InvalidRequest(faults)
        return files["file"], _read_text(texts["data"])


class TaskView(ClaidView):
    """Tasks of one kind: made, and asked for by their number."""

    kind: ClassVar[str]

    def create(self, spec: JobSpec) -> Response:
        """The answer to a task that was taken."""
        with own_words(), transaction.atomic():
            job = services.create_job(account=self.caller.account, spec=spec)
            job.public_id = str(job.pk)
            job.save(update_fields=["public_id"])
        job.refresh_from_db()
        return Response({"data": wire.to_accepted(job)})

    def find(self, task_id: str) -> Job:
        """The caller's task of this number. Raises InvalidRequest or UnknownJob."""
        number = parse(TaskId, {"task_id": task_id}).task_id
        try:
            job = services.find_job(account=self.caller.account, dialect="claid", public_id=str(number))
        except UnknownJob:
            raise UnknownJob(UNKNOWN_TASK) from None
        if job.dialect_data["kind"] != self.kind:
            raise UnknownJob(UNKNOWN_TASK)
        return job

    def to_spec(self, asked: Edit | Batch, body: Any) -> JobSpec:
        """The job of a task. It is asked for by the scheme and the host that the request came by."""
        tasks_url = self.request._request.build_absolute_uri(f"/{self.prefix}/image/edit/{self.kind}/")
        return wire.to_spec(asked, self.caller.account, kind=self.kind, body=body, tasks_url=tasks_url)


class EditImageLater(TaskView):
    """`POST /image/edit/async`: one picture, not waited for."""

    kind = wire.ASYNC
    is_counted = True

    def post(self, request: Request) -> Response:
        body = self.read_json()
        asked = parse_edit(body, self.prefix)
        return self.create(self.to_spec(asked, body))


class GetEdit(TaskView):
    """`GET /image/edit/async/{task_id}`: what became of it."""

    kind = wire.ASYNC

    def get(self, request: Request, task_id: str) -> Response:
        return Response({"data": wire.to_task(self.find(task_id))})


class EditBatch(TaskView):
    """`POST /image/edit/batch`: many pictures, not waited for."""

    kind = wire.BATCH
    is_counted = True

    def post(self, request: Request) -> Response:
        body = self.read_json()
        return self.create(self.to_spec(parse_batch(body, self.prefix), body))


class GetBatch(TaskView):
    """`GET /image/edit/batch/{task_id}`: what became of them, in pieces where they are many."""

    kind = wire.BATCH

    def get(self, request: Request, task_id: str) -> Response | StreamingHttpResponse:
        job = self.find(task_id)
        if job.items_total > wire.CHUNK_ITEMS:
            return StreamingHttpResponse(wire.stream_task(job), content_type="application/json")
        return Response({"data": wire.to_task(job)})


class UnknownClaidPath(NoSuchPath):
    """Anything else under Claid's paths."""

    dialect_name = "claid"
    prefix: str = NEW


def _read_text(data: str | bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(f"data is not JSON: {error}", param="data") from None
