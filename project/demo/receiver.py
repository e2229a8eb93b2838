"""The customer's end of the callbacks: a small web server that takes only what is signed with the service's secret."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

LONGEST_BODY_BYTES = 65_536
SIGNATURE_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class SignatureRefused(Exception):
    """A message is not what the holder of the secret sent; the text says why."""


def verify(body: bytes, headers: Mapping[str, str], *, secret: str) -> dict[str, Any]:
    """The JSON object of a message whose signature holds. Raises SignatureRefused."""
    try:
        payload = Webhook(secret).verify(body, dict(headers))
    except (WebhookVerificationError, ValueError) as error:  # ValueError: no UTF-8, no base64, no JSON
        raise SignatureRefused(str(error)) from None
    if not isinstance(payload, dict):
        raise SignatureRefused("The message is not an object")
    return payload


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A message whose signature held, as it came. arrived_at: seconds of the monotonic clock."""

    body: bytes
    headers: Mapping[str, str]
    payload: Mapping[str, Any]
    arrived_at: float

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def process_id(self) -> str:
        return str(self.payload.get("process_id"))


class Receiver:
    """Listens on a free port of 127.0.0.1 until `close`, and keeps each message once.

    duplicates: messages that came again under a known webhook-id. refusals: why others were turned away.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._changed = threading.Condition()
        self._callbacks: dict[str, Callback] = {}
        self.duplicates = 0
        self.refusals: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="receiver", daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    @property
    def callbacks(self) -> list[Callback]:
        """In the order in which they came."""
        with self._changed:
            return list(self._callbacks.values())

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Keep a message or turn it away. The status of the answer: 204 taken or known, 401 refused."""
        try:
            payload = verify(body, headers, secret=self._secret)
        except SignatureRefused as error:
            with self._changed:
                self.refusals.append(str(error))
            return 401
        lower = {name.lower(): value for name, value in headers.items()}
        self._keep(Callback(body=body, headers=lower, payload=payload, arrived_at=time.monotonic()))
        return 204

    def wait(self, count: int, *, seconds: float) -> bool:
        """Wait until so many different messages have been taken. False: they were not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._callbacks) >= count, timeout=max(0.0, seconds))

    def _keep(self, callback: Callback) -> None:
        with self._changed:
            if callback.webhook_id in self._callbacks:
                self.duplicates += 1
                return
            self._callbacks[callback.webhook_id] = callback
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        size = self.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > LONGEST_BODY_BYTES:
            self._answer(413)
            return
        self._answer(self.server.receiver.take(self.rfile.read(int(size)), dict(self.headers.items())))

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing: the demo sums up what came."""
