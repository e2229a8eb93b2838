"""The house storage: the server's own place for uploads, temporary results, thumbnails and undo copies."""

import os
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.conf import settings
from django.core import signing
from django.core.signing import b62_encode

from storage import kinds
from storage.base import Storage
from storage.errors import BadParameters, StorageUnavailable
from storage.kinds.local import LocalStorage
from storage.kinds.s3 import S3Storage

SALT = "photomill.files"
FORMS = (
    "file:///FOLDER or s3://ACCESS:SECRET@BUCKET/PREFIX?endpoint_url=…&region=…, with '/', '@' and '%' in keys escaped"
)


def house() -> Storage:
    """The storage at PHOTOMILL_STORAGE_URL. Raises BadParameters, which names the setting."""
    return _open(settings.PHOTOMILL_STORAGE_URL, settings.PHOTOMILL_STORAGE_PUBLIC_URL, os.getpid())


class _Signer(signing.TimestampSigner):
    """Signs as if at another time."""

    def __init__(self, at: float) -> None:
        super().__init__(salt=SALT)
        self._at = int(at)

    def timestamp(self) -> str:
        return b62_encode(self._at)


def make_link(
    key: str, *, filename: str, content_type: str, seconds: int | None = None, made_at: datetime | None = None
) -> str:
    """An address at which anybody who has it can read a house object until it expires.

    On S3 with PHOTOMILL_STORAGE_PUBLIC_URL set the object store serves it, else Photomill itself at /files/, under an
    address that ends in the file's name. made_at: when its seconds begin, so that it stays the same however often it
    is asked for; left out, now.
    """
    seconds = settings.PHOTOMILL_LINK_SECONDS if seconds is None else seconds
    began_at = made_at.timestamp() if made_at else time.time()
    if settings.PHOTOMILL_STORAGE_PUBLIC_URL:
        left = max(1, round(began_at + seconds - time.time()))
        direct = house().link(key, seconds=left, filename=filename)
        if direct:
            return direct
    named = {"k": key, "n": filename, "t": content_type, "s": seconds}
    ticket = _Signer(began_at).sign_object(named, compress=True)
    name = filename.rpartition("/")[2]
    return f"{settings.PHOTOMILL_PUBLIC_URL}/files/{ticket}{f'/{quote(name)}' if name.strip('.') else ''}"


def read_ticket(ticket: str) -> dict[str, str]:
    """Key, filename and content type of a link of ours. Raises BadSignature where it is forged or has expired."""
    try:
        values = signing.loads(ticket, salt=SALT)
        values = signing.loads(ticket, salt=SALT, max_age=values["s"])
        return {"key": values["k"], "filename": values["n"], "content_type": values["t"]}
    except (KeyError, TypeError):
        raise signing.BadSignature("the ticket does not say what a link says") from None


@lru_cache(maxsize=4)
def _open(url: str, public_url: str, _pid: int) -> Storage:
    scheme, _, place = url.partition("://")
    if scheme == "file":
        return _open_folder(place)
    if scheme == "s3":
        return _open_bucket(url, public_url)
    raise BadParameters(f"PHOTOMILL_STORAGE_URL must be {FORMS}")


def _open_folder(place: str) -> Storage:
    root = Path(unquote(place))
    if not root.is_absolute():
        raise BadParameters("PHOTOMILL_STORAGE_URL must name a folder by its absolute path: file:///FOLDER")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(f"The folder of PHOTOMILL_STORAGE_URL cannot be made: {error.strerror}.") from None
    return LocalStorage(root)


def _open_bucket(url: str, public_url: str) -> Storage:
    try:
        parts = urlsplit(url)
        keys, _, bucket = parts.netloc.rpartition("@")
        options = {
            "bucket": bucket,
            "path": parts.path,
            **dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))),
        }
    except ValueError:  # its text would quote the secret
        raise BadParameters(f"PHOTOMILL_STORAGE_URL must be {FORMS}") from None
    options |= {"bucket": bucket, "path": parts.path}
    access_key, _, secret = keys.partition(":")
    credentials = {"access_key": unquote(access_key), "secret_access_key": unquote(secret)} if keys else {}
    try:
        checked = kinds.check("s3", options, credentials)
    except BadParameters as error:
        raise BadParameters(f"PHOTOMILL_STORAGE_URL: {error.message}; it must be {FORMS}") from None
    return S3Storage(*checked, private=True, public_url=public_url)
