"""No more items in flight than an account may have: jobs are refused, folders wait."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.errors import TooManyItems
from accounts.models import Account
from jobs import admission, engine, listings, services
from jobs.models import Item, Job, Listing
from jobs.models.jobs import ItemState, JobState
from jobs.provisioning import provision
from storage.connections import open_by_id
from tests.conftest import account_entry
from tests.jobs.making import age, copy_picture, make_job

pytestmark = pytest.mark.django_db(transaction=True)

PICTURE = "480x360/1.jpg"


def allow(account: Account, most: int | None) -> Account:
    account.max_items_in_flight = most
    account.save()
    return account


def run_some(count: int) -> None:
    for pk in Item.objects.filter(state=ItemState.QUEUED).order_by("pk").values_list("pk", flat=True)[:count]:
        engine.run_item(pk)


def test_what_is_queued_and_what_is_at_work_counts_and_what_has_ended_does_not(alice: Account) -> None:
    make_job(alice, [PICTURE] * 3)
    Item.objects.filter(position=0).update(state=ItemState.RUNNING)
    assert admission.count_items(alice) == 3
    run_some(1)
    assert admission.count_items(alice) == 2
    services.cancel_job(Job.objects.get())
    assert admission.count_items(alice) == 0


def test_a_failed_item_is_no_longer_in_flight_and_a_retried_one_is_again(alice: Account) -> None:
    job = make_job(alice, ["missing.jpg", PICTURE])
    run_some(2)
    assert admission.count_items(alice) == 0
    assert services.retry_job(Job.objects.get(pk=job.pk), only_failed=True)
    assert admission.count_items(alice) == 1


def test_a_job_over_the_limit_is_refused_and_nothing_of_it_is_written(alice: Account) -> None:
    allow(alice, 3)
    make_job(alice, [PICTURE] * 2)
    with pytest.raises(TooManyItems, match="2 are queued or at work, this request has 2, and the account may have 3"):
        make_job(alice, [PICTURE] * 2)
    assert (Job.objects.count(), Item.objects.count()) == (1, 2)
    make_job(alice, [PICTURE])


def test_there_is_room_again_once_items_have_ended(alice: Account) -> None:
    allow(alice, 2)
    make_job(alice, [PICTURE] * 2)
    with pytest.raises(TooManyItems):
        make_job(alice, [PICTURE])
    run_some(1)
    make_job(alice, [PICTURE])


def test_an_account_s_items_take_no_room_from_another(alice: Account, tmp_path: Path) -> None:
    (tmp_path / "bobs").mkdir()
    provision({"accounts": [account_entry("bob", tmp_path / "bobs", number=2, secret="tokB")]})
    bob = allow(Account.objects.get(name="bob"), 1)
    make_job(allow(alice, 5), [PICTURE] * 5)
    make_job(bob, ["a.jpg"])
    assert (admission.count_items(alice), admission.count_items(bob)) == (5, 1)


def test_many_at_once_get_no_more_than_the_limit(alice: Account) -> None:
    allow(alice, 10)
    gate = threading.Barrier(8)

    def submit(_number: int) -> int:
        try:
            gate.wait(timeout=20)
            return sum(is_taken(alice) for _ in range(4))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submit, range(8))) == 10
    assert Item.objects.count() == admission.count_items(alice) == 10


def is_taken(account: Account) -> bool:
    try:
        make_job(account, [PICTURE])
    except TooManyItems:
        return False
    return True


def test_counting_costs_the_same_for_few_items_and_many(alice: Account) -> None:
    costs = []
    for count in (1, 400):
        make_job(alice, [PICTURE] * count)
        with CaptureQueriesContext(connection) as queries:
            admission.count_items(alice)
        costs.append(len(queries))
    assert costs == [1, 1]


def test_a_client_is_told_in_its_product_s_words_and_when_to_come_back(alice: Account, client: Client) -> None:
    allow(alice, 1)
    body = {"service_id": 1, "source": PICTURE, "jobs": [{"destination": "/out/1.png", "transformations": []}]}
    body["jobs"][0]["transformations"] = [{"type": "flip", "direction": "x"}]  # type: ignore[index]
    send = {"content_type": "application/json", "headers": {"authorization": "Bearer tokA"}}
    first, second = (client.post("/request", body, **send) for _ in range(2))
    assert first.status_code == 200, first.content
    assert second.status_code == 429
    assert second.json()["message"].startswith("Too many items at once: 1 are queued or at work")
    assert second["Retry-After"] == "10"


# --- folders -----------------------------------------------------------------------------------------------------


def read(listing: Listing) -> int:
    """Have the folder read as far as there is room. Returns how many items there are then."""
    age(60)
    listings.list_folder(listing.pk)
    return Item.objects.count()


def test_a_folder_waits_where_there_is_no_room_and_goes_on_when_there_is(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 25)
    job = make_job(allow(alice, 10), [], folder="in")
    listing = Listing.objects.get()
    assert read(listing) == 9, "a tenth is left"
    assert read(listing) == 9
    run_some(3)
    assert read(listing) == 9, "it does not go on with a few at a time"
    run_some(1)
    assert read(listing) == 13
    for _ in range(10):
        run_some(9)
        read(listing)
        assert admission.count_items(alice) <= 9
    job.refresh_from_db()
    assert (job.items_total, job.items_ended, job.state) == (25, 25, JobState.FINISHED)
    assert sorted(job.items.values_list("name", flat=True)) == [f"{number:05}.jpg" for number in range(25)]


def test_beside_a_folder_that_fills_its_account_there_is_room_for_a_picture(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 30)
    make_job(allow(alice, 10), [], folder="in")
    read(Listing.objects.get())
    make_job(alice, [PICTURE])
    with pytest.raises(TooManyItems):
        make_job(alice, [PICTURE])


def test_a_folder_that_waits_can_be_cancelled(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 5)
    job = make_job(allow(alice, 1), [], folder="in")
    assert read(Listing.objects.get()) == 1
    assert services.cancel_job(job)
    assert read(Listing.objects.get()) == 1
    assert Listing.objects.get().ended_at is not None


def test_room_that_went_while_a_page_was_read_is_not_taken_twice(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 8)
    make_job(allow(alice, 10), [], folder="in")
    listing = listings._claim(Listing.objects.get().pk)
    assert listing is not None
    page = open_by_id(listing.connection_id or 0).list("in/", limit=8)
    make_job(alice, [PICTURE] * 5)
    with pytest.raises(TooManyItems):
        listings._take_page(listing, page)
    assert Item.objects.count() == 5
    run_some(5)
    assert read(Listing.objects.get()) == 5 + 8, "nothing of the page was passed over"


def test_two_folders_share_what_the_account_may_have(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 20)
    allow(alice, 10)
    make_job(alice, [], folder="in")
    make_job(alice, [], folder="in")
    one, other = Listing.objects.order_by("pk")
    read(one)
    assert read(other) == 9
    for _ in range(10):
        run_some(9)
        read(one), read(other)
        assert admission.count_items(alice) <= 9
    assert Job.objects.filter(state=JobState.FINISHED, items_total=20).count() == 2
