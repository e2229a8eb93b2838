"""The customer's end of a callback: real servers on 127.0.0.1 that answer as they are told and keep what they got."""

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

PATIENCE_SECONDS = 20
"""How long anything here waits before the test has failed."""


@dataclass(frozen=True)
class Message:
    """What came with one request. headers: by lower-case name."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def timestamp(self) -> int:
        return int(self.headers["webhook-timestamp"])

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp, tz=UTC)


@dataclass(frozen=True)
class Answer:
    """What a receiver says. after: it keeps the sender waiting until this is set."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: threading.Event | None = None


class Receiver:
    """A web server that takes POSTs. answers: one for each request in turn, the last one from then on."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.messages: list[Message] = []
        self.answers = [Answer()]
        self._changed = threading.Condition()
        self._server = _Server((host, 0), _Handler)
        self._server.receiver = self
        self.url = f"http://{host}:{self._server.server_port}/hook"

    def answer(self, *answers: Answer | int) -> None:
        """From now on."""
        self.answers = [Answer(each) if isinstance(each, int) else each for each in answers]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, message: Message) -> Answer:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait_for(self, count: int) -> None:
        """Wait until so many messages have come in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.messages) >= count, timeout=PATIENCE_SECONDS)


class _Server(http.server.ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    request_queue_size = 128


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_SECONDS

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.receiver.take(Message(self.path, headers, body))
        if answer.after:
            answer.after.wait(PATIENCE_SECONDS)
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver that listens while the block runs."""
    receiver = Receiver(host)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
