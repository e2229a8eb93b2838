"""Signatures as the Standard Webhooks specification has them; its own library is the judge."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from accounts.signing import SECRET_PREFIX, check_signing_secret, make_signing_secret, sign

BODY = '{"name": "Übergröße ✓", "value": 1.50}'.encode()


def now() -> datetime:
    return datetime.now(tz=UTC)


def secret_of(size_bytes: int) -> str:
    return SECRET_PREFIX + base64.b64encode(bytes(range(size_bytes))).decode()


def test_the_vector_that_the_published_libraries_share() -> None:
    headers = sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        at=datetime.fromtimestamp(1614265330, tz=UTC),
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_new_secret_signs_what_the_library_takes() -> None:
    secret = make_signing_secret()
    Webhook(secret).verify(BODY, sign("msg_1", body=BODY, at=now(), secrets=[secret]))


def test_secrets_are_random() -> None:
    assert len({make_signing_secret() for _ in range(100)}) == 100


@pytest.mark.parametrize("hours", [-11, 0, 5.75, 14])
def test_a_signature_holds_in_whatever_zone_the_time_is_given(hours: float) -> None:
    at = now().astimezone(timezone(timedelta(hours=hours)))
    secret = make_signing_secret()
    headers = sign("msg_1", body=BODY, at=at, secrets=[secret])
    assert headers["webhook-timestamp"] == str(int(at.timestamp()))
    Webhook(secret).verify(BODY, headers)


def test_each_live_secret_signs_and_verifies_alone() -> None:
    secrets = [make_signing_secret(), make_signing_secret()]
    headers = sign("msg_1", body=BODY, at=now(), secrets=iter(secrets))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in secrets:
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError, match="signature"):
        Webhook(make_signing_secret()).verify(BODY, headers)


def test_without_a_secret_there_is_an_id_and_a_time_and_no_signature() -> None:
    assert set(sign("msg_1", body=BODY, at=now(), secrets=[])) == {"webhook-id", "webhook-timestamp"}


@pytest.mark.parametrize("changed", ["id", "timestamp", "body", "secret"])
def test_a_signature_is_over_the_id_the_time_and_the_body(changed: str) -> None:
    secret = make_signing_secret()
    headers = sign("msg_1", body=BODY, at=now(), secrets=[secret])
    if changed in ("id", "timestamp"):
        headers[f"webhook-{changed}"] = {"id": "msg_2", "timestamp": str(int(headers["webhook-timestamp"]) - 1)}[
            changed
        ]
    body = BODY + b" " if changed == "body" else BODY
    webhook = Webhook(make_signing_secret() if changed == "secret" else secret)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        webhook.verify(body, headers)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_from_another_time_is_refused_by_the_library(minutes: float) -> None:
    secret = make_signing_secret()
    headers = sign("msg_1", body=BODY, at=now() + timedelta(minutes=minutes), secrets=[secret])
    with pytest.raises(WebhookVerificationError, match=r"too (old|new)"):
        Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize("secret", [make_signing_secret(), secret_of(24), secret_of(32), secret_of(64)])
def test_a_secret_of_24_to_64_bytes_may_be_brought_along(secret: str) -> None:
    assert check_signing_secret(secret) is None


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ("", "must begin with whsec_"),
        (secret_of(32).removeprefix(SECRET_PREFIX), "must begin with whsec_"),
        (secret_of(32).upper(), "must begin with whsec_"),
        (secret_of(23), "must hold 24 to 64 bytes"),
        (secret_of(65), "must hold 24 to 64 bytes"),
        (SECRET_PREFIX, "must hold 24 to 64 bytes"),
        (f"{secret_of(32)}\n", "must be base64"),
        (secret_of(32).rstrip("="), "must be base64"),
        (SECRET_PREFIX + "ü" * 32, "must be base64"),
        (SECRET_PREFIX + "-_" * 16, "must be base64"),
        (SECRET_PREFIX + " " * 32, "must be base64"),
    ],
)
def test_any_other_secret_is_refused_with_its_fault(secret: str, fault: str) -> None:
    assert fault in (check_signing_secret(secret) or "")
