"""Secrets at rest: encrypted columns under keys that the environment holds."""

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def encrypt(text: str) -> str:
    """The text under the first key of PHOTOMILL_ENCRYPTION_KEYS."""
    return _fernet(tuple(settings.PHOTOMILL_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """What `encrypt` was given, under any of the keys. Raises ImproperlyConfigured where none of them fits."""
    try:
        return _fernet(tuple(settings.PHOTOMILL_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken:
        raise ImproperlyConfigured(
            "a stored secret opens under none of PHOTOMILL_ENCRYPTION_KEYS: put the key back that wrote it"
        ) from None


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("PHOTOMILL_ENCRYPTION_KEYS is empty: secrets can be neither stored nor read")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ImproperlyConfigured(
            "PHOTOMILL_ENCRYPTION_KEYS must hold keys of 32 bytes in URL-safe base64, separated by commas"
        ) from None


class EncryptedJSONField(models.TextField):
    """A JSON value that the database holds encrypted. It cannot be searched."""

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(decrypt(value))

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else encrypt(json.dumps(value))

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return ""
