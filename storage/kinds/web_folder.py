"""A folder on a web server."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from pydantic import Field

from storage import http
from storage.addresses import Target
from storage.base import Blob, Fields, Storage
from storage.errors import AccessDenied, ObjectMissing, StorageUnavailable
from storage.http import Policy


class WebFolderStorage(Storage):
    """Files below an address on a web server. It can be read, but neither listed nor written."""

    class Parameters(Fields):
        base_url: str = Field(description="the address below which keys lie, http or https")

    is_writable = False

    def __init__(self, base_url: str, policy: Policy) -> None:
        self.base_url = base_url.rstrip("/")
        self.policy = policy

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "WebFolderStorage":
        return cls(parameters.base_url, endpoint_policy(parameters.base_url, private=private))

    def read(self, key: str, *, max_bytes: int) -> Blob:
        return read_web(f"{self.base_url}/{quote(key)}", max_bytes=max_bytes, policy=self.policy)


def read_web(url: str, *, max_bytes: int, policy: Policy | None = None) -> Blob:
    """What lies at an address. Raises ObjectMissing, AccessDenied, StorageUnavailable, TooLarge or Unreachable."""
    answer = http.get(url, max_bytes=max_bytes, total_seconds=settings.PHOTOMILL_FETCH_SECONDS, policy=policy)
    if answer.status == 200:
        return Blob(answer.body, answer.headers.get("etag", "").strip('"'))
    if answer.status in (404, 410):
        raise ObjectMissing(f"There is nothing at the address (status {answer.status}).")
    if answer.status in (401, 403):
        raise AccessDenied(f"The address does not allow access (status {answer.status}).")
    raise StorageUnavailable(f"The address answered with status {answer.status}.")


def endpoint_policy(url: str, *, private: bool) -> Policy:
    """Who may be reached for a connection: the public, and its own host and port where it is marked private."""
    if not private:
        return http.policy()
    target = Target.parse(url)
    return http.policy().opening(target.host, target.port)
