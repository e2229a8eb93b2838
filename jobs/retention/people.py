"""What people leave behind: logins that have ended, codes that were used, entries of logs."""

from datetime import timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session as AdminSession
from django.db.models import Min, QuerySet

from accounts.models import AuditEntry, RecoveryCode, Session
from jobs.retention import periods
from jobs.retention.rounds import Round, delete_rows

SHOWN = timedelta(days=7)
"""How long somebody who looks for what happened still finds logins that have ended and codes that were used."""


def purge_logins(now: Round) -> None:
    """Delete logins that have ended, over the API and in the admin, and used codes of the second step."""
    before = now.time - SHOWN
    _purge(now, "logins", Session.objects.filter(expires_at__lt=before), "expires_at", "user__account")
    _purge(now, "used codes", RecoveryCode.objects.filter(used_at__lt=before), "used_at", "user__account")
    _purge(now, "admin sessions", AdminSession.objects.filter(expire_date__lt=now.time), "expire_date", "")


def purge_logs(now: Round) -> None:
    """Delete old entries of the audit log, and of what the admin notes of its own use."""
    kept = periods.of_audit()
    if kept is None:
        return
    before = now.time - kept
    _purge(now, "audit entries", AuditEntry.objects.filter(at__lt=before), "at", "account")
    _purge(now, "admin notes", LogEntry.objects.filter(action_time__lt=before), "action_time", "user__account")


def _purge(now: Round, kind: str, rows: QuerySet[Any], by: str, account_path: str) -> None:
    """account_path: the way to the account that a row is of; empty for rows that are of none."""
    if now.account:
        rows = rows.filter(**{account_path: now.account}) if account_path else rows.none()
    for ids in now.read_ids(rows, by=by):
        chunk = rows.filter(pk__in=ids)
        now.note(kind, len(ids), chunk.aggregate(oldest=Min(by))["oldest"])
        if not now.is_dry:
            delete_rows(chunk)
