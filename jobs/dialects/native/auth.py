"""Who calls: a key of an account, or the token of somebody in it."""

from django.http import HttpRequest

from accounts.callers import Caller, find_caller

READS = ("GET", "HEAD")


def identify(request: HttpRequest) -> Caller:
    """The caller, who may do this. To look is for whoever may read, and takes nothing from the rate of requests.

    Raises BadCredentials, TooManyRequests or NotAllowed.
    """
    is_read = request.method in READS
    caller = find_caller(request, is_counted=not is_read)
    caller.require("image_editing", *(("read_only",) if is_read else ()))
    return caller
