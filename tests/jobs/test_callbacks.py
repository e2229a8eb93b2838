"""Messages at the end of a run: which are made, what they say, and what is kept of every attempt."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Account
from jobs import callbacks, engine, services
from jobs.models import Attempt, Delivery, Service
from jobs.models.deliveries import DeliveryState
from jobs.sweep import sweep
from storage.errors import UrlRefused
from tests.jobs.deliveries import Clock, Ring, assert_waits, attempt, exhaust, make_delivery
from tests.jobs.making import age, make_job
from tests.jobs.receivers import PATIENCE_SECONDS, Answer, Receiver
from tests.jobs.test_concurrency import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rings")]

PICTURE = "480x360/1.jpg"

# --- Which are made ---


def test_a_finished_job_reports_once_what_it_came_to(alice: Account, receiver: Receiver, rings: list[Ring]) -> None:
    job = make_job(alice, [PICTURE, PICTURE], callback_url=receiver.url)
    for item in job.items.all():
        assert not Delivery.objects.exists()
        engine.run_item(item.pk)
    delivery = Delivery.objects.get()
    assert rings[-1] == Ring("deliver", delivery.pk, None)
    attempt(delivery)
    assert delivery.state == DeliveryState.DELIVERED
    [message] = receiver.messages
    assert message.headers["content-type"] == "application/json"
    said = json.loads(message.body)
    assert (said["process_id"], said["status"]) == (job.public_id, "FINISHED")


def test_a_job_without_a_callback_reports_nothing(alice: Account) -> None:
    job = make_job(alice, [PICTURE])
    engine.run_item(job.items.get().pk)
    cancelled = make_job(alice, [PICTURE])
    services.cancel_job(cancelled)
    assert not Delivery.objects.exists()


def test_a_cancelled_job_reports_once(alice: Account, receiver: Receiver) -> None:
    job = make_job(alice, [PICTURE], callback_url=receiver.url)
    assert services.cancel_job(job)
    assert not services.cancel_job(job)
    engine.run_item(job.items.get().pk)
    attempt(Delivery.objects.get())
    assert json.loads(receiver.messages[0].body)["status"] == "FAILED"


def test_a_retried_job_reports_each_run_under_an_id_of_its_own(
    alice: Account, bucket: Path, receiver: Receiver
) -> None:
    job = make_job(alice, ["late.jpg"], callback_url=receiver.url)
    engine.run_item(job.items.get().pk)
    attempt(Delivery.objects.get(run=1))
    (bucket / "late.jpg").write_bytes((bucket / PICTURE).read_bytes())
    job.refresh_from_db()
    assert services.retry_job(job, only_failed=True)
    engine.run_item(job.items.get().pk)
    attempt(Delivery.objects.get(run=2))
    assert [json.loads(message.body)["status"] for message in receiver.messages] == ["FAILED", "FINISHED"]
    assert len({message.id for message in receiver.messages}) == 2


def test_64_that_make_a_run_s_delivery_at_once_make_one(alice: Account, receiver: Receiver) -> None:
    job = make_job(alice, [PICTURE], callback_url=receiver.url)
    at_once(callbacks.create_deliveries, [job.pk] * 64)
    assert Delivery.objects.filter(job=job, run=1).count() == 1


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/hook", "http://[::1]/hook", "http://2130706433/", "http://localhost/", "http://169.254.169.254/"],
)
def test_a_callback_to_an_address_that_is_not_public_is_refused_at_submission(
    alice: Account, settings: Any, url: str
) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    with pytest.raises(UrlRefused, match="PHOTOMILL_ALLOWED_NETWORKS"):
        make_job(alice, [PICTURE], callback_url=url)
    assert not alice.jobs.exists()


def test_a_callback_with_a_password_in_it_is_refused_at_submission(alice: Account) -> None:
    with pytest.raises(UrlRefused, match="password"):
        make_job(alice, [PICTURE], callback_url="https://user:sesame@shop.example/hook")
    assert not alice.jobs.exists()


# --- What is kept ---


def test_an_attempt_keeps_when_to_whom_how_long_and_what_was_answered(service: Service, receiver: Receiver) -> None:
    gate = threading.Event()
    receiver.answer(Answer(418, body=b"no\0 tea " + "é".encode() * 1000, after=gate))
    delivery = make_delivery(service, receiver.url)

    def take_its_time() -> None:
        receiver.wait_for(1)
        threading.Timer(0.05, gate.set).start()

    threading.Thread(target=take_its_time).start()
    before = timezone.now()
    attempt(delivery)
    kept = Attempt.objects.get()
    assert (kept.number, kept.status_code, kept.address, kept.error) == (1, 418, "127.0.0.1", "")
    assert before <= kept.started_at <= timezone.now()
    assert 50 <= kept.milliseconds <= (timezone.now() - before).total_seconds() * 1000 + 1
    assert kept.answer == "no tea " + "é" * 496


def test_an_answer_that_is_no_text_is_kept_as_far_as_it_can_be_read(service: Service, receiver: Receiver) -> None:
    receiver.answer(Answer(500, body=bytes(range(256))))
    attempt(make_delivery(service, receiver.url))
    kept = Attempt.objects.get().answer
    assert kept == bytes(range(1, 128)).decode() + "\ufffd" * 128


def test_a_name_that_leads_inside_is_as_unreachable_as_any(
    service: Service, receiver: Receiver, settings: Any, names: dict[str, str]
) -> None:
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    names["inside.example"] = "127.0.0.1"
    delivery = make_delivery(service, receiver.url.replace("127.0.0.1", "inside.example"))
    assert_waits(attempt(delivery), seconds=1)
    kept = Attempt.objects.get()
    assert (kept.status_code, kept.address, kept.error) == (None, "", "The address could not be reached.")
    assert receiver.messages == []


def test_the_body_stays_what_it_was_whatever_becomes_of_the_job(
    service: Service, receiver: Receiver, clock: Clock
) -> None:
    receiver.answer(500, 200)
    delivery = make_delivery(service, receiver.url)
    attempt(delivery)
    services.retry_job(delivery.job, only_failed=False)
    delivery.job.message = "changed"
    delivery.job.save()
    clock.pass_time(2)
    attempt(delivery)
    first, second = receiver.messages
    assert delivery.state == DeliveryState.DELIVERED
    assert first.body == second.body == delivery.body.encode()


def test_no_log_line_tells_what_a_target_s_query_says(
    service: Service, receiver: Receiver, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for url in (receiver.url, "http://127.0.0.1:9/hook"):
            delivery = make_delivery(service, f"{url}?token=sesame")
            attempt(delivery)
        exhaust(delivery, clock)
    assert receiver.messages[0].path == "/hook?token=sesame"
    assert "http://127.0.0.1:9/hook" in caplog.text
    assert "sesame" not in caplog.text


# --- Who makes an attempt ---


def test_of_16_workers_that_claim_one_delivery_at_once_one_sends_it(service: Service, receiver: Receiver) -> None:
    delivery = make_delivery(service, receiver.url)
    gate = threading.Barrier(16)

    def deliver(pk: int) -> None:
        with connection.execute_wrapper(meet_before_first_update(gate)):
            callbacks.deliver(pk)

    at_once(deliver, [delivery.pk] * 16)
    assert len(receiver.messages) == 1
    assert Attempt.objects.count() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts_made) == (DeliveryState.DELIVERED, 1)


def meet_before_first_update(gate: threading.Barrier) -> Callable[..., Any]:
    """For one connection: everyone has read before anyone writes."""
    met = iter([False])

    def execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and not next(met, True):
            gate.wait(PATIENCE_SECONDS)
        return execute(sql, params, many, context)

    return execute


@pytest.mark.parametrize("said_late", [200, 410, 500])
def test_a_worker_that_thaws_after_its_lease_records_nothing(
    service: Service, receiver: Receiver, rings: list[Ring], said_late: int
) -> None:
    gate = threading.Event()
    receiver.answer(Answer(said_late, after=gate), 500)
    delivery = make_delivery(service, receiver.url)
    frozen = threading.Thread(target=at_once, args=(callbacks.deliver, [delivery.pk]))
    frozen.start()
    receiver.wait_for(1)
    age(60)
    attempt(delivery)
    before = Delivery.objects.values().get(), len(rings)
    gate.set()
    frozen.join()
    assert (Delivery.objects.values().get(), len(rings)) == before
    assert [(kept.number, kept.status_code) for kept in Attempt.objects.all()] == [(2, 500)]


def test_a_message_that_was_lost_is_rung_again_by_the_sweep(
    service: Service, receiver: Receiver, rings: list[Ring], settings: Any
) -> None:
    delivery = make_delivery(service, receiver.url)
    rings.clear()
    sweep()
    assert rings == [], "it has only just been sent"
    age(settings.PHOTOMILL_CALLBACK_SECONDS + 16)
    sweep()
    assert rings == [Ring("deliver", delivery.pk, None)]


def test_a_broker_that_is_down_at_the_end_of_a_job_delays_its_report(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, rings: list[Ring]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("refused")

    with monkeypatch.context() as broken:
        broken.setattr("celery.Celery.send_task", refuse)
        delivery = make_delivery(service, receiver.url)
    assert rings == []
    monkeypatch.setattr("jobs.dispatch._quiet", {})
    sweep()
    assert rings == [Ring("deliver", delivery.pk, None)]


# --- Sent again ---


def test_a_delivered_message_can_be_sent_again_under_its_id(
    service: Service, receiver: Receiver, clock: Clock, rings: list[Ring]
) -> None:
    delivery = make_delivery(service, receiver.url)
    attempt(delivery)
    clock.pass_time(1)
    rings.clear()
    callbacks.redeliver(delivery)
    assert rings == [Ring("deliver", delivery.pk, None)]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.ended_at) == (DeliveryState.PENDING, None)
    attempt(delivery)
    first, second = receiver.messages
    assert delivery.state == DeliveryState.DELIVERED
    assert (first.id, first.body) == (second.id, second.body)
    assert first.timestamp < second.timestamp
    assert first.headers["webhook-id"] == delivery.webhook_id


def test_a_failed_message_that_is_sent_again_has_its_whole_schedule(
    service: Service, receiver: Receiver, clock: Clock
) -> None:
    receiver.answer(500)
    delivery = make_delivery(service, receiver.url)
    exhaust(delivery, clock)
    callbacks.redeliver(delivery)
    assert_waits(attempt(delivery), seconds=1)
    clock.pass_time(2)
    assert_waits(attempt(delivery), seconds=5)
    callbacks.redeliver(delivery)
    exhaust(delivery, clock)
    assert list(Attempt.objects.values_list("number", flat=True)) == list(range(1, 9 + 2 + 9 + 1))
    assert len({message.id for message in receiver.messages}) == 1


def test_what_is_sent_again_while_an_attempt_is_under_way_does_not_hear_of_that_attempt(
    service: Service, receiver: Receiver
) -> None:
    gate = threading.Event()
    receiver.answer(Answer(410, after=gate), 200)
    delivery = make_delivery(service, receiver.url)
    slow = threading.Thread(target=at_once, args=(callbacks.deliver, [delivery.pk]))
    slow.start()
    receiver.wait_for(1)
    callbacks.redeliver(delivery)
    gate.set()
    slow.join()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.PENDING
    attempt(delivery)
    assert delivery.state == DeliveryState.DELIVERED
