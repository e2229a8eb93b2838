"""Signatures of what is sent out, after the Standard Webhooks specification 1.0."""

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105


def make_signing_secret() -> str:
    """A new secret of 256 random bits in the specification's form."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_signing_secret(secret: str) -> str | None:
    """What is wrong with a secret that somebody brought, or None. It must hold 24 to 64 bytes."""
    if not secret.startswith(SECRET_PREFIX):
        return f"must begin with {SECRET_PREFIX}"
    try:
        size = len(base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True))
    except ValueError:
        return f"must be base64 after {SECRET_PREFIX}"
    return None if 24 <= size <= 64 else "must hold 24 to 64 bytes"


def sign(message_id: str, *, body: bytes, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """The three headers for this body at this time: one signature for each live secret, separated by spaces."""
    at = at.astimezone(UTC)  # the library takes any zone's time for UTC
    text = body.decode()
    signatures = " ".join(Webhook(secret).sign(message_id, at, text) for secret in secrets)
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(at.timestamp()))}
    return {**headers, "webhook-signature": signatures} if signatures else headers
