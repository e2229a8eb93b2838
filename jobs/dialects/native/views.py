"""What all of the API's requests share: who calls, how a body is read, how pages follow each other."""

from typing import Any, ClassVar

from rest_framework.request import Request

from accounts.callers import Caller
from jobs.dialect import DialectView, NoSuchPath
from jobs.dialects.native.auth import identify
from jobs.errors import MalformedRequest, WrongMethod

DEFAULT_LIMIT, MOST_LIMIT = 20, 100


class NativeView(DialectView):
    """Checked in this order: path, method, caller, body."""

    dialect_name = "native"
    known_parameters: ClassVar[frozenset[str]] = frozenset()
    caller: Caller

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, (request.method or "").lower()):
            raise WrongMethod("This path does not take this method.")
        self.caller = identify(request._request)
        unknown = sorted(set(request.query_params) - self.known_parameters)
        if unknown:
            raise MalformedRequest(f"{unknown[0]!r} is no parameter of this path", param=unknown[0][:64])

    def read_limit(self) -> int:
        """How many rows a page may have. Raises MalformedRequest."""
        return self.read_number("limit", default=DEFAULT_LIMIT, least=1, most=MOST_LIMIT)

    def read_number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number of the query. Raises MalformedRequest."""
        text = self.request.query_params.get(name, str(default))
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else -1
        if not least <= number <= most:
            raise MalformedRequest(f"{name} should be a whole number from {least} to {most}", param=name)
        return number

    def read_word(self, name: str) -> str:
        """A text of the query, or nothing. Raises MalformedRequest."""
        text = self.request.query_params.get(name, "")
        if "\0" in text or len(text) > 200:
            raise MalformedRequest(f"{name} should be a text of at most 200 characters", param=name)
        return str(text)


class UnknownNativePath(NoSuchPath):
    """Anything else under the API's paths."""

    dialect_name = "native"
    schema = None
