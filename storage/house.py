"""The house storage: the server's own place for uploads, temporary results, thumbnails and undo copies."""

import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core import signing

from storage.base import Storage
from storage.errors import BadParameters
from storage.kinds.local import LocalStorage
from storage.kinds.s3 import S3Storage

SALT = "photomill.files"


def house() -> Storage:
    """The storage at PHOTOMILL_STORAGE_URL."""
    return _open(settings.PHOTOMILL_STORAGE_URL, settings.PHOTOMILL_STORAGE_PUBLIC_URL, os.getpid())


def make_link(key: str, *, filename: str, content_type: str, seconds: int | None = None) -> str:
    """An address at which anybody who has it can read a house object until it expires.

    On S3 with PHOTOMILL_STORAGE_PUBLIC_URL set the object store serves it, else Photomill itself at /files/.
    """
    seconds = seconds or settings.PHOTOMILL_LINK_SECONDS
    if settings.PHOTOMILL_STORAGE_PUBLIC_URL:
        direct = house().link(key, seconds=seconds, filename=filename)
        if direct:
            return direct
    ticket = signing.dumps({"k": key, "n": filename, "t": content_type, "s": seconds}, salt=SALT, compress=True)
    return f"{settings.PHOTOMILL_PUBLIC_URL}/files/{ticket}"


def read_ticket(ticket: str) -> dict[str, str]:
    """Key, filename and content type of a link of ours. Raises BadSignature where it is forged or has expired."""
    values = signing.loads(ticket, salt=SALT)
    values = signing.loads(ticket, salt=SALT, max_age=values["s"])
    return {"key": values["k"], "filename": values["n"], "content_type": values["t"]}


@lru_cache(maxsize=4)
def _open(url: str, public_url: str, _pid: int) -> Storage:
    """s3://ACCESS:SECRET@BUCKET/PREFIX?endpoint_url=…&region=…, or file:///FOLDER."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        root = Path(unquote(parts.path))
        root.mkdir(parents=True, exist_ok=True)
        return LocalStorage(root)
    if parts.scheme != "s3":
        raise BadParameters("PHOTOMILL_STORAGE_URL must begin with file:// or s3://")
    options = {"bucket": parts.hostname or "", "path": parts.path.strip("/"), **dict(parse_qsl(parts.query))}
    credentials = {"access_key": _plain(parts.username), "secret_access_key": _plain(parts.password)}
    return S3Storage(
        S3Storage.Parameters(**options),
        S3Storage.Credentials(**credentials),
        private=True,
        public_url=public_url,
    )


def _plain(text: str | None) -> str | None:
    return None if text is None else unquote(text)
