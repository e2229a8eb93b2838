"""Faults of the program reach the Sentry that is named, and nothing that a caller gave goes with them."""

import gzip
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from django.core.checks import run_checks
from django.test import Client

from accounts.models import Account
from jobs import engine, services
from jobs.models import Job
from project.faults import report_faults
from tests.jobs.making import make_job
from tests.stack.running import await_that, running

SECRET = "planted-secret-0123456789"
BROKEN = [{"steps": SECRET, SECRET: SECRET}]
WAIT_SECONDS = 20


@dataclass
class Sentry:
    """A server that takes reports."""

    port: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return f"http://public-key@127.0.0.1:{self.port}/7"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The event of each envelope: a line for it, then a head and a body for each thing inside."""
        return [json.loads(body.splitlines()[2]) for _, _, body in self.requests]


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    found = Sentry()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.port = server.server_port
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def reporting(sentry: Sentry, settings: Any) -> Iterator[Sentry]:
    """This process reports its faults."""
    settings.PHOTOMILL_SENTRY_DSN = sentry.dsn
    report_faults("test")
    yield sentry
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def break_job(account: Account, **more: Any) -> Job:
    """A job whose row holds what no code can read, and a secret in it."""
    job = make_job(account, ["480x360/1.jpg"], **more)
    Job.objects.filter(pk=job.pk).update(variants=BROKEN)
    return job


def await_reports(sentry: Sentry, count: int = 1) -> None:
    sentry_sdk.flush(WAIT_SECONDS)
    await_that(lambda: len(sentry.requests) >= count, seconds=WAIT_SECONDS)


@pytest.mark.django_db(transaction=True)
def test_a_crash_over_an_item_is_reported_with_the_ids_that_it_is_about(reporting: Sentry, alice: Account) -> None:
    job = break_job(alice)
    item = job.items.get()
    engine.run_item(item.pk)
    await_reports(reporting)
    (event,) = reporting.events
    assert event["tags"] == {
        "program": "test",
        "account_id": str(alice.pk),
        "job_id": job.public_id,
        "item_id": str(item.pk),
    }
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "ValidationError"
    assert {"_run", "_work"} <= {frame["function"] for frame in exception["stacktrace"]["frames"]}
    assert event["logentry"] == {"message": "item %s failed unexpectedly"}


@pytest.mark.django_db(transaction=True)
def test_a_crash_over_a_request_is_reported_with_its_id(reporting: Sentry, alice: Account, client: Client) -> None:
    job = make_job(alice, ["480x360/1.jpg"], service_id=alice.services.get().pk)
    services.cancel_job(job)
    Job.objects.filter(pk=job.pk).update(variants=5)
    body = {"service_id": 1, "process_ids": [job.public_id], SECRET: SECRET}
    headers = {"authorization": "Bearer tokA", "x-request-id": "a-request-of-mine", "cookie": f"a={SECRET}"}
    answer = client.post(f"/retry?key={SECRET}", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 500
    await_reports(reporting)
    assert {event["tags"]["request_id"] for event in reporting.events} == {"a-request-of-mine"}
    assert all(event.keys() <= ALLOWED for event in reporting.events)
    assert "TypeError" in str(reporting.events)
    assert SECRET not in str(reporting.requests)


ALLOWED = {"event_id", "timestamp", "level", "logger", "platform", "sdk", "tags", "logentry", "exception"}


@pytest.mark.django_db(transaction=True)
def test_a_report_holds_no_secret_and_nothing_that_was_not_chosen(reporting: Sentry, alice: Account) -> None:
    job = break_job(alice, callback_url=f"http://127.0.0.1/{SECRET}?{SECRET}")
    engine.run_item(job.items.get().pk)
    await_reports(reporting)
    ((path, headers, body),) = reporting.requests
    assert (path, headers["content-type"]) == ("/api/7/envelope/", "application/x-sentry-envelope")
    assert "sentry_key=public-key" in headers["x-sentry-auth"]
    assert SECRET.encode() not in body
    assert b"tokA" not in body
    assert str(Path.home()).encode() not in body
    assert reporting.events[0].keys() == ALLOWED


@pytest.mark.django_db(transaction=True)
def test_without_a_dsn_nothing_is_reported(sentry: Sentry, settings: Any, alice: Account) -> None:
    settings.PHOTOMILL_SENTRY_DSN = ""
    report_faults("test")
    assert not sentry_sdk.get_client().is_active()
    engine.run_item(break_job(alice).items.get().pk)
    sentry_sdk.flush(1)
    assert sentry.requests == []


@pytest.mark.django_db(transaction=True)
def test_a_sentry_that_is_away_costs_the_work_nothing(
    reporting: Sentry, alice: Account, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PHOTOMILL_SENTRY_DSN = "http://public-key@127.0.0.1:1/7"
    report_faults("test")
    began = time.monotonic()
    engine.run_item(break_job(alice).items.get().pk)
    assert time.monotonic() - began < 5
    sentry_sdk.flush(WAIT_SECONDS)
    assert "a fault was not reported: Unreachable" in caplog.text


@pytest.mark.parametrize(
    "dsn", ["sentry.example/1", "https://sentry.example/1", "ftp://k@sentry.example/1", "https://k@h/x"]
)
def test_a_dsn_that_is_none_stops_the_start(dsn: str, settings: Any) -> None:
    settings.PHOTOMILL_SENTRY_DSN = dsn
    assert [fault.id for fault in run_checks()] == ["jobs.E012"]


@pytest.mark.stack
def test_a_running_worker_reports_what_it_crashes_over(sentry: Sentry, tmp_path: Path) -> None:
    with running("embedded", tmp_path, PHOTOMILL_SENTRY_DSN=sentry.dsn) as stack:
        stack.instance.pause("batch")
        (stack.bucket / "1.jpg").write_bytes(b"no picture")
        job = stack.submit(keys=["1.jpg"])
        stack.change("UPDATE jobs_job SET variants = ?", json.dumps(BROKEN))
        stack.instance.resume("batch")
        stack.await_rows("SELECT items_failed FROM jobs_job", 1, seconds=60)
        await_that(lambda: bool(sentry.requests), seconds=WAIT_SECONDS)
        ((public_id, item),) = stack.rows(f"SELECT public_id, i.id FROM jobs_item i JOIN jobs_job j ON j.id = {job}")
    (event,) = sentry.events
    assert event["tags"]["job_id"] == public_id
    assert event["tags"]["item_id"] == str(item)
    assert event["tags"]["program"].startswith("batch")
    assert SECRET not in str(sentry.requests)
