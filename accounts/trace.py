"""What is being worked on, as every log line and every report of a fault says it.

The names are `request_id`, `account_id`, `job_id` (as callers know it), `item_id` and `delivery_id`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_NOTHING: dict[str, object] = {}
_context: ContextVar[dict[str, object]] = ContextVar("trace", default=_NOTHING)


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """What is written inside carries these values; one that is empty hides what was there before."""
    token = _context.set({**_context.get(), **values})
    try:
        yield
    finally:
        _context.reset(token)


@contextmanager
def bound_afresh(**values: object) -> Iterator[None]:
    """The same, and nothing that was known outside: another piece of work begins."""
    token = _context.set(values)
    try:
        yield
    finally:
        _context.reset(token)


def begin(**values: object) -> None:
    """Forget what was known: whoever calls takes up another piece of work."""
    _context.set(values)


def note(**values: object) -> None:
    """Add what has turned out meanwhile, until the `bound` around it ends."""
    _context.set({**_context.get(), **values})


def current() -> Mapping[str, object]:
    """What is known, without what is empty."""
    return {name: value for name, value in _context.get().items() if value}


def current_request() -> str:
    """The id of the request that is being answered; empty where there is none."""
    return str(current().get("request_id", ""))
