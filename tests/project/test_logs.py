"""What log lines say of whose work they are about, from the request to the worker."""

import io
import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import current_app
from celery.signals import before_task_publish
from django.db import connection
from django.test import Client

from accounts import trace
from accounts.models import Account
from jobs import callbacks, engine, services
from jobs.leases import Heartbeat, claim_item
from jobs.models import Delivery, Item, Job
from jobs.sweep import sweep
from jobs.tasks import run_item
from project.celery import hand_on_request, take_up_request
from project.logs import ContextFilter, JsonFormatter
from tests.jobs.making import age, make_job
from tests.jobs.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)

REQUEST = "shop-order-4711"


class Log(list[dict[str, Any]]):
    """The lines that were written, as a program reads them from stdout."""

    def of(self, logger: str, message: str) -> list[dict[str, Any]]:
        return [line for line in self if (line["logger"], line["message"]) == (logger, message)]

    def one(self, logger: str, message: str) -> dict[str, Any]:
        (line,) = self.of(logger, message)
        return line


class _Lines(io.StringIO):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def write(self, text: str) -> int:
        self._log.extend(json.loads(line) for line in text.splitlines() if line)
        return len(text)


@pytest.fixture
def log() -> Iterator[Log]:
    found = Log()
    trace.begin()
    handler = logging.StreamHandler(_Lines(found))
    handler.setFormatter(JsonFormatter())
    handler.addFilter(ContextFilter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def post(client: Client, source: str = "/480x360/1.jpg", **more: Any) -> Any:
    body = {"service_id": 1, "source": source, "jobs": [{"destination": "/out/1.jpg", "transformations": []}], **more}
    headers = {"authorization": "Bearer tokA", "x-request-id": REQUEST}
    return client.post("/request", body, content_type="application/json", headers=headers)


def run_all() -> None:
    for pk in Item.objects.values_list("pk", flat=True):
        engine.run_item(pk)


# --- requests ----------------------------------------------------------------------------------------------------


def test_a_request_is_written_down_with_its_id_account_route_and_answer(
    client: Client, alice: Account, log: Log
) -> None:
    answer = post(client)
    assert answer["x-request-id"] == REQUEST
    line = log.one("project.traffic", "answered")
    assert line["request_id"] == REQUEST
    assert line["account_id"] == alice.pk
    assert (line["dialect"], line["route"], line["method"], line["status"]) == ("slashed", "request", "POST", 200)
    assert line["milliseconds"] >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", line["time"])


def test_a_refused_request_is_written_down_too_without_what_it_sent(client: Client, alice: Account, log: Log) -> None:
    client.get("/request/process-with-a-secret-name?key=planted", headers={"authorization": "Bearer planted"})
    line = log.one("project.traffic", "answered")
    assert (line["route"], line["status"]) == ("(request|process|status)/{process_id}", 401)
    assert "account_id" not in line
    assert "planted" not in json.dumps(log)
    assert "process-with-a-secret-name" not in json.dumps(log)


def test_a_link_that_lets_somebody_in_stands_in_no_log(client: Client, log: Log) -> None:
    for path in ("/accounts/setup/planted/", "/accounts/password/set/MQ/planted/", "/files/planted", "/planted"):
        client.get(path)
    assert [line["route"] for line in log.of("project.traffic", "answered")] == [
        "accounts",
        "accounts",
        "files",
        "none",
    ]
    assert "planted" not in json.dumps(log)


def test_what_programs_ask_again_and_again_is_not_written_down(client: Client, log: Log) -> None:
    client.get("/healthz")
    assert log.of("project.traffic", "answered") == []


def test_an_id_that_could_forge_a_line_is_replaced(client: Client, log: Log) -> None:
    answer = client.get("/", headers={"x-request-id": 'a"\n{"level": "ERROR"}'})
    assert re.fullmatch(r"[0-9a-f-]{32,36}", answer["x-request-id"])
    assert log.one("project.traffic", "answered")["request_id"] == answer["x-request-id"]


def test_one_request_leaves_nothing_to_the_next(client: Client, alice: Account, log: Log) -> None:
    post(client)
    client.get("/nothing-here")
    assert "account_id" not in log.of("project.traffic", "answered")[-1]
    assert not trace.current()


# --- jobs --------------------------------------------------------------------------------------------------------


def test_the_lines_of_a_worker_carry_the_request_the_account_the_job_and_the_item(
    client: Client, alice: Account, log: Log
) -> None:
    process_id = post(client).json()["process_id"]
    made = log.one("jobs.services", "job made")
    assert (made["request_id"], made["account_id"], made["job_id"], made["items"]) == (REQUEST, alice.pk, process_id, 1)
    run_all()
    done = log.one("jobs.engine", "item done")
    item = Item.objects.get()
    assert (done["request_id"], done["account_id"], done["job_id"]) == (REQUEST, alice.pk, process_id)
    assert (done["item_id"], done["milliseconds"]) == (item.pk, item.milliseconds)


def test_an_item_that_fails_says_why_by_its_code_alone(client: Client, alice: Account, log: Log) -> None:
    post(client, source="/missing-and-secret.jpg")
    run_all()
    failed = log.one("jobs.engine", "item failed")
    assert (failed["request_id"], failed["code"]) == (REQUEST, "object_missing")
    assert "missing-and-secret" not in json.dumps(log)


def test_a_message_to_the_outside_is_written_down_without_its_address(
    client: Client, alice: Account, receiver: Receiver, log: Log
) -> None:
    post(client, callback=f"{receiver.url}?key=planted")
    run_all()
    delivery = Delivery.objects.get()
    callbacks.deliver(delivery.pk)
    sent = log.one("jobs.callbacks", "message sent")
    assert (sent["request_id"], sent["delivery_id"]) == (REQUEST, delivery.webhook_id)
    assert (sent["attempt"], sent["status"]) == (1, 200)
    assert "planted" not in json.dumps(log)


def test_a_retry_belongs_to_the_request_that_asked_for_it(client: Client, alice: Account, log: Log) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    run_all()
    with trace.bound(request_id="second"):
        services.retry_job(job, only_failed=False)
    run_all()
    assert [line.get("request_id") for line in log.of("jobs.engine", "item done")] == [None, "second"]


def test_an_item_that_the_sweep_ends_carries_the_same(alice: Account, log: Log) -> None:
    with trace.bound(request_id=REQUEST):
        make_job(alice, ["480x360/1.jpg"])
    Item.objects.update(state="running", host_losses=10, lease_until=Job.objects.get().created_at)
    age(60)
    sweep()
    failed = log.one("jobs.engine", "item failed")
    assert (failed["request_id"], failed["code"]) == (REQUEST, "worker_lost")


def test_an_item_of_another_job_does_not_take_the_id_of_the_request_that_rang_it(alice: Account, log: Log) -> None:
    make_job(alice, ["480x360/1.jpg"])
    with trace.bound(request_id="somebody else's"):
        run_all()
    assert "request_id" not in log.one("jobs.engine", "item done")


def test_a_lease_that_cannot_be_renewed_is_said_with_the_ids(alice: Account, log: Log, settings: Any) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    item = claim_item(job.items.get().pk)
    assert item is not None
    settings.PHOTOMILL_LEASE_SECONDS = 0.03
    with trace.bound(**item.job.trace, item_id=item.pk), hidden_table("jobs_item"), Heartbeat(item, seconds=10):
        deadline = time.monotonic() + 20
        while not (found := [line for line in log if line["logger"] == "jobs.leases"]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert found[0]["message"].rpartition(": ")[0].endswith("lease not renewed")
    assert (found[0]["account_id"], found[0]["job_id"], found[0]["item_id"]) == (alice.pk, job.public_id, item.pk)


@contextmanager
def hidden_table(name: str) -> Iterator[None]:
    """A database that fails whoever asks for this table."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO hidden")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE hidden RENAME TO {name}")


# --- messages ----------------------------------------------------------------------------------------------------


def test_a_message_carries_the_id_of_the_request_that_sent_it(rung_headers: list[dict[str, Any]]) -> None:
    with trace.bound(request_id=REQUEST):
        current_app.send_task("send_reset_link", args=["x"], retry=False)
    current_app.send_task("send_reset_link", args=["x"], retry=False)
    assert [headers.get("request_id") for headers in rung_headers] == [REQUEST, None]


@pytest.fixture
def rung_headers() -> Iterator[list[dict[str, Any]]]:
    """The headers of what goes into the broker, which lies in memory here."""
    found: list[dict[str, Any]] = []

    def keep(headers: dict[str, Any], **_: Any) -> None:
        found.append(headers)

    assert hand_on_request in [receiver for _, receiver in before_task_publish.receivers]
    before_task_publish.connect(keep)
    yield found
    before_task_publish.disconnect(keep)


def test_a_task_takes_the_id_up_and_drops_what_was_before(log: Log) -> None:
    trace.note(item_id=1, request_id="before")
    run_item.push_request(request_id=REQUEST)
    try:
        take_up_request(task=run_item)
    finally:
        run_item.pop_request()
    assert dict(trace.current()) == {"request_id": REQUEST}
    trace.begin()
