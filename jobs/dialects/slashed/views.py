"""SlashedCloud's three operations."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import services
from jobs.dialect import DialectView, NoSuchPath, to_header
from jobs.dialects.slashed import wire
from jobs.dialects.slashed.auth import authenticate, check_access
from jobs.errors import MalformedRequest, UnknownJob
from jobs.models import Job, Service

PROCESS_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SlashedView(DialectView):
    """Every request carries a service's secret. Checked in this order: secret, rate, body, service, address."""

    dialect_name = "slashed"
    service: Service

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.service = authenticate(request)

    def read_body(self) -> Any:
        """The JSON body of a request to this service."""
        body = self.read_json()
        check_access(self.request, self.service, wire.read_service_number(body))
        return body

    def find_jobs(self, process_ids: Sequence[str]) -> dict[str, Job]:
        """The processes of the caller's service among these, by their ids."""
        possible = [process_id for process_id in process_ids if PROCESS_ID.fullmatch(process_id)]
        mine = Job.objects.filter(service=self.service, dialect="slashed", public_id__in=possible)
        return {job.public_id: job for job in mine}

    def answer_status(self, process_id: str) -> Response:
        """Where a process is. Raises UnknownJob."""
        check_access(self.request, self.service)
        job = self.find_jobs([process_id]).get(process_id)
        if job is None:
            raise UnknownJob("Process not found")
        reason = wire.find_reason(job)
        return Response(wire.to_status(job), headers={"x-photomill-reason": to_header(reason)} if reason else None)

    def retry(self) -> Response:
        """Run the processes that the body names again: one result for each, in the body's order."""
        process_ids, self.ignored = wire.read_retry(self.read_body())
        found = self.find_jobs(process_ids)
        results = [_retry(found.get(process_id), process_id) for process_id in process_ids]
        if found:
            return Response(results)
        return Response(results[0] if len(results) == 1 else results, status=404)


class CreateProcess(SlashedView):
    """`POST /request`: take a process. `GET /request?process_id=…` and `PUT /request` are aliases of the other two."""

    def post(self, request: Request) -> Response:
        parsed = wire.to_spec(self.read_body(), self.service)
        job = services.create_job(account=self.service.account, spec=parsed.spec)
        self.ignored = parsed.ignored
        return Response({"status": "SUCCESS", "process_id": job.public_id})

    def get(self, request: Request) -> Response:
        process_id = request.query_params.get("process_id")
        if not process_id:
            raise MalformedRequest("process_id is required", param="process_id")
        return self.answer_status(process_id)

    def put(self, request: Request) -> Response:
        return self.retry()


class GetStatus(SlashedView):
    """`GET /request/{process_id}`: where a process is."""

    def get(self, request: Request, process_id: str) -> Response:
        return self.answer_status(process_id)


class RetryProcesses(SlashedView):
    """`POST /retry`: run ended processes again."""

    def post(self, request: Request) -> Response:
        return self.retry()


class UnknownSlashedPath(NoSuchPath):
    """Anything else under SlashedCloud's paths."""

    dialect_name = "slashed"


def _retry(job: Job | None, process_id: str) -> dict[str, Any]:
    if job is None:
        return {"status": 404, "process_id": process_id, "description": "Process not found"}
    if settings.PHOTOMILL_RETRY_LIMIT and job.run > settings.PHOTOMILL_RETRY_LIMIT:
        return {"status": 400, "process_id": process_id, "description": "Process has been retried too often"}
    if not services.retry_job(job, only_failed=False):
        return {"status": 400, "process_id": process_id, "description": "Process is already being processed"}
    description = f"Reprocessing process, attempt: {job.run - 1}"
    return {"status": 200, "process_id": process_id, "description": description}
