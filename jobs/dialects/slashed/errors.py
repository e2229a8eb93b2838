"""Our error codes in SlashedCloud's words: a status, and an object with a message."""

from django.http import HttpRequest

from jobs import statuses
from jobs.errors import PublicError

STATUSES = statuses.USUAL | {"conflict": 400}
"""SlashedCloud knows no 409."""


def body(error: PublicError, request: HttpRequest) -> dict[str, str]:
    """SlashedCloud's error object."""
    return {"message": error.message}
