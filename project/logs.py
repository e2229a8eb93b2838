"""JSON lines on stdout, with the request, account, job and item that they belong to."""

import logging

from pythonjsonlogger.json import JsonFormatter as BaseFormatter

from accounts import trace


class ContextFilter(logging.Filter):
    """Adds what is being worked on to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in trace.current().items():
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
