"""What all of Crop.photo's operations share: who calls, and in which order a request is checked."""

from typing import Any

from rest_framework.request import Request

from accounts.callers import Caller
from jobs.dialect import DialectView, NoSuchPath
from jobs.dialects.cropphoto import guesses
from jobs.dialects.cropphoto.auth import check_header
from jobs.errors import MalformedRequest, WrongMediaType, WrongMethod


class CropPhotoView(DialectView):
    """Checked in this order: path, method, key, content type, syntax, fields, balance."""

    dialect_name = "cropphoto"
    caller: Caller

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, (request.method or "").lower()):
            raise WrongMethod("This path does not take this method.")
        check_header(request._request)
        self.caller = self.find_caller()
        self.caller.require("image_editing", *(("read_only",) if request.method in ("GET", "HEAD") else ()))

    def read_body(self) -> Any:
        """The JSON body. Raises WrongMediaType for another kind, and MalformedRequest."""
        kind = self.request._request.content_type or "application/json"
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise WrongMediaType(f"The content type is {kind}; it should be application/json")
        return self.read_json()

    def read_window(self) -> tuple[int, int]:
        """`start` and `limit` of the query. Raises MalformedRequest."""
        query = self.request.query_params
        return (
            read_number(query.get("start", "0"), "start", least=0),
            read_number(query.get("limit", str(guesses.DEFAULT_LIMIT)), "limit", least=1, most=guesses.MOST_LIMIT),
        )


def read_number(text: str, name: str, *, least: int, most: int = 2**31 - 1) -> int:
    """A whole number of a query. Raises MalformedRequest."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else -1
    if not least <= number <= most:
        raise MalformedRequest(f"{name} should be a whole number from {least} to {most}", param=name)
    return number


class UnknownCropPhotoPath(NoSuchPath):
    """Anything else under Crop.photo's paths."""

    dialect_name = "cropphoto"
