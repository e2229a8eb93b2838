"""Folders read page by page."""

from pathlib import Path

import pytest

from accounts.models import Account
from jobs import engine, listings
from jobs.models import Delivery, Item, Job, Listing
from jobs.models.jobs import JobState
from tests.jobs.making import age, copy_picture, make_job

pytestmark = pytest.mark.django_db(transaction=True)


def read(job: Job) -> Job:
    """Have the job's folders read."""
    for listing in job.listings.all():
        listings.list_folder(listing.pk)
    job.refresh_from_db()
    return job


def test_each_picture_of_a_folder_becomes_an_item(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 5)
    (bucket / "in/notes.txt").write_text("not a picture")
    job = read(make_job(alice, [], folder="in"))
    assert (job.items_total, job.sealed_at is not None) == (5, True)
    assert Listing.objects.get().skipped == [{"key": "in/notes.txt", "reason": "not_a_picture"}]
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    assert job.state == JobState.FINISHED
    assert len(list((bucket / "out").iterdir())) == 5


def test_a_job_over_an_empty_folder_finishes_with_its_delivery(alice: Account) -> None:
    job = read(make_job(alice, [], folder="nothing-here", callback_url="http://127.0.0.1:9/hook"))
    assert job.state == JobState.FINISHED
    assert Delivery.objects.filter(job=job).count() == 1


def test_a_long_folder_is_taken_in_pages_and_its_first_items_may_end_before_the_last_is_listed(
    alice: Account, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.listings.PAGE_OBJECTS", 4)
    copy_picture(bucket, 10)
    job = make_job(alice, [], folder="in")
    listing = listings._claim(Listing.objects.get().pk)
    assert listing is not None
    assert listings._read_page(listing)
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    assert (job.items_total, job.items_ended, job.state) == (4, 4, JobState.RUNNING)
    age(100)
    read(job)
    assert job.items_total == 10
    assert sorted(Item.objects.values_list("position", flat=True)) == list(range(10))


def test_a_reader_that_lost_its_lease_adds_nothing(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 3)
    job = make_job(alice, [], folder="in")
    frozen = listings._claim(Listing.objects.get().pk)
    assert frozen is not None
    age(100)
    assert read(job).items_total == 3
    assert not listings._read_page(frozen)
    assert job.items.count() == 3


def test_outputs_that_fall_into_the_folder_are_never_taken_as_input(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 3)
    job = make_job(alice, [], folder="")
    (bucket / "out").mkdir()
    (bucket / "out/00000.jpg").write_bytes((bucket / "in/00000.jpg").read_bytes())
    read(job)
    names = set(job.items.values_list("name", flat=True))
    assert names == {"480x360/1.jpg", "in/00000.jpg", "in/00001.jpg", "in/00002.jpg"}
    assert {"key": "out/00000.jpg", "reason": "own_output"} in Listing.objects.get().skipped


def test_only_the_folder_itself_is_read_where_it_is_not_recursive(alice: Account, bucket: Path) -> None:
    copy_picture(bucket, 2)
    (bucket / "in/deep").mkdir()
    (bucket / "in/deep/x.jpg").write_bytes((bucket / "in/00000.jpg").read_bytes())
    job = make_job(alice, [], folder="in")
    Listing.objects.update(is_recursive=False)
    assert read(job).items_total == 2


def test_a_folder_whose_storage_is_gone_ends_the_job_with_the_reason(alice: Account) -> None:
    job = make_job(alice, [], folder="in")
    Listing.objects.update(connection=None)
    read(job)
    assert job.state == JobState.FINISHED
    assert "no longer connected" in job.message
    assert Listing.objects.get().error_code == "unknown_storage"
