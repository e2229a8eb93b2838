"""What results are called: as their sources, and no two of a job the same."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Account
from jobs import engine, listings, services
from jobs.models import Item, Job, Listing
from jobs.spec import Destination, Folder, JobSpec, Source, Variant
from processing.base import AssetRef
from processing.formats import Output
from storage.models import Connection
from tests.conftest import encode, gradient

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = encode(gradient((8, 6)), "JPEG")


def make(
    account: Account,
    *,
    names: Sequence[str] = (),
    folders: Sequence[str] = (),
    pattern: str | None = "out/{folder}{stem}.jpg",
) -> Job:
    """A job that puts each picture into out/, from a place that its name says nothing about."""
    storage = Connection.objects.get(account=account, name="main").pk
    ref = AssetRef(kind="storage", storage_id=storage, location="480x360/1.jpg")
    destination = Destination(storage_id=storage, pattern=pattern) if pattern else Destination()
    spec = JobSpec(
        dialect="slashed",
        sources=tuple(Source(ref=ref, name=name) for name in names),
        folders=tuple(Folder(storage_id=storage, prefix=folder) for folder in folders),
        variants=(Variant(output=Output(format="jpeg"), destination=destination),),
    )
    return services.create_job(account=account, spec=spec)


def put(bucket: Path, *keys: str) -> None:
    for key in keys:
        (bucket / key).parent.mkdir(parents=True, exist_ok=True)
        (bucket / key).write_bytes(SMALL)


def read(job: Job) -> None:
    for listing in job.listings.order_by("pk"):
        listings.list_folder(listing.pk)


def stems(job: Job) -> list[str | None]:
    return list(job.items.order_by("position").values_list("stem", flat=True))


def test_results_are_called_as_their_sources(alice: Account) -> None:
    job = make(alice, names=["1.jpg", "sub/2.png", "a.b.webp", "noextension", ".hidden"])
    assert stems(job) == ["1", "sub/2", "a.b", "noextension", ".hidden"]


def test_of_two_with_one_name_the_second_has_its_place_in_it(alice: Account) -> None:
    job = make(alice, names=["1.jpg", "1.png", "sub/1.jpg", "1.webp", "1.jpg"])
    assert stems(job) == ["1", "1-2", "sub/1", "1-4", "1-5"]


def test_a_name_with_a_place_in_it_is_not_given_twice(alice: Account) -> None:
    assert stems(make(alice, names=["1-3.jpg", "1.jpg", "1.png"])) == ["1-3", "1", "1-3-again"]


def test_every_result_of_a_crowd_of_one_name_is_there(alice: Account, bucket: Path) -> None:
    job = make(alice, names=["x.jpg"] * 12)
    for item in job.items.all():
        engine.run_item(item.pk)
    job.refresh_from_db()
    assert (job.outputs_stored, len(list((bucket / "out").iterdir()))) == (12, 12)


def test_pages_of_a_folder_know_the_names_of_those_before(
    alice: Account, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.listings.PAGE_OBJECTS", 2)
    put(bucket, "in/a.jpg", "in/a.png", "in/a.webp", "in/b.jpg", "in/sub/a.jpg")
    job = make(alice, folders=["in"])
    read(job)
    assert sorted(map(str, stems(job))) == ["a", "a-2", "a-3", "b", "sub/a"]


def test_folders_of_a_job_share_their_names_and_keep_their_order(alice: Account, bucket: Path) -> None:
    put(bucket, "x/a.jpg", "x/b.jpg", "y/a.jpg", "y/c.jpg")
    job = make(alice, names=["a.jpg"], folders=["y", "x"])
    read(job)
    assert stems(job) == ["a", "a-2", "c", "a-4", "b"]


def test_a_folder_waits_for_the_one_before_it(alice: Account, bucket: Path) -> None:
    put(bucket, "x/a.jpg", "y/b.jpg")
    job = make(alice, folders=["x", "y"])
    first, second = job.listings.order_by("pk")
    listings.list_folder(second.pk)
    assert stems(job) == []
    listings.list_folder(first.pk)
    listings.list_folder(second.pk)
    job.refresh_from_db()
    assert (stems(job), job.sealed_at is not None) == (["a", "b"], True)


def test_a_folder_that_cannot_be_read_holds_up_none_behind_it(alice: Account, bucket: Path) -> None:
    put(bucket, "y/b.jpg")
    job = make(alice, folders=["x", "y"])
    Listing.objects.filter(job=job, prefix="x").update(connection=None)
    read(job)
    job.refresh_from_db()
    assert (stems(job), job.sealed_at is not None) == (["b"], True)


def test_what_goes_to_the_house_storage_needs_no_name(alice: Account) -> None:
    assert stems(make(alice, names=["1.jpg", "1.png"], pattern=None)) == [None, None]


def test_the_database_keeps_no_name_twice(alice: Account) -> None:
    job, other = make(alice, names=["1.jpg", "2.jpg"]), make(alice, names=["1.jpg"])
    assert stems(other) == ["1"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(job=job).update(stem="1")
