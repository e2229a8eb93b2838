"""Requests to SlashedCloud's API, and what is expected of its answers."""

import json
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from jobs import engine
from jobs.models import Delivery, Item, Job, JobLabel, Output

JSON = "application/json"
TOO_LARGE = "<1e999>"
TOO_SMALL = "<-1e999>"
"""Stand for numbers that JSON can spell and Python's encoder cannot."""

PHOTO = "/480x360/1.jpg"
PROCESS_ID = re.compile(r"[A-Za-z0-9_-]{21}")


def call(
    client: Client, method: str, path: str, body: Any = None, *, token: str | None = "tokA", **options: Any
) -> HttpResponse:
    """One request. body: bytes as they are, anything else as JSON. options: `content_type`, `headers`, WSGI's own."""
    data = body if isinstance(body, bytes) else b"" if body is None else dump(body)
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    headers |= options.pop("headers", {})
    options = {"content_type": JSON, **options}
    return client.generic(method, path, data, headers=headers, **options)  # type: ignore[return-value]


def post(client: Client, path: str, body: Any = None, **options: Any) -> HttpResponse:
    return call(client, "POST", path, body, **options)


def get(client: Client, path: str, **options: Any) -> HttpResponse:
    return call(client, "GET", path, **options)


def dump(body: Any) -> bytes:
    """The body as JSON, with the numbers that cannot be written otherwise."""
    text = json.dumps(body)
    for word in (TOO_LARGE, TOO_SMALL):
        text = text.replace(f'"{word}"', word.strip("<>"))
    return text.encode()


def request_of(*transformations: Any, destination: str = "/out/1.png", **more: Any) -> dict[str, Any]:
    """A create request of one job. more: members of the request, in place of these."""
    job = {"destination": destination, "transformations": list(transformations)}
    return {"service_id": 1, "source": PHOTO, "jobs": [job], **more}


def create(client: Client, *transformations: Any, **more: Any) -> Job:
    """A process that was taken."""
    return taken(post(client, "/request", request_of(*transformations, **more)))


def taken(answer: HttpResponse) -> Job:
    """The process that an answer says was taken."""
    assert answer.status_code == 200, answer.content
    body = json.loads(answer.content)
    assert set(body) == {"status", "process_id"}
    assert body["status"] == "SUCCESS"
    assert PROCESS_ID.fullmatch(body["process_id"])
    return Job.objects.get(public_id=body["process_id"])


def run(job: Job) -> Job:
    """Do the job's items here and now."""
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    return job


def message(answer: HttpResponse, status: int) -> str:
    """The message of an error, which has nothing beside it."""
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == JSON
    body = json.loads(answer.content)
    assert list(body) == ["message"], body
    assert isinstance(body["message"], str)
    assert body["message"]
    return body["message"]


def refusal(answer: HttpResponse, status: int = 400) -> str:
    """The message of a request that was refused and left nothing behind."""
    assert count_rows() == 0
    return message(answer, status)


def count_rows() -> int:
    """How many rows a job has made, whatever they are."""
    return sum(model.objects.count() for model in (Job, Item, JobLabel, Output, Delivery))


class Clock:
    """Says what time it is, as the module `time` does."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now
