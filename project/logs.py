"""JSON lines on stdout, with the request, account, job and item that they belong to."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter as BaseFormatter

_NOTHING: dict[str, object] = {}
_context: ContextVar[dict[str, object]] = ContextVar("log_context", default=_NOTHING)


class ContextFilter(logging.Filter):
    """Adds what `bound` has set to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _context.get().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class JsonFormatter(BaseFormatter):
    """One JSON object a line: time, level, logger, message, and whatever else the record carries."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """Log lines written inside carry these values."""
    token = _context.set({**_context.get(), **values})
    try:
        yield
    finally:
        _context.reset(token)
