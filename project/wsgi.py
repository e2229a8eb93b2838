"""The web application, for gunicorn."""

import os
import sys
from collections.abc import Callable
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters
from gunicorn.http.errors import ParseException

from jobs.requests import UNREADABLE
from project.faults import report_faults
from project.refusal import refuse_faults
from project.shared_counts import share_counts

BOOT_ERROR = 3
"""What a process ends with that could not begin: gunicorn then ends, too, and starts no other."""


class Body:
    """A body as gunicorn hands it on. What it finds wrong with chunks is an unreadable body to Django, and no crash."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, *size: int) -> bytes:
        return self._try(self.stream.read, size)

    def readline(self, *size: int) -> bytes:
        return self._try(self.stream.readline, size)

    def _try(self, read: Callable[..., bytes], size: tuple[int, ...]) -> bytes:
        try:
            return read(*size)
        except ParseException as error:
            raise ConnectionError(str(error)) from error


class Request(WSGIRequest):
    """A request that is UTF-8 whatever it says, and that a bad Content-Type does not keep from being made.

    Django reads both while it makes the request, before there is a view that could say what is wrong: it fails on
    `text/plain; a*=nonsense''b`, and on `text/plain; charset=hex` with a query.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        environ["wsgi.input"] = Body(environ["wsgi.input"])
        super().__init__(environ)

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            self.content_type, self.content_params = "", {}
            meta[UNREADABLE] = "Content-Type"


class Application(WSGIHandler):
    """Django, with our requests."""

    request_class = Request


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
share_counts()
django.setup(set_prefix=False)
try:
    refuse_faults()
except ImproperlyConfigured as fault:
    sys.stderr.write(f"{fault}\n")
    sys.exit(BOOT_ERROR)
report_faults("web")
application = Application()
