"""How long things are kept: an account's own word, a product's promise, the server's settings."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks

from accounts.models import Account
from jobs import dialects
from jobs.retention import periods

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NAMES = ("RESULTS_HOURS", "UPLOADS_HOURS", "DELIVERIES_DAYS", "JOBS_DAYS", "AUDIT_DAYS")


@pytest.fixture
def promised(monkeypatch: pytest.MonkeyPatch) -> int:
    """Hours that SlashedCloud's API is made to promise."""
    known = dialects.all()
    monkeypatch.setattr(dialects, "all", lambda: known | {"slashed": replace(known["slashed"], results_hours=168)})
    return 168


def test_an_account_without_a_word_of_its_own_has_the_servers_periods() -> None:
    account = Account()
    assert periods.of_results(account, dialect="slashed") == 24 * HOUR
    assert periods.of_uploads(account) == periods.of_uploads(None) == 24 * HOUR
    assert periods.of_deliveries(account) == periods.of_deliveries(None) == 30 * DAY
    assert periods.of_jobs(account) == 90 * DAY
    assert periods.of_audit() == 400 * DAY


def test_an_accounts_own_word_counts_before_the_settings_and_before_a_promise(promised: int) -> None:
    account = Account(keep_results_hours=1, keep_uploads_hours=2, keep_deliveries_days=3, keep_jobs_days=4)
    assert periods.of_results(account, dialect="slashed") == HOUR
    assert periods.of_uploads(account) == 2 * HOUR
    assert periods.of_deliveries(account) == 3 * DAY
    assert periods.of_jobs(account) == 4 * DAY


def test_a_plans_word_counts_where_its_account_says_nothing(settings: Any, promised: int) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {
        "pro": {"keep_results_hours": 1, "keep_uploads_hours": 0, "keep_deliveries_days": 3, "keep_jobs_days": 4}
    }
    pro, own = Account(plan="pro"), Account(plan="pro", keep_jobs_days=5)
    assert periods.of_results(pro, dialect="slashed") == HOUR
    assert (periods.of_uploads(pro), periods.of_deliveries(pro)) == (None, 3 * DAY)
    assert (periods.of_jobs(pro), periods.of_jobs(own), periods.of_jobs(Account())) == (4 * DAY, 5 * DAY, 90 * DAY)


def test_zero_is_for_ever_in_an_account_and_in_the_settings(settings: Any, promised: int) -> None:
    account = Account(keep_results_hours=0, keep_uploads_hours=0, keep_deliveries_days=0, keep_jobs_days=0)
    for name in NAMES:
        setattr(settings, f"PHOTOMILL_KEEP_{name}", 0)
    for one in (account, Account()):
        kept = [periods.of_results(one, dialect="slashed"), periods.of_uploads(one), periods.of_deliveries(one)]
        assert [*kept, periods.of_jobs(one), periods.of_audit()] == [None] * 5


@pytest.mark.parametrize(("hours", "kept"), [(1, 168), (24, 168), (200, 200)])
def test_results_are_kept_no_shorter_than_their_product_promises(
    settings: Any, promised: int, hours: int, kept: int
) -> None:
    settings.PHOTOMILL_KEEP_RESULTS_HOURS = hours
    assert periods.of_results(Account(), dialect="slashed") == kept * HOUR
    assert periods.of_results(Account(), dialect="cropedly") == hours * HOUR


@pytest.mark.parametrize("name", NAMES)
def test_a_period_of_less_than_nothing_stops_the_start(settings: Any, name: str) -> None:
    setattr(settings, f"PHOTOMILL_KEEP_{name}", -1)
    assert f"PHOTOMILL_KEEP_{name} must be 0, for ever, or more" in {error.msg for error in run_checks()}
