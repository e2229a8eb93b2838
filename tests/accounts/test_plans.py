"""What holds for an account: its own number, else its plan's, else the server's."""

from typing import Any

import pytest

from accounts.checks import check_plans
from accounts.models import Account, Plan
from accounts.plans import LIMITS, PLANS, find_chosen, find_faults, find_limits

pytestmark = pytest.mark.django_db


def make(plan: str = Plan.FREE, **limits: int) -> Account:
    return Account(name="acme", plan=plan, **limits)


@pytest.mark.parametrize(("plan", "most"), [("free", 200_000), ("pro", 1_000_000), ("enterprise", None)])
def test_a_plan_says_how_many_items_may_be_in_flight(plan: str, most: int | None) -> None:
    assert find_limits(make(plan)).max_items_in_flight == most


@pytest.mark.parametrize("plan", Plan.values)
def test_an_account_that_says_nothing_has_the_server_s_limits(plan: str, settings: Any) -> None:
    settings.PHOTOMILL_REQUESTS_PER_MINUTE = 7
    settings.PHOTOMILL_MAX_SOURCE_BYTES = 8
    settings.PHOTOMILL_MAX_PIXELS = 9
    found = find_limits(make(plan))
    assert (found.requests_per_minute, found.requests_per_second) == (7, None)
    assert (found.max_source_bytes, found.max_pixels) == (8, 9)


def test_an_account_s_own_numbers_come_first(settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {"free": dict.fromkeys(LIMITS, 50)}
    own = {name: number for number, name in enumerate(LIMITS, 1)}
    account = make(**own)
    assert {name: find_chosen(account, name) for name in LIMITS} == own
    found = find_limits(account)
    assert (found.requests_per_minute, found.requests_per_second, found.max_source_bytes) == (1, 2, 3)
    assert (found.max_pixels, found.max_items_in_flight) == (4, 5)


def test_the_setting_comes_before_the_plan_and_leaves_other_plans_alone(settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {"free": {"max_items_in_flight": 5, "requests_per_second": 2}}
    free, pro = find_limits(make()), find_limits(make(Plan.PRO))
    assert (free.max_items_in_flight, free.requests_per_second) == (5, 2)
    assert (pro.max_items_in_flight, pro.requests_per_second) == (1_000_000, None)


def test_the_setting_can_take_a_plan_s_limit_away(settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {"free": {"max_items_in_flight": None}}
    assert find_limits(make()).max_items_in_flight is None


@pytest.mark.parametrize("name", ["max_source_bytes", "max_pixels"])
def test_nobody_gets_past_the_server_s_own_limits(name: str, settings: Any) -> None:
    settings.PHOTOMILL_MAX_SOURCE_BYTES = settings.PHOTOMILL_MAX_PIXELS = 1000
    assert getattr(find_limits(make(**{name: 1001})), name) == 1000
    assert getattr(find_limits(make(**{name: 999})), name) == 999


def test_the_table_names_every_plan_and_no_limit_that_is_none() -> None:
    assert set(PLANS) == set(Plan.values)
    assert {name for limits in PLANS.values() for name in limits} <= set(LIMITS)
    assert set(LIMITS) <= {field.name for field in Account._meta.get_fields()}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([], "must be an object of plans"),
        ({"free": 5}, "must be an object of plans"),
        ({"gold": {}}, "'gold' is no plan: free, pro, enterprise"),
        ({"free": {"colour": 5}}, "free: 'colour' is no limit"),
        ({"free": {"max_pixels": 0}}, "free.max_pixels must be a whole number from 1 on, or null"),
        ({"pro": {"keep_jobs_days": -1}}, "pro.keep_jobs_days must be a whole number from 0 on, or null"),
        ({"free": {"max_pixels": "5"}}, "free.max_pixels must be a whole number"),
        ({"free": {"max_pixels": True}}, "free.max_pixels must be a whole number"),
        ({"free": {"max_pixels": 1.5}}, "free.max_pixels must be a whole number"),
    ],
)
def test_a_setting_that_means_nothing_stops_the_start_and_is_named(value: Any, fault: str, settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = value
    found = find_faults(value)
    assert fault in found[0]
    assert [error.msg for error in check_plans()] == [f"PHOTOMILL_PLAN_LIMITS: {each}" for each in found]


def test_a_setting_that_means_something_starts(settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {"free": {"max_pixels": 5, "keep_jobs_days": None}, "pro": {}}
    assert check_plans() == []
