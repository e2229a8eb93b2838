"""Every message is signed so that the specification's own library takes it, and nothing else."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from jobs import callbacks
from jobs.models import Delivery, Service
from jobs.models.deliveries import DeliveryState
from jobs.secrets import issue_signing_secret
from tests.jobs.deliveries import Clock, attempt, make_deliveries, make_delivery
from tests.jobs.making import age
from tests.jobs.receivers import Message, Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rings")]

DAY_SECONDS = 24 * 3600


@pytest.fixture
def service(service: Service) -> Service:
    """Alice's service, which has no secret to sign with yet."""
    service.signing_secrets.all().delete()
    return service


def verify(message: Message, secret: str, *, body: bytes | None = None, **headers: str) -> Any:
    """What the library reads. Raises WebhookVerificationError."""
    changed = {f"webhook-{name}": value for name, value in headers.items()}
    return Webhook(secret).verify(message.body if body is None else body, {**message.headers, **changed})


def flip(body: bytes, place: int) -> bytes:
    """The body with one bit of one byte changed, still text."""
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def count_signatures(message: Message) -> int:
    return len(message.headers.get("webhook-signature", "").split())


def test_200_messages_of_200_verify_and_not_with_a_byte_changed(service: Service, receiver: Receiver) -> None:
    secret = issue_signing_secret(service)
    deliveries = make_deliveries(service, receiver.url, 200)
    for delivery in deliveries:
        callbacks.deliver(delivery.pk)
    assert len({message.id for message in receiver.messages}) == 200
    assert not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists()
    for number, message in enumerate(receiver.messages):
        assert verify(message, secret)["status"] == "FINISHED"
        with pytest.raises(WebhookVerificationError):
            verify(message, secret, body=flip(message.body, number % len(message.body)))


def test_a_message_under_another_time_or_id_is_refused(service: Service, receiver: Receiver) -> None:
    secret = issue_signing_secret(service)
    attempt(make_delivery(service, receiver.url))
    [message] = receiver.messages
    verify(message, secret)
    for changed in ({"timestamp": str(message.timestamp + 1)}, {"id": "msg_another"}):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            verify(message, secret, **changed)


def test_a_message_that_is_replayed_later_is_refused(service: Service, receiver: Receiver, clock: Clock) -> None:
    secret = issue_signing_secret(service)
    delivery = make_delivery(service, receiver.url)
    clock.pass_time(-600)
    age(1200)
    attempt(delivery)
    [message] = receiver.messages
    with pytest.raises(WebhookVerificationError, match="too old"):
        verify(message, secret)


def test_for_a_day_after_a_change_both_secrets_sign_then_the_new_one(
    service: Service, receiver: Receiver, clock: Clock
) -> None:
    receiver.answer(500)
    old = issue_signing_secret(service)
    delivery = make_delivery(service, receiver.url)
    attempt(delivery)
    new = issue_signing_secret(service)
    clock.pass_time(60)
    attempt(delivery)
    clock.pass_time(DAY_SECONDS)
    attempt(delivery)
    before, during, after = receiver.messages
    assert [count_signatures(message) for message in receiver.messages] == [1, 2, 1]
    verify(before, old)
    with pytest.raises(WebhookVerificationError):
        verify(before, new)
    assert signs(during, old)
    assert signs(during, new)
    assert signs(after, new)
    assert not signs(after, old)


def signs(message: Message, secret: str) -> bool:
    """Whether one of the message's signatures was made with this secret, whenever that was."""
    at = message.sent_at
    return Webhook(secret).sign(message.id, at, message.body.decode()) in message.headers["webhook-signature"].split()


def test_without_a_secret_a_message_has_its_id_and_time_and_no_signature(service: Service, receiver: Receiver) -> None:
    delivery = make_delivery(service, receiver.url)
    attempt(delivery)
    [message] = receiver.messages
    assert message.id == delivery.webhook_id
    assert message.timestamp
    assert "webhook-signature" not in message.headers


def test_a_service_that_is_deleted_before_its_message_is_sent_leaves_it_unsigned(
    service: Service, receiver: Receiver
) -> None:
    issue_signing_secret(service)
    delivery = make_delivery(service, receiver.url)
    service.delete()
    attempt(delivery)
    assert delivery.state == DeliveryState.DELIVERED
    assert count_signatures(receiver.messages[0]) == 0


def test_a_secret_that_cannot_be_read_costs_no_attempt(service: Service, receiver: Receiver, settings: Any) -> None:
    issue_signing_secret(service)
    delivery = make_delivery(service, receiver.url)
    keys = settings.PHOTOMILL_ENCRYPTION_KEYS
    settings.PHOTOMILL_ENCRYPTION_KEYS = ["b3RoZXIta2V5LWZvci10ZXN0cy0wMTIzNDU2Nzg5LWI="]
    with pytest.raises(ImproperlyConfigured):
        callbacks.deliver(delivery.pk)
    settings.PHOTOMILL_ENCRYPTION_KEYS = keys
    attempt(delivery)
    assert (delivery.state, delivery.attempts_made) == (DeliveryState.DELIVERED, 1)
