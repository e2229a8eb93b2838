"""Webhooks of accounts: which jobs they hear of, what they are told, and how it is signed."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from standardwebhooks import Webhook

from accounts.models import Account
from accounts.signing import make_signing_secret
from jobs import callbacks, engine, services
from jobs.models import AccountWebhook, Delivery, Job
from jobs.models.deliveries import DeliveryState
from jobs.webhooks import delete_webhook, issue_secret
from tests.jobs.deliveries import Ring, attempt
from tests.jobs.making import make_job
from tests.jobs.receivers import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rings")]

PICTURE = "480x360/1.jpg"
BOTH = ["job.finished", "job.failed"]


def connect(account: Account, url: str, **more: object) -> AccountWebhook:
    hook = AccountWebhook(account=account, url=url, **{"events": BOTH, **more})
    hook.full_clean()
    hook.save()
    return hook


def run(job: Job) -> Job:
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    return job


def test_a_webhook_hears_of_a_job_without_a_callback(alice: Account, receiver: Receiver, rings: list[Ring]) -> None:
    hook = connect(alice, receiver.url)
    job = run(make_job(alice, [PICTURE]))
    delivery = Delivery.objects.get()
    assert (delivery.job, delivery.target, delivery.account_webhook) == (job, receiver.url, hook)
    assert rings[-1] == Ring("deliver", delivery.pk, None)
    attempt(delivery)
    assert delivery.state == DeliveryState.DELIVERED
    said = json.loads(receiver.messages[0].body)
    assert (said["process_id"], said["status"]) == (job.public_id, "FINISHED")


def test_a_callback_and_each_webhook_are_told_once(alice: Account, receiver: Receiver) -> None:
    for end in ("/1", "/2"):
        connect(alice, receiver.url + end)
    run(make_job(alice, [PICTURE, PICTURE], callback_url=receiver.url))
    targets = sorted(Delivery.objects.values_list("target", flat=True))
    assert targets == [receiver.url, f"{receiver.url}/1", f"{receiver.url}/2"]


def test_a_webhook_at_the_callback_s_address_is_not_told_twice(alice: Account, receiver: Receiver) -> None:
    connect(alice, receiver.url)
    run(make_job(alice, [PICTURE], callback_url=receiver.url))
    assert Delivery.objects.get().account_webhook is None


@pytest.mark.parametrize(
    ("event", "keys", "told"),
    [
        ("job.finished", [PICTURE], True),
        ("job.failed", [PICTURE], False),
        ("job.finished", [PICTURE, "missing.jpg"], False),
        ("job.failed", [PICTURE, "missing.jpg"], True),
    ],
)
def test_a_webhook_hears_what_it_asked_for(
    alice: Account, receiver: Receiver, event: str, keys: list[str], told: bool
) -> None:
    connect(alice, receiver.url, events=[event])
    run(make_job(alice, keys))
    assert Delivery.objects.exists() == told


def test_a_cancelled_job_has_failed(alice: Account, receiver: Receiver) -> None:
    connect(alice, receiver.url, events=["job.failed"])
    assert services.cancel_job(make_job(alice, [PICTURE]))
    assert Delivery.objects.count() == 1


def test_another_account_s_webhooks_and_those_turned_off_hear_nothing(alice: Account, receiver: Receiver) -> None:
    connect(Account.objects.create(name="bob"), receiver.url)
    connect(alice, receiver.url, is_enabled=False)
    run(make_job(alice, [PICTURE]))
    assert not Delivery.objects.exists()


def test_a_second_run_is_told_again(alice: Account, receiver: Receiver) -> None:
    connect(alice, receiver.url)
    job = run(make_job(alice, [PICTURE]))
    assert services.retry_job(job, only_failed=False)
    run(job)
    assert sorted(Delivery.objects.values_list("run", flat=True)) == [1, 2]


# --- Signatures ----------------------------------------------------------------------------------------------------


def deliver(account: Account, receiver: Receiver, secret: str | None) -> dict[str, str]:
    """The headers of a message to a webhook with this secret, whose body is then checked against them."""
    hook = connect(account, receiver.url)
    if secret:
        issue_secret(hook, secret)
    run(make_job(account, [PICTURE]))
    attempt(Delivery.objects.get())
    [message] = receiver.messages
    if secret:
        expected = hmac.new(secret.encode(), message.body, hashlib.sha256).hexdigest()
        assert message.headers["x-claid-hmac-sha256"] == expected
        wrong = hmac.new(secret.encode(), message.body + b" ", hashlib.sha256).hexdigest()
        assert message.headers["x-claid-hmac-sha256"] != wrong
    return {**message.headers, "body": message.body.decode()}


def test_a_message_is_signed_in_both_ways(alice: Account, receiver: Receiver) -> None:
    secret = make_signing_secret()
    headers = deliver(alice, receiver, secret)
    assert Webhook(secret).verify(headers.pop("body"), headers)


def test_a_secret_of_another_form_signs_in_one_way(alice: Account, receiver: Receiver) -> None:
    headers = deliver(alice, receiver, "word-of-the-receiver")
    assert "webhook-signature" not in headers
    assert headers["webhook-id"].startswith("msg_")


def test_without_a_secret_nothing_is_signed(alice: Account, receiver: Receiver) -> None:
    headers = deliver(alice, receiver, None)
    assert {"webhook-signature", "x-claid-hmac-sha256"} & headers.keys() == set()
    assert int(headers["webhook-timestamp"]) > 0


def test_a_message_says_the_same_on_every_attempt(alice: Account, receiver: Receiver) -> None:
    issue_secret(connect(alice, receiver.url), "word-of-the-receiver")
    receiver.answer(500, 200)
    job = run(make_job(alice, [PICTURE]))
    delivery = Delivery.objects.get()
    attempt(delivery)
    Job.objects.filter(pk=job.pk).update(public_id="another")
    Delivery.objects.update(next_at=delivery.created_at)
    attempt(delivery)
    first, second = receiver.messages
    assert first.body == second.body
    assert first.headers["x-claid-hmac-sha256"] == second.headers["x-claid-hmac-sha256"]
    assert first.id == second.id


def test_a_secret_is_kept_encrypted(alice: Account) -> None:
    hook = connect(alice, "https://shop.example/hook")
    assert issue_secret(hook, "word-of-the-receiver") == "word-of-the-receiver"
    assert (AccountWebhook.objects.get().secret, hook.last_four) == ("word-of-the-receiver", "iver")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM jobs_accountwebhook")
        assert "receiver" not in cursor.fetchone()[0]
    made = issue_secret(hook)
    assert made.startswith("whsec_")
    assert AccountWebhook.objects.get().secret == made


# --- What is refused, turned off and removed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("url", url)
            for url in ("", "ftp://shop.example/", "shop.example", "http://10.0.0.1/", "https://u:p@a.example/")
        ),
        *(("events", events) for events in ([], ["job.started"], "job.finished", None, [["job.finished"]])),
    ],
)
def test_what_cannot_be_a_webhook_is_refused(alice: Account, field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        connect(alice, **{"url": "https://shop.example/hook", field: value})  # type: ignore[arg-type]
    assert field in caught.value.message_dict


@pytest.mark.parametrize("secret", ["abc", "with space", "ümlaut"])
def test_a_secret_that_fits_no_header_is_refused(alice: Account, secret: str) -> None:
    with pytest.raises(ValidationError):
        issue_secret(connect(alice, "https://shop.example/hook"), secret)
    assert AccountWebhook.objects.get().secret is None


def test_an_address_is_connected_once(alice: Account) -> None:
    connect(alice, "https://shop.example/hook")
    with pytest.raises(ValidationError, match="already exists"):
        connect(alice, "https://shop.example/hook")


def test_what_a_webhook_has_not_been_told_when_it_is_turned_off_is_not_sent(alice: Account, receiver: Receiver) -> None:
    hook = connect(alice, receiver.url)
    run(make_job(alice, [PICTURE]))
    AccountWebhook.objects.filter(pk=hook.pk).update(is_enabled=False)
    callbacks.deliver(Delivery.objects.get().pk)
    assert (Delivery.objects.get().state, receiver.messages) == (DeliveryState.FAILED, [])


def test_what_a_webhook_was_told_stays_on_record_when_it_is_removed(
    alice: Account, bucket: Path, receiver: Receiver
) -> None:
    hook = connect(alice, receiver.url)
    run(make_job(alice, [PICTURE]))
    attempt(Delivery.objects.get())
    run(make_job(alice, [PICTURE]))
    delete_webhook(hook)
    for delivery in Delivery.objects.all():
        callbacks.deliver(delivery.pk)
    states = sorted(Delivery.objects.values_list("state", flat=True))
    assert (states, len(receiver.messages)) == ([DeliveryState.DELIVERED, DeliveryState.FAILED], 1)
