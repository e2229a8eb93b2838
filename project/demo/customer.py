"""A customer of the service: sends processes and asks after them over HTTP, and knows nothing of the inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

ANSWER_SECONDS = 20.0
ENDED = ("FINISHED", "FAILED")


class RequestFailed(Exception):
    """The service did not take a request; the message says why."""


@dataclass(frozen=True)
class Status:
    """Where a process is, and why it failed where it did."""

    word: str
    reason: str = ""

    @property
    def has_ended(self) -> bool:
        return self.word in ENDED


class Caller:
    """Sends JSON to `url` and reads JSON, with a service's secret or an API key."""

    def __init__(self, url: str, *, secret: str) -> None:
        self._netloc = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> tuple[dict[str, Any], dict[str, str]]:
        """The answer's body and headers. Raises RequestFailed."""
        connection = HTTPConnection(self._netloc, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        except (OSError, HTTPException, ValueError) as error:
            raise RequestFailed(f"{method} {path}: {error}") from None
        finally:
            connection.close()
        if answer.status not in (200, 201):
            raise RequestFailed(f"{method} {path}: {answer.status} {_find_message(content)}")
        return content, {name.lower(): value for name, value in answer.getheaders()}


def _find_message(content: Any) -> str:
    fault = content.get("error", content) if isinstance(content, dict) else {}
    return str(fault.get("message", "")) if isinstance(fault, dict) else ""


class Customer(Caller):
    """Speaks SlashedCloud's API at `url` with a service's secret. Every method raises RequestFailed."""

    def submit(self, request: dict[str, Any]) -> str:
        """`POST /request`: the id of the process that was taken."""
        body, _ = self.call("POST", "/request", request)
        return str(body["process_id"])

    def ask(self, process_id: str) -> Status:
        """`GET /request/{id}`."""
        body, headers = self.call("GET", f"/request/{quote(process_id)}")
        return Status(str(body["status"]), headers.get("x-photomill-reason", ""))
