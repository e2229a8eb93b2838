"""The message at the end of a process, as a client's own server gets it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from accounts.signing import make_signing_secret
from jobs import callbacks, services
from jobs.models import Delivery, Job, Service
from jobs.models.deliveries import DeliveryState
from jobs.secrets import issue_signing_secret
from tests.dialects.slashed.calls import create, get, run
from tests.dialects.slashed.hooks import Hook, listening

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

OUTSIDE = {"type": "crop", "width": 10, "height": 10, "xoffset": 5000, "fit": False, "gravity": "northwest"}


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as server:
        yield server


def deliver(job: Job) -> Delivery:
    """Make an attempt at the job's newest message."""
    delivery = Delivery.objects.filter(job=job).latest("run")
    Delivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now() - timedelta(seconds=1))
    callbacks.deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def ended(client: Client, hook: Hook, *transformations: Any, **more: Any) -> Job:
    return run(create(client, *transformations, callback=f"{hook.url}/done", **more))


def bodies(hook: Hook) -> list[Any]:
    return [json.loads(message.body) for message in hook.got]


# --- What it says --------------------------------------------------------------------------------------------------


def test_a_finished_process_is_told_by_its_id_and_its_status(client: Client, hook: Hook) -> None:
    job = ended(client, hook)
    assert deliver(job).state == DeliveryState.DELIVERED
    status = get(client, f"/request/{job.public_id}").json()
    assert bodies(hook) == [{"process_id": job.public_id, "status": "FINISHED", "updated_at": status["updated_at"]}]


def test_a_failed_process_is_told_with_its_reason(client: Client, hook: Hook) -> None:
    job = ended(client, hook, source="/broken.jpg")
    deliver(job)
    status = get(client, f"/request/{job.public_id}")
    reason = status.headers["x-photomill-reason"]
    assert bodies(hook) == [{"process_id": job.public_id, **status.json(), "message": reason}]
    assert status.json()["status"] == "FAILED"


def test_one_failed_output_is_told_as_a_failed_process(client: Client, hook: Hook) -> None:
    jobs = [{"destination": "/a.png"}, {"destination": "/b.png", "transformations": [OUTSIDE]}]
    deliver(ended(client, hook, jobs=jobs))
    assert [(body["status"], bool(body["message"])) for body in bodies(hook)] == [("FAILED", True)]


def test_a_cancelled_process_is_told_as_a_failed_one(client: Client, hook: Hook) -> None:
    job = create(client, callback=hook.url)
    services.cancel_job(job)
    deliver(job)
    assert [(body["status"], body["message"]) for body in bodies(hook)] == [("FAILED", "The job was cancelled.")]


def test_it_is_posted_as_json_to_the_url_as_it_was_given(client: Client, hook: Hook) -> None:
    deliver(run(create(client, callback=f"{hook.url}/a/b%20c?d=e&f=%2F")))
    (message,) = hook.got
    assert (message.method, message.path) == ("POST", "/a/b%20c?d=e&f=%2F")
    assert message.headers["content-type"] == "application/json"


def test_a_process_without_a_callback_tells_nobody(client: Client) -> None:
    job = run(create(client))
    assert not Delivery.objects.filter(job=job).exists()


# --- Whose it is ---------------------------------------------------------------------------------------------------


def test_it_is_signed_with_the_service_s_secret(client: Client, hook: Hook, service: Service) -> None:
    secret = issue_signing_secret(service)
    job = ended(client, hook)
    deliver(job)
    (message,) = hook.got
    assert Webhook(secret).verify(message.body, message.headers)["process_id"] == job.public_id
    with pytest.raises(WebhookVerificationError):
        Webhook(make_signing_secret()).verify(message.body, message.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(message.body.replace(b"FINISHED", b"FAILED"), message.headers)


def test_during_a_rotation_both_secrets_verify_it(client: Client, hook: Hook, service: Service) -> None:
    secrets = [issue_signing_secret(service), issue_signing_secret(service)]
    deliver(ended(client, hook))
    (message,) = hook.got
    for secret in secrets:
        assert Webhook(secret).verify(message.body, message.headers)


def test_each_attempt_has_one_id_one_body_and_a_signature_of_its_own_time(
    client: Client, hook: Hook, service: Service
) -> None:
    secret = issue_signing_secret(service)
    job = ended(client, hook)
    hook.status = 500
    deliver(job)
    hook.status = 200
    assert deliver(job).state == DeliveryState.DELIVERED
    first, second = hook.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    for message in hook.got:
        assert Webhook(secret).verify(message.body, message.headers)


# --- What becomes of it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_receipt(client: Client, hook: Hook, status: int) -> None:
    hook.status = status
    assert deliver(ended(client, hook)).state == DeliveryState.DELIVERED


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
def test_anything_else_is_tried_again_and_leaves_the_process_as_it_is(client: Client, hook: Hook, status: int) -> None:
    job = ended(client, hook)
    before = get(client, f"/request/{job.public_id}").content
    hook.status = status
    delivery = deliver(job)
    assert delivery.state == DeliveryState.PENDING
    assert delivery.next_at > timezone.now()
    assert get(client, f"/request/{job.public_id}").content == before


def test_a_redirect_is_not_followed(client: Client, hook: Hook) -> None:
    with listening() as other:
        hook.status, hook.headers = 307, {"location": other.url}
        deliver(ended(client, hook))
        assert other.got == []
    assert len(hook.got) == 1


def test_a_private_address_is_not_called_when_it_is_no_longer_allowed(
    client: Client, hook: Hook, settings: Settings
) -> None:
    job = ended(client, hook)
    settings.PHOTOMILL_ALLOWED_NETWORKS = []
    delivery = deliver(job)
    assert hook.got == []
    assert delivery.attempts.get().error


def test_it_is_sent_once_for_each_attempt_at_the_process(client: Client, hook: Hook) -> None:
    job = ended(client, hook)
    deliver(job)
    assert services.retry_job(job, only_failed=False)
    deliver(run(job))
    callbacks.deliver(Delivery.objects.latest("run").pk)
    assert [body["status"] for body in bodies(hook)] == ["FINISHED", "FINISHED"]
    assert len({message.headers["webhook-id"] for message in hook.got}) == 2


# --- A process that runs again before its message is out -----------------------------------------------------------


def seconds_ago(stamp: str) -> float:
    return (datetime.now(UTC) - datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)).total_seconds()


def test_a_late_message_says_what_its_own_run_came_to(client: Client, hook: Hook) -> None:
    job = ended(client, hook)
    assert services.retry_job(job, only_failed=False)
    deliver(job)
    (body,) = bodies(hook)
    assert (body["process_id"], body["status"]) == (job.public_id, "FINISHED")
    assert set(body) == {"process_id", "status", "updated_at"}
    assert -1 <= seconds_ago(body["updated_at"]) < 60


def test_a_late_message_of_a_failed_output_has_its_reason(client: Client, hook: Hook) -> None:
    jobs = [{"destination": "/a.png"}, {"destination": "/b.png", "transformations": [OUTSIDE]}]
    job = ended(client, hook, jobs=jobs)
    reason = get(client, f"/request/{job.public_id}").headers["x-photomill-reason"]
    assert services.retry_job(job, only_failed=False)
    deliver(job)
    assert [(body["status"], body["message"]) for body in bodies(hook)] == [("FAILED", reason)]


def test_a_late_message_of_a_source_that_could_not_be_read_says_failed(client: Client, hook: Hook) -> None:
    job = ended(client, hook, source="/broken.jpg")
    assert services.retry_job(job, only_failed=False)
    deliver(job)
    assert [(body["status"], bool(body["message"])) for body in bodies(hook)] == [("FAILED", True)]
