"""Logins that have ended, used codes and old entries of the logs: when they go, and what stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as AdminSession
from django.utils import timezone

from accounts.audit import record
from accounts.errors import BadCredentials
from accounts.models import Account, AuditEntry, RecoveryCode, Session, User
from accounts.tokens import issue_token, read_token, revoke_all
from jobs.retention.people import purge_logins, purge_logs
from tests.jobs.keeping import purge_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user(alice: Account, bob: Account) -> User:
    AuditEntry.objects.all().delete()  # what the set-up wrote
    return User.objects.create_user("ann@shop.example", "secret", account=alice)


def ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def log_in(user: User, *, ended: float) -> Session:
    """A login that ended so many days ago."""
    issue_token(user, address=None, agent="test")
    session = Session.objects.latest("pk")
    Session.objects.filter(pk=session.pk).update(expires_at=ago(ended))
    return session


def test_logins_are_deleted_a_week_after_their_end(user: User) -> None:
    log_in(user, ended=7.1)
    kept = [log_in(user, ended=6.9), log_in(user, ended=-1)]
    assert purge_now(purge_logins).lines["logins"].rows == 1
    assert set(Session.objects.all()) == set(kept)


def test_a_token_that_was_revoked_stays_revoked_when_its_login_is_deleted(user: User) -> None:
    token = issue_token(user, address=None, agent="test")
    assert read_token(token) == user
    revoke_all(user)
    Session.objects.update(expires_at=ago(8))
    purge_now(purge_logins)
    assert not Session.objects.exists()
    with pytest.raises(BadCredentials):
        read_token(token)


def test_used_codes_are_deleted_and_unused_ones_are_not(user: User) -> None:
    for number, used_at in enumerate([None, ago(6.9), ago(7.1)]):
        RecoveryCode.objects.create(user=user, code_hash=str(number), used_at=used_at)
    purge_now(purge_logins)
    assert sorted(RecoveryCode.objects.values_list("code_hash", flat=True)) == ["0", "1"]


def test_sessions_of_the_admin_are_deleted_at_their_end() -> None:
    for name, days in (("over", 0.1), ("open", -0.1)):
        AdminSession.objects.create(session_key=name, session_data="", expire_date=ago(days))
    purge_now(purge_logins)
    assert [session.session_key for session in AdminSession.objects.all()] == ["open"]


def write_log(days: float, account: Account | None = None) -> AuditEntry:
    record("login", account=account, actor="ann")
    entry = AuditEntry.objects.latest("pk")
    AuditEntry.objects.filter(pk=entry.pk).update(at=ago(days))
    return entry


def write_note(days: float, user: User) -> LogEntry:
    kind = ContentType.objects.get_for_model(Account)
    return LogEntry.objects.create(
        user=user, content_type=kind, object_id="1", action_flag=CHANGE, action_time=ago(days)
    )


def test_logs_are_kept_four_hundred_days(user: User) -> None:
    write_log(400.1)
    write_note(400.1, user)
    entry, note = write_log(399.9), write_note(399.9, user)
    lines = purge_now(purge_logs).lines
    assert (lines["audit entries"].rows, lines["admin notes"].rows) == (1, 1)
    assert (list(AuditEntry.objects.all()), list(LogEntry.objects.all())) == ([entry], [note])


@pytest.mark.parametrize(("days", "left"), [(0, 2), (10, 0), (50, 1)])
def test_the_setting_says_how_long_logs_are_kept(settings: Any, days: int, left: int) -> None:
    settings.PHOTOMILL_KEEP_AUDIT_DAYS = days
    write_log(30)
    write_log(999)
    purge_now(purge_logs)
    assert AuditEntry.objects.count() == left


def test_a_round_of_one_account_leaves_the_logs_of_others(user: User, bob: Account) -> None:
    own, others, nobodys = write_log(500, user.account), write_log(500, bob), write_log(500)
    login = log_in(user, ended=30)
    AdminSession.objects.create(session_key="over", session_data="", expire_date=ago(1))
    purge_now(purge_logs, purge_logins, account=bob)
    assert set(AuditEntry.objects.all()) == {own, nobodys} != {others}
    assert list(Session.objects.all()) == [login]
    assert AdminSession.objects.exists()


def test_a_dry_round_deletes_none_of_them(user: User) -> None:
    write_log(500, user.account)
    write_note(500, user)
    log_in(user, ended=30)
    lines = purge_now(purge_logs, purge_logins, is_dry=True).lines
    assert [lines[kind].rows for kind in ("audit entries", "admin notes", "logins")] == [1, 1, 1]
    assert (AuditEntry.objects.count(), LogEntry.objects.count(), Session.objects.count()) == (1, 1, 1)


def test_more_than_a_chunk_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    AuditEntry.objects.bulk_create(AuditEntry(action="login", at=ago(500)) for _ in range(1201))
    assert purge_now(purge_logs).lines["audit entries"].rows == 1201
    assert not AuditEntry.objects.exists()
