"""Erasing: what was asked for is gone from the rows and the house storage, and nothing else is."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Account, ApiKey, AuditEntry, User
from jobs import references, services
from jobs.models import Item, Job, Output
from jobs.models.jobs import ItemState
from jobs.retention.erasing import erase_job
from jobs.spec import Destination, JobSpec, Source, Variant
from processing.base import AssetRef
from storage.house import house
from storage.models import Connection
from tests.jobs.dying import run_until
from tests.jobs.keeping import (
    HALF,
    SMALL,
    dump_rows,
    finish,
    list_house,
    make_in_place,
    make_kept,
    read_folder,
    write_kept,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]

SECRET_NAME = "private/anna-smith.jpg"


def erase(*arguments: str) -> str:
    out = io.StringIO()
    call_command("erase", *arguments, stdout=out)
    return out.getvalue()


def make_of(account: Account, bucket: Path, *keys: str) -> Job:
    """A finished job of pictures in the account's storage, whose results lie in the house storage."""
    for key in keys:
        (bucket / key).parent.mkdir(parents=True, exist_ok=True)
        (bucket / key).write_bytes(SMALL)
    storage = Connection.objects.get(account=account, name="main")
    refs = [AssetRef(kind="storage", storage_id=storage.pk, location=key) for key in keys]
    spec = JobSpec(
        dialect="slashed",
        sources=tuple(Source(ref=ref, name=ref.location, meta={"of": ref.location}) for ref in refs),
        variants=(Variant(name=f"small {keys[0]}", steps=HALF),),
        request={"sources": list(keys), "note": "spring"},
    )
    return finish(services.create_job(account=account, spec=spec))


# --- A source ---


def test_nothing_names_an_erased_source_any_more(alice: Account, bob: Account, bucket: Path) -> None:
    make_of(alice, bucket, SECRET_NAME, "b.jpg")
    make_of(alice, bucket, SECRET_NAME)
    make_in_place(alice, SECRET_NAME)
    others = make_of(bob, bucket, SECRET_NAME)
    before = read_folder(bucket)
    erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
    assert read_folder(bucket) == before, "the customer's own picture stays"
    left = Item.objects.filter(job__account=alice).exclude(name="erased")
    assert [item.name for item in left] == ["b.jpg"]
    Job.objects.filter(pk=others.pk).delete()
    assert "anna-smith" not in dump_rows()
    assert "spring" in dump_rows(), "what names another source stays"
    kept = Output.objects.get(item=left.get())
    assert house().exists(kept.key)
    assert Output.objects.filter(item__job__account=alice, connection=None, purged_at=None).get() == kept


def test_files_of_an_erased_source_are_deleted_and_others_are_not(alice: Account, bucket: Path) -> None:
    kept = make_of(alice, bucket, "b.jpg")
    held = list_house()
    make_of(alice, bucket, SECRET_NAME)
    make_in_place(alice, SECRET_NAME)
    erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
    assert list_house() == held
    assert Output.objects.get(item__job=kept).purged_at is None


def test_another_accounts_items_of_the_same_source_stay(alice: Account, bob: Account, bucket: Path) -> None:
    job = make_of(bob, bucket, SECRET_NAME)
    rows, files = dump_rows(), list_house()
    erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
    assert (dump_rows(), list_house()) == (rows, files)
    assert job.items.get().name == SECRET_NAME


def test_a_dry_run_of_erasing_changes_nothing(alice: Account, bucket: Path, house_folder: Path) -> None:
    make_of(alice, bucket, SECRET_NAME)
    rows, files = dump_rows(), read_folder(house_folder)
    shown = erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice", "--dry-run")
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [
        ["results", "1", "1"],
        ["undo", "copies", "0"],
        ["thumbnails", "0", "2"],
        ["items", "1", "0"],
    ]
    assert (dump_rows(), read_folder(house_folder)) == (rows, files)


def test_an_address_is_a_source_too(alice: Account) -> None:
    job = write_kept(alice)
    item = job.items.get()
    url = "https://shop.example/anna-smith.jpg"
    Item.objects.filter(pk=item.pk).update(source={"ref": {"kind": "web", "location": url}, "name": "x"}, name=url)
    erase("--source", url, "--account", "alice")
    assert "anna-smith" not in dump_rows()


def test_a_source_that_is_being_worked_on_is_refused_and_left(alice: Account, bucket: Path) -> None:
    job = make_of(alice, bucket, SECRET_NAME)
    Item.objects.filter(job=job).update(state=ItemState.RUNNING)
    rows, files = dump_rows(), list_house()
    with pytest.raises(CommandError, match="still at work"):
        erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
    assert (dump_rows(), list_house()) == (rows, files)


def test_the_audit_log_says_that_something_was_erased_and_not_what(alice: Account, bucket: Path) -> None:
    make_of(alice, bucket, SECRET_NAME)
    erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
    entry = AuditEntry.objects.get(action="erased")
    assert (entry.account, entry.details) == (alice, {"items": 1})
    assert "anna" not in entry.target


def test_erasing_a_source_that_was_killed_at_any_boundary_can_be_done_again(alice: Account, bucket: Path) -> None:
    for crossings in range(200):
        job = make_one(alice)
        arguments = ("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
        survived = run_until(crossings * 5, lambda arguments=arguments: erase(*arguments))  # type: ignore[misc]
        erase(*arguments)
        assert "anna-smith" not in dump_rows()
        assert not {key for key in list_house() if f"/{job.pk}/" in key}
        if survived:
            return
    pytest.fail("erasing has more boundaries than this test tries")


def make_one(account: Account) -> Job:
    job = write_kept(account)
    storage = Connection.objects.get(account=account, name="main")
    ref = {"kind": "storage", "storage_id": storage.pk, "location": SECRET_NAME}
    Item.objects.filter(job=job).update(source={"ref": ref, "name": SECRET_NAME}, name=SECRET_NAME)
    return job


# --- A job, a picture, a person, an account ---


def test_a_job_is_erased_with_what_lost_attempts_of_it_left(alice: Account) -> None:
    kept = make_kept(alice)
    rows, files = dump_rows(), list_house()
    job = make_kept(alice, 2)
    day = f"{job.created_at:%Y-%m-%d}"
    house().write(f"{day}/{job.pk}/{job.items.all()[0].pk}/99/0.png", b"lost", content_type="image/png")
    erase("--job", job.public_id, "--account", "alice")
    assert (dump_rows(), list_house()) == (rows, files)
    assert kept in Job.objects.all()


def test_a_job_that_runs_is_stopped_and_erased(alice: Account) -> None:
    job = make_kept(alice)
    assert services.retry_job(job, only_failed=False)
    erase_job(Job.objects.get(pk=job.pk))
    assert (Job.every.count(), list_house() - {key for key in list_house() if key.startswith("thumbnails/")}) == (
        0,
        set(),
    )


def test_another_accounts_job_is_not_erased(alice: Account, bob: Account) -> None:
    job = write_kept(bob)
    with pytest.raises(CommandError, match="there is no job"):
        erase("--job", job.public_id, "--account", "alice")
    assert Job.objects.filter(pk=job.pk).exists()


def test_a_reference_image_is_erased_with_its_file(alice: Account, bob: Account) -> None:
    image = references.keep_image(alice, name="a.png", mime="image/png", data=SMALL)
    with pytest.raises(CommandError):
        erase("--reference", image.public_id, "--account", "bob")
    erase("--reference", image.public_id, "--account", "alice")
    assert (alice.reference_images.count(), list_house()) == (0, set())


def test_a_person_is_erased(alice: Account) -> None:
    User.objects.create_user("anna@shop.example", "x", account=alice)
    erase("--user", "Anna@shop.example")
    assert not User.objects.exists()


def test_an_account_is_erased_with_all_its_own_and_nobody_elses(alice: Account, bob: Account, bucket: Path) -> None:
    others = write_kept(bob)
    bobs = list_house()
    write_kept(alice, 2)
    references.keep_image(alice, name="a.png", mime="image/png", data=SMALL)
    User.objects.create_user("anna@shop.example", "x", account=alice)
    ApiKey.objects.create(account=alice, name="key", secret_hash="h", last_four="abcd")
    before = read_folder(bucket)
    erase("--account", "alice")
    assert list(Account.objects.all()) == [bob]
    assert list(Job.every.all()) == [others]
    assert (list_house(), User.objects.count(), read_folder(bucket)) == (bobs, 0, before)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--account NAME is missing"),
        (["--account", "nobody"], "there is no account"),
        (["--source", "storage://none/a.jpg", "--account", "alice"], "There is no storage"),
        (["--source", "storage://main/../a.jpg", "--account", "alice"], "must not contain"),
        (["--user", "nobody@x.example"], "there is nobody"),
        (["--account", "alice", "--dry-run"], "--dry-run goes with --source"),
    ],
)
def test_what_cannot_be_erased_is_said(alice: Account, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        erase(*arguments)
    assert Account.objects.filter(pk=alice.pk).exists()


def test_destinations_of_an_erased_source_are_not_named(alice: Account, bucket: Path, settings: Any) -> None:
    (bucket / "private").mkdir()
    (bucket / SECRET_NAME).write_bytes(SMALL)
    storage = Connection.objects.get(account=alice)
    ref = AssetRef(kind="storage", storage_id=storage.pk, location=SECRET_NAME)
    place = Destination(storage_id=storage.pk, key="out/anna-smith-small.png")
    variant = Variant(name="out/anna-smith-small.png", steps=HALF, destination=place)
    spec = JobSpec(dialect="slashed", sources=(Source(ref=ref, name=SECRET_NAME),), variants=(variant,))
    finish(services.create_job(account=alice, spec=spec))
    erase("--source", f"storage://main/{SECRET_NAME}", "--account", "alice")
    assert "anna-smith" not in dump_rows()
    assert (bucket / "out/anna-smith-small.png").exists()
