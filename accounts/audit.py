"""The audit log: who did what to what is to be kept safe."""

from typing import Any

from django.http import HttpRequest

from accounts.addresses import find_client_address
from accounts.models import Account, AuditEntry, User

ACTIONS = {
    "login": "Logged in",
    "login_failed": "Login failed",
    "logout": "Logged out",
    "second_step_failed": "Second step failed",
    "second_step_set_up": "Second step set up",
    "second_step_removed": "Second step removed",
    "recovery_codes_replaced": "Recovery codes replaced",
    "sessions_ended": "Logged out everywhere",
    "password_changed": "Password changed",
    "password_set": "Password set by another",
    "password_reset": "Password set by link",
    "password_link_asked": "Password link asked for",
    "password_link_made": "Password link made",
    "operator_created": "Operator set up",
    "user_created": "User created",
    "user_changed": "User changed",
    "user_deleted": "User deleted",
    "account_created": "Account created",
    "account_changed": "Account changed",
    "account_deleted": "Account deleted",
    "api_key_created": "API key made",
    "api_key_imported": "API key imported",
    "api_key_changed": "API key changed",
    "api_key_revoked": "API key revoked",
    "domain_created": "Domain added",
    "domain_changed": "Domain changed",
    "domain_deleted": "Domain removed",
    "service_created": "Service created",
    "service_changed": "Service changed",
    "service_deleted": "Service deleted",
    "service_secret_created": "Service secret made",
    "service_secret_imported": "Service secret imported",
    "service_secret_revoked": "Service secret revoked",
    "callback_secret_created": "Callback secret replaced",
    "callback_secret_imported": "Callback secret imported",
    "webhook_created": "Webhook added",
    "webhook_changed": "Webhook changed",
    "webhook_deleted": "Webhook removed",
    "webhook_secret_created": "Webhook secret replaced",
    "webhook_secret_imported": "Webhook secret imported",
    "storage_created": "Storage connected",
    "storage_changed": "Storage changed",
    "storage_deleted": "Storage removed",
    "delivery_redelivered": "Delivery sent again",
    "job_cancelled": "Job cancelled",
    "job_retried": "Job retried",
    "item_undone": "Original put back",
    "erased": "Erased",
    "provisioned": "Provisioned",
}
"""What is written down, and how the admin says it."""


def record(
    action: str,
    *,
    account: Account | None = None,
    actor: str = "",
    target: str = "",
    request: HttpRequest | None = None,
    **details: Any,
) -> None:
    """Add an entry, of whoever is logged in where no actor is named.

    Callers give no secrets: the last four characters at most. Raises ValueError for an action that is none of ACTIONS.
    """
    if action not in ACTIONS:
        raise ValueError(f"{action!r} is no action of the audit log")
    user = getattr(request, "user", None)
    if not actor and isinstance(user, User):
        actor = user.email
    AuditEntry.objects.create(
        account=account,
        action=action,
        actor=actor[:254],
        target=target[:254],
        address=str(find_client_address(request)) if request else None,
        details=details,
    )
