"""What items cost: taken as they are added, and given back for those that come to nothing."""

from pathlib import Path

import pytest

from accounts.errors import NoCredits, PaymentDue
from accounts.models import Account
from jobs import engine, listings, services
from jobs.models import Item, Job, Listing
from jobs.models.jobs import JobState
from tests.jobs.making import copy_picture, make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payer(alice: Account) -> Account:
    """Alice with ten credits."""
    alice.credits = 10
    alice.save()
    return alice


def left(account: Account) -> int | None:
    return Account.objects.get(pk=account.pk).credits


def work(job: Job) -> None:
    for item in job.items.all():
        engine.run_item(item.pk)


def read(job: Job) -> None:
    listings.list_folder(job.listings.get().pk)
    job.refresh_from_db()


def test_items_are_paid_when_they_are_added(payer: Account, bucket: Path) -> None:
    job = make_job(payer, copy_picture(bucket, 3), item_credits=2)
    assert left(payer) == 4
    work(job)
    assert left(payer) == 4


def test_an_item_that_fails_is_given_back(payer: Account, bucket: Path) -> None:
    job = make_job(payer, [*copy_picture(bucket, 2), "in/missing.jpg"], item_credits=1)
    assert left(payer) == 7
    work(job)
    assert left(payer) == 8


def test_nothing_is_written_where_there_are_not_enough(payer: Account, bucket: Path) -> None:
    with pytest.raises(NoCredits):
        make_job(payer, copy_picture(bucket, 11), item_credits=1)
    assert (left(payer), Job.objects.count(), Item.objects.count()) == (10, 0, 0)


def test_an_account_that_owes_adds_nothing(payer: Account, bucket: Path) -> None:
    payer.payment_due = True
    payer.save()
    with pytest.raises(PaymentDue):
        make_job(payer, copy_picture(bucket, 1), item_credits=1)
    assert (left(payer), Job.objects.count()) == (10, 0)


def test_what_was_not_done_of_a_cancelled_job_is_given_back_once(payer: Account, bucket: Path) -> None:
    job = make_job(payer, copy_picture(bucket, 4), item_credits=1)
    engine.run_item(job.items.first().pk)
    assert services.cancel_job(job)
    assert not services.cancel_job(job)
    work(job)
    assert left(payer) == 9


def test_a_retry_costs_nothing_and_gives_nothing_back(payer: Account, bucket: Path) -> None:
    job = make_job(payer, ["in/missing.jpg"], item_credits=1)
    work(job)
    job.refresh_from_db()
    assert services.retry_job(job, only_failed=True)
    assert left(payer) == 10
    work(job)
    assert left(payer) == 10


def test_a_folder_is_paid_as_it_is_read(payer: Account, bucket: Path) -> None:
    copy_picture(bucket, 3)
    job = make_job(payer, [], folder="in", item_credits=1)
    assert left(payer) == 10
    read(job)
    assert left(payer) == 7


def test_a_folder_ends_where_the_credits_do(payer: Account, bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.listings.PAGE_OBJECTS", 4)
    copy_picture(bucket, 12)
    job = make_job(payer, [], folder="in", item_credits=1)
    read(job)
    assert (left(payer), job.items_total) == (2, 8)
    assert Listing.objects.get().error_code == "no_credits"
    work(job)
    job.refresh_from_db()
    assert (job.state, "no credits left" in job.message) == (JobState.FINISHED, True)


def test_a_folder_is_not_begun_without_a_credit(payer: Account) -> None:
    Account.objects.update(credits=0)
    with pytest.raises(NoCredits):
        make_job(payer, [], folder="in", item_credits=1)
    assert Job.objects.count() == 0


def test_where_credits_are_not_counted_nothing_is_taken(alice: Account, bucket: Path) -> None:
    work(make_job(alice, [*copy_picture(bucket, 1), "in/missing.jpg"], item_credits=1))
    assert left(alice) is None


def test_items_cost_nothing_where_nobody_says_so(payer: Account, bucket: Path) -> None:
    work(make_job(payer, [*copy_picture(bucket, 1), "in/missing.jpg"]))
    assert left(payer) == 10
