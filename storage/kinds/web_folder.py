"""A folder on a web server."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from pydantic import Field, field_validator

from storage import http
from storage.addresses import Target
from storage.base import Blob, Fields, Storage
from storage.errors import AccessDenied, ObjectMissing, StorageUnavailable, UrlRefused
from storage.http import Policy, Response
from storage.keys import refuse_escape


class WebFolderStorage(Storage):
    """Files below an address on a web server. It can be read, but neither listed nor written."""

    class Parameters(Fields):
        base_url: str = Field(description="the address below which keys lie, http or https")

        @field_validator("base_url")
        @classmethod
        def must_be_a_folder(cls, url: str) -> str:
            return check_folder_url(url)

    is_writable = False
    is_listable = False

    def __init__(self, base_url: str, policy: Policy) -> None:
        self.base_url = base_url.rstrip("/")
        self.policy = policy

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "WebFolderStorage":
        return cls(parameters.base_url, endpoint_policy(parameters.base_url, private=private))

    def read(self, key: str, *, max_bytes: int) -> Blob:
        return read_web(self._url(key), max_bytes=max_bytes, policy=self.policy)

    def read_if_changed(self, key: str, *, etag: str, max_bytes: int) -> Blob | None:
        if not etag:  # a server that gives no tags
            return self.read(key, max_bytes=max_bytes)
        quoted = etag if etag.startswith("W/") else f'"{etag}"'
        headers = {"if-none-match": quoted}
        answer = _fetch(self._url(key), max_bytes=max_bytes, policy=self.policy, headers=headers)
        if answer.status == 304:
            return None
        blob = _take(answer)
        return None if blob.etag == etag else blob

    def _url(self, key: str) -> str:
        refuse_escape(key)
        return f"{self.base_url}/{quote(key)}"


def read_web(url: str, *, max_bytes: int, policy: Policy | None = None) -> Blob:
    """What lies at an address. Raises ObjectMissing, AccessDenied, StorageUnavailable, TooLarge or Unreachable."""
    return _take(_fetch(url, max_bytes=max_bytes, policy=policy))


def endpoint_policy(url: str, *, private: bool) -> Policy:
    """Who may be reached for a connection: the public, and its own host and port where it is marked private."""
    if not private:
        return http.policy()
    target = Target.parse(url)
    return http.policy().opening(target.host, target.port)


def check_folder_url(url: str) -> str:
    """The address itself. Raises ValueError where it is none, or where a key cannot be put behind it."""
    try:
        Target.parse(url)
    except UrlRefused as error:
        raise ValueError(error.message) from None
    if "?" in url or "#" in url:
        raise ValueError("The URL must end with a folder: it must not contain '?' or '#'.")
    return url


def _fetch(url: str, *, max_bytes: int, policy: Policy | None, headers: dict[str, str] | None = None) -> Response:
    seconds = settings.PHOTOMILL_FETCH_SECONDS
    return http.get(url, max_bytes=max_bytes, total_seconds=seconds, headers=headers, policy=policy)


def _take(answer: Response) -> Blob:
    if answer.status == 200:
        return Blob(answer.body, _unquote_tag(answer.headers.get("etag", "")))
    if answer.status in (404, 410):
        raise ObjectMissing(f"There is nothing at the address (status {answer.status}).")
    if answer.status in (401, 403):
        raise AccessDenied(f"The address does not allow access (status {answer.status}).")
    raise StorageUnavailable(f"The address answered with status {answer.status}.")


def _unquote_tag(tag: str) -> str:
    """A weak tag keeps its quotes: `W/` tells it apart from a strong one of the same text."""
    return tag if tag.startswith("W/") else tag.strip('"')
