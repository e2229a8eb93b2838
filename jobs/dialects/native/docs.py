"""The API's description, for programs and for people. Open to anybody: it holds nothing of an account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.dialect import DialectView

PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        # The page that shows the description writes sizes into its elements.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


class Schema(DialectView):
    """`GET /api/schema/`: the description as OpenAPI 3.1."""

    dialect_name = "native"
    schema = None

    def get(self, request: Request) -> Response:
        return Response(SchemaGenerator().get_schema(request=None, public=True))


class Docs(DialectView):
    """`GET /api/docs/`: the description as a page."""

    dialect_name = "native"
    schema = None

    def get(self, request: Request) -> HttpResponse:
        return show_docs(request._request)


def show_docs(request: HttpRequest) -> HttpResponse:
    """The page. Its scripts are this server's own, and it may ask this server alone."""
    answer = render(request, "jobs/api_docs.html")
    answer["Content-Security-Policy"] = PAGE_POLICY
    return answer
