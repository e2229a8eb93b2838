"""Public ids: ours, unguessable, never the queue's."""

import secrets
import string
import uuid

ALPHABET = string.ascii_letters + string.digits + "_-"


def make_id(length: int = 21) -> str:
    """A random id. 21 characters hold 126 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def make_uuid() -> str:
    """A random UUID, for products whose ids are some."""
    return str(uuid.uuid4())
