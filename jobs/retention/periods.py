"""How long things are kept: what the account says, else its plan, else the setting. 0 is for ever."""

from datetime import timedelta

from django.conf import settings

from accounts.models import Account
from accounts.plans import find_chosen
from jobs import dialects

Period = timedelta | None
"""None: for ever."""


def of_results(account: Account, *, dialect: str) -> Period:
    """Results in the house storage, from the end of their job on: no shorter than the dialect promises.

    An account's or a plan's own word counts before the promise: it is its people who were promised it.
    """
    own = find_chosen(account, "keep_results_hours")
    if own is not None:
        return _in_hours(own)
    ours, promised = settings.PHOTOMILL_KEEP_RESULTS_HOURS, dialects.get(dialect).results_hours
    return _in_hours(max(ours, promised or 0) if ours else 0)


def of_uploads(account: Account | None) -> Period:
    """Uploads, from the end of their job on; without an account those that no job has used."""
    own = find_chosen(account, "keep_uploads_hours") if account else None
    return _in_hours(settings.PHOTOMILL_KEEP_UPLOADS_HOURS if own is None else own)


def of_deliveries(account: Account | None) -> Period:
    """Deliveries and their attempts, from their end on; without an account the setting's."""
    own = find_chosen(account, "keep_deliveries_days") if account else None
    return _in_days(settings.PHOTOMILL_KEEP_DELIVERIES_DAYS if own is None else own)


def of_jobs(account: Account) -> Period:
    """Jobs with all that belongs to them, from their end on."""
    own = find_chosen(account, "keep_jobs_days")
    return _in_days(settings.PHOTOMILL_KEEP_JOBS_DAYS if own is None else own)


def of_audit() -> Period:
    """Entries of the audit log, and what the admin notes of its own use."""
    return _in_days(settings.PHOTOMILL_KEEP_AUDIT_DAYS)


def _in_hours(hours: int) -> Period:
    return timedelta(hours=hours) if hours else None


def _in_days(days: int) -> Period:
    return timedelta(days=days) if days else None
