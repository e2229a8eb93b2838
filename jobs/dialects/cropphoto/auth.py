"""How a key is sent: after exactly one space."""

import re

from django.http import HttpRequest

from accounts.errors import BadCredentials

HEADER = re.compile(r"Bearer [^\s]+")


def check_header(request: HttpRequest) -> None:
    """Raise BadCredentials for a header that Crop.photo calls wrong.

    Among its causes of a 401 are another scheme or another spelling of it, and more or less than one space.
    """
    if not HEADER.fullmatch(request.headers.get("authorization", "")):
        raise BadCredentials("An API key is required.")
