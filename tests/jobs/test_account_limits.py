"""What an account's own limits allow one source to be, wherever it comes from."""

from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from jobs import engine, slots
from jobs.models import Item, Output
from jobs.models.jobs import ItemState
from tests.jobs.making import make_job

pytestmark = pytest.mark.django_db(transaction=True)

PICTURE = "480x360/1.jpg"
PIXELS = 480 * 360


def run_one(account: Account, **more: Any) -> Item:
    job = make_job(account, [PICTURE], **more)
    engine.run_item(Item.objects.get(job=job).pk)
    return Item.objects.get(job=job)


def limit(account: Account, **limits: int) -> Account:
    Account.objects.filter(pk=account.pk).update(**limits)
    account.refresh_from_db()
    return account


def test_a_source_may_have_as_many_bytes_as_its_account_may_have_and_no_more(alice: Account, bucket: Path) -> None:
    size = (bucket / PICTURE).stat().st_size
    assert run_one(limit(alice, max_source_bytes=size)).state == ItemState.DONE
    item = run_one(limit(alice, max_source_bytes=size - 1))
    assert (item.state, item.error_code) == (ItemState.FAILED, "source_too_large")


def test_a_source_may_have_as_many_pixels_as_its_account_may_have_and_no_more(alice: Account) -> None:
    assert run_one(limit(alice, max_pixels=PIXELS)).state == ItemState.DONE
    item = run_one(limit(alice, max_pixels=PIXELS - 1))
    assert (item.state, item.error_code) == (ItemState.FAILED, "too_many_pixels")


def test_a_result_may_have_no_more_pixels_either(alice: Account) -> None:
    item = run_one(limit(alice, max_pixels=PIXELS * 4), width=481 * 2)
    assert item.state == ItemState.FAILED
    assert Output.objects.get(item=item).error_code == "result_too_large"


def test_a_plan_s_limits_hold_where_the_account_has_none(alice: Account, settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {"free": {"max_pixels": PIXELS - 1}}
    assert run_one(alice).error_code == "too_many_pixels"
    limit(alice, plan="pro")
    assert run_one(alice).state == ItemState.DONE


def test_an_account_s_limits_are_within_the_server_s(alice: Account, settings: Any) -> None:
    settings.PHOTOMILL_MAX_PIXELS, settings.PHOTOMILL_MAX_SOURCE_BYTES = 1000, 2000
    limits = slots.limits(limit(alice, max_pixels=5000, max_source_bytes=1999))
    assert (limits.max_pixels, limits.max_source_bytes) == (1000, 1999)
    assert limits.max_frames == settings.PHOTOMILL_MAX_FRAMES


def test_a_limit_that_is_changed_holds_for_what_waits(alice: Account) -> None:
    job = make_job(alice, [PICTURE])
    limit(alice, max_pixels=1)
    engine.run_item(Item.objects.get(job=job).pk)
    assert Item.objects.get(job=job).error_code == "too_many_pixels"
