"""The audit log: who did what to what is to be kept safe."""

from typing import Any

from django.http import HttpRequest

from accounts.addresses import find_client_address
from accounts.models import Account, AuditEntry


def record(
    action: str,
    *,
    account: Account | None = None,
    actor: str = "",
    target: str = "",
    request: HttpRequest | None = None,
    **details: Any,
) -> None:
    """Add an entry. Callers give no secrets: the last four characters at most."""
    AuditEntry.objects.create(
        account=account,
        action=action,
        actor=actor[:254],
        target=target[:254],
        address=str(find_client_address(request)) if request else None,
        details=details,
    )
