"""How the API describes itself: one place for what every operation has in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from jobs.dialects.native import shapes

PREFIX = "/api/"
Described = TypeVar("Described", bound=Callable[..., Any])
ERRORS = {
    400: "The request is at fault; `param` names the field.",
    401: "No key or token, or one that is unknown, expired or revoked.",
    402: "No credits are left, or a bill is open.",
    403: "The key's scopes, or the person's role, do not include this.",
    404: "There is no such thing in this account.",
    409: "Its state does not allow this.",
    413: "More bytes than are taken.",
    429: "Too many requests or items; `Retry-After` says when to come again.",
    503: "Not now; `Retry-After` says when to come again.",
}
ALWAYS = (400, 401, 403, 429, 503)


def keep_own_paths(endpoints: Sequence[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """The endpoints that are described: this API's. Those of other products are described by their makers."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]


def describe(
    name: str,
    *,
    answers: Mapping[Any, Any],
    errors: Sequence[int] = (),
    body: Any = None,
    query: Sequence[OpenApiParameter] = (),
) -> Callable[[Described], Described]:
    """A method's description; its docstring says what it does.

    name: the operation's id. answers: shapes by status. errors: statuses beyond those of every method.
    """
    refused = {code: OpenApiResponse(shapes.Error, ERRORS[code]) for code in sorted({*ALWAYS, *errors})}
    found: Callable[[Described], Described] = extend_schema(
        operation_id=name,
        summary=name.replace("_", " ").capitalize(),
        request=body,
        responses={**answers, **refused},
        parameters=[*query],
    )
    return found


def query(name: str, description: str, *, kind: Any = OpenApiTypes.STR, enum: Sequence[str] | None = None) -> Any:
    """A parameter of the query, which may be left out."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description, enum=enum)


LIMIT = query("limit", "rows of a page, 1 to 100; 20 where it is left out", kind=OpenApiTypes.INT)
