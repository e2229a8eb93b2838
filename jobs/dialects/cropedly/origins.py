"""Calls from browsers: which pages may make them, by the hosts that accounts have registered."""

from urllib.parse import urlsplit

from accounts.models import Account, Domain, Plan

LOCAL = ("localhost", "127.0.0.1", "[::1]")


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
    """The host of an `https` origin, lower case, without port; None of anything else. This machine may use `http`."""
    try:
        parts = urlsplit(origin)
        host = (parts.hostname or "").lower()
        has_rest = bool(parts.path or parts.query or parts.fragment or parts.username is not None)
        _ = parts.port
    except ValueError:
        return None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    return host if host and is_safe and not has_rest else None


def _list_entries(host: str) -> list[str]:
    """What may be registered for the host: itself, or a wildcard for any host above it."""
    parts = host.split(".")
    return [host, *("*." + ".".join(parts[number:]) for number in range(1, len(parts)))]
