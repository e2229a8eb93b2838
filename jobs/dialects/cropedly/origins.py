"""Calls from browsers: which pages may make them, by the hosts that accounts have registered."""

import re

from accounts.models import Account, Domain, Plan

ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
"""As browsers write it. Anything else, such as `null`, is no page that could be registered."""


def is_registered(origin: str, account: Account | None = None) -> bool:
    """Whether the page's host is registered by this enterprise account, or by any where none is given."""
    host = find_host(origin)
    if host is None:
        return False
    domains = Domain.objects.filter(account__plan=Plan.ENTERPRISE, host__in=_list_entries(host))
    if account is not None:
        domains = domains.filter(account=account)
    return domains.exists()


def find_host(origin: str) -> str | None:
    """The host of an `https` origin, lower case, without port; None of anything else. `localhost` may use `http`."""
    match = ORIGIN.fullmatch(origin)
    if match is None:
        return None
    scheme, host = match[1].lower(), match[2].lower()
    return host if scheme == "https" or host == "localhost" else None


def _list_entries(host: str) -> list[str]:
    """What may be registered for the host: itself, or a wildcard for any host above it."""
    parts = host.split(".")
    return [host, *("*." + ".".join(parts[number:]) for number in range(1, len(parts)))]
