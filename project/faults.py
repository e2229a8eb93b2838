"""Faults of the program, reported to the Sentry that PHOTOMILL_SENTRY_DSN names, and to nobody without it.

A report says where in the code something broke and which request, account, job and item it was about. Nothing that
came from a caller goes along: no body, no header, no address, no values of variables, and not the words of an error,
which may quote any of these.
"""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import sentry_sdk
from django.conf import settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.worker import BackgroundWorker

from accounts import trace
from storage import http
from storage.errors import StorageError

log = logging.getLogger(__name__)

SEND_SECONDS = 10
QUEUE_SIZE = 100
"""Reports that wait to be sent. What comes on top, as in a storm of faults, is dropped."""

OURS = ("accounts", "jobs", "processing", "project", "storage")
KEPT = ("event_id", "timestamp", "level", "logger", "platform", "sdk")
OF_FRAMES = ("filename", "function", "module", "lineno", "in_app")
PORTS = {"http": 80, "https": 443}


def report_faults(program: str) -> None:
    """Report what is logged as an error from here on, as met by `program`. Nothing is reported without a DSN."""
    if not settings.PHOTOMILL_SENTRY_DSN:
        return
    sentry_sdk.init(
        dsn=settings.PHOTOMILL_SENTRY_DSN,
        transport=OwnTransport,
        before_send=partial(strip, program=program),
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR), DedupeIntegration()],
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        send_client_reports=False,
        auto_session_tracking=False,
        shutdown_timeout=2,
    )


def strip(event: Mapping[str, Any], hint: Mapping[str, Any], *, program: str) -> Any:
    """The report with nothing but what is known to be harmless; None for what was reported before."""
    record: logging.LogRecord | None = hint.get("log_record")
    if record is not None and record.name == "django.request" and "exception" not in event:
        return None  # an answer with 5xx, of a view that has reported why
    kept = {name: event[name] for name in KEPT if name in event}
    kept["tags"] = {"program": program} | {name: str(value) for name, value in trace.current().items()}
    if record is not None:
        kept["logentry"] = {"message": _choose_words(record)}
    if "exception" in event:
        kept["exception"] = {"values": [_strip_exception(each) for each in event["exception"].get("values", [])]}
    return kept


class OwnTransport(Transport):
    """Sends reports as everything else goes out: through `storage.http`, whose policy opens the place of the DSN."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self._worker = BackgroundWorker(queue_size=QUEUE_SIZE)

    def capture_envelope(self, envelope: Envelope) -> None:
        self._worker.submit(partial(self._send, envelope.serialize()))

    def flush(self, timeout: float, callback: Any = None) -> None:
        self._worker.flush(timeout, callback)

    def kill(self) -> None:
        self._worker.kill()

    def _send(self, body: bytes) -> None:
        assert self.parsed_dsn
        auth = self.parsed_dsn.to_auth("photomill")
        place = urlsplit(auth.get_api_url())
        opened = http.policy().opening(place.hostname or "", place.port or PORTS[place.scheme])
        headers = {"content-type": "application/x-sentry-envelope", "x-sentry-auth": auth.to_header()}
        try:
            answer = http.post(place.geturl(), body, headers=headers, total_seconds=SEND_SECONDS, policy=opened)
        except StorageError as error:
            log.warning("a fault was not reported: %s", type(error).__name__)
            return
        if answer.status >= 400:
            log.warning("a fault was not reported: the answer was %s", answer.status)


def _choose_words(record: logging.LogRecord) -> str:
    """What was logged, without what was filled in. Others' words are kept where they are a form to be filled in."""
    is_form = bool(record.args) or record.name.partition(".")[0] in OURS
    return str(record.msg) if is_form and isinstance(record.msg, str) else record.name


def _strip_exception(exception: Mapping[str, Any]) -> dict[str, Any]:
    frames = (exception.get("stacktrace") or {}).get("frames", [])
    bare = [{name: frame[name] for name in OF_FRAMES if name in frame} for frame in frames]
    return {"type": exception.get("type"), "module": exception.get("module"), "stacktrace": {"frames": bare}}
