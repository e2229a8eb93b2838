"""What the purge deletes when, and all that it leaves alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from jobs import dialects, services
from jobs.dialects.cropedly import wire
from jobs.models import Delivery, Item, Job, Output, Upload
from jobs.models.jobs import JobState, OutputState
from jobs.provisioning import provision
from jobs.retention.results import purge_results
from jobs.retention.rounds import Round
from jobs.retention.uploads import purge_uploads
from jobs.thumbnails import UNSHOWABLE, find_key, find_thumbnail
from storage.house import house, make_link
from storage.models import Connection
from tests.conftest import account_entry
from tests.jobs.keeping import (
    DAY,
    dump_rows,
    finish,
    list_house,
    make_in_place,
    make_kept,
    pass_hours,
    purge_now,
    read_folder,
)
from tests.jobs.making import make_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]


def result_of(job: Job) -> Output:
    return Output.objects.get(item__job=job)


def link_of(output: Output) -> str:
    return make_link(output.key, filename="1.png", content_type=output.mime).partition("/files/")[2]


# --- Results ---


def test_a_result_is_deleted_a_day_after_its_job_and_its_row_says_when(alice: Account, client: Client) -> None:
    job = make_kept(alice, dialect="cropedly")
    before, ticket = result_of(job), link_of(result_of(job))
    told = wire.to_results(job)
    pass_hours(DAY - 0.1, job)
    purge_now(purge_results)
    assert client.get(f"/files/{ticket}").status_code == 200
    pass_hours(0.2, job)
    purge_now(purge_results)
    after = result_of(job)
    assert (after.key, after.size_bytes, after.state) == (before.key, before.size_bytes, OutputState.STORED)
    assert (before.purged_at, after.purged_at is None) == (None, False)
    assert not house().exists(after.key)
    assert client.get(f"/files/{ticket}").status_code == 404
    assert client.head(f"/files/{ticket}").status_code == 404
    assert [{**row, "url": ""} for row in wire.to_results(job)] == [{**row, "url": ""} for row in told]


def test_the_thumbnail_of_a_result_goes_with_it_and_is_not_made_again(alice: Account) -> None:
    job = make_kept(alice)
    pass_hours(DAY + 1, job)
    purge_now(purge_results)
    output = result_of(job)
    assert not house().exists(find_key(output))
    assert find_thumbnail(output) == UNSHOWABLE
    assert house().exists(find_key(job.items.get()))


def test_a_result_is_kept_as_long_as_its_product_promises(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    known = dialects.all()
    monkeypatch.setattr(dialects, "all", lambda: known | {"slashed": replace(known["slashed"], results_hours=168)})
    promised, other = make_kept(alice), make_kept(alice, dialect="cropedly")
    pass_hours(7 * DAY - 1, promised, other)
    purge_now(purge_results)
    assert (result_of(promised).purged_at is None, result_of(other).purged_at is None) == (True, False)
    pass_hours(2, promised)
    purge_now(purge_results)
    assert result_of(promised).purged_at is not None


@pytest.mark.parametrize(("hours", "age", "is_kept"), [(1, 2, False), (48, 47, True), (48, 49, False), (0, 9999, True)])
def test_an_account_says_how_long_its_results_are_kept(
    alice: Account, bob: Account, hours: int, age: int, is_kept: bool
) -> None:
    Account.objects.filter(pk=alice.pk).update(keep_results_hours=hours)
    Account.objects.filter(pk=bob.pk).update(keep_results_hours=0)
    own, others = make_kept(alice), make_kept(bob)
    pass_hours(age, own, others)
    purge_now(purge_results)
    assert (result_of(own).purged_at is None) is is_kept
    assert house().exists(result_of(own).key) is is_kept
    assert house().exists(result_of(others).key)


def test_nothing_of_a_job_that_runs_is_deleted_however_old_it_is(alice: Account) -> None:
    job = make_kept(alice)
    pass_hours(200 * DAY, job)
    assert services.retry_job(job, only_failed=False)
    held = list_house()
    purge_now()
    assert list_house() == held
    assert Job.objects.get(pk=job.pk).state == JobState.QUEUED


def test_results_of_every_run_are_deleted(alice: Account) -> None:
    job = make_kept(alice)
    services.retry_job(job, only_failed=False)
    finish(job)
    assert Output.objects.filter(item__job=job).count() == 2
    pass_hours(DAY + 1, job)
    purge_now(purge_results)
    assert not Output.objects.filter(item__job=job, purged_at=None).exists()
    assert not {key for key in list_house() if key.endswith("/0.png")}


def test_a_second_round_finds_nothing_more_to_do(alice: Account) -> None:
    job = make_kept(alice, 2)
    pass_hours(DAY + 1, job)
    first, second = purge_now(), purge_now()
    assert (first.lines["results"].rows, first.lines["uploads"].rows) == (2, 3)
    assert not any(line.rows or line.files for line in second.lines.values())


def test_a_result_whose_storage_was_taken_away_is_none_of_the_houses(alice: Account) -> None:
    job = make_job(alice, ["480x360/1.jpg"])
    finish(job)
    alice.services.all().delete()
    Connection.objects.filter(account=alice).delete()
    output = result_of(job)
    assert output.connection_id is None
    house().write(output.key, b"somebody else's", content_type="image/jpeg")
    pass_hours(200 * DAY, job)
    purge_now()
    assert house().read(output.key, max_bytes=100).data == b"somebody else's"


# --- Uploads ---


def test_uploads_are_deleted_a_day_after_their_job(alice: Account) -> None:
    job = make_kept(alice, 2)
    keys = set(job.uploads.values_list("key", flat=True))
    thumbnails = {find_key(item) for item in job.items.all()}
    assert keys | thumbnails < list_house()
    pass_hours(DAY - 0.1, job)
    purge_now(purge_uploads)
    assert keys | thumbnails < list_house()
    pass_hours(0.2, job)
    purge_now(purge_uploads)
    assert not (keys | thumbnails) & list_house()
    assert not Upload.objects.exists()
    assert house().exists(Output.objects.filter(item__job=job)[0].key), "results have their own time"


def test_an_upload_that_another_job_needs_stays(alice: Account) -> None:
    first, second = make_kept(alice), make_kept(alice)
    shared = first.uploads.values_list("key", flat=True)[0]
    Upload.objects.create(job=second, key=shared)
    pass_hours(DAY + 1, first)
    purge_now()
    assert house().exists(shared)
    pass_hours(DAY + 1, second)
    purge_now()
    assert not house().exists(shared)


def test_an_account_says_how_long_its_uploads_are_kept(alice: Account, bob: Account) -> None:
    Account.objects.filter(pk=alice.pk).update(keep_uploads_hours=0)
    kept, gone = make_kept(alice), make_kept(bob)
    pass_hours(80 * DAY, kept, gone)
    purge_now()
    assert (kept.uploads.count(), gone.uploads.count()) == (2, 0)


# --- Jobs ---


def test_a_job_is_deleted_after_ninety_days_with_all_that_belongs_to_it(alice: Account) -> None:
    make_kept(alice)
    young_rows, young_files = dump_rows(), list_house()
    old = make_kept(alice, 2, callback_url="http://127.0.0.1:9/hook")
    pass_hours(90 * DAY - 1, old)
    purge_now()
    assert Job.every.filter(pk=old.pk).exists()
    pass_hours(2, old)
    purge_now()
    assert (dump_rows(), list_house()) == (young_rows, young_files)


def test_a_job_whose_results_are_kept_for_ever_takes_them_along(alice: Account) -> None:
    Account.objects.filter(pk=alice.pk).update(keep_results_hours=0, keep_uploads_hours=0)
    job = make_kept(alice)
    pass_hours(91 * DAY, job)
    purge_now()
    assert (Job.every.count(), list_house()) == (0, set())


def test_an_account_says_how_long_its_jobs_are_kept(alice: Account, bob: Account) -> None:
    Account.objects.filter(pk=alice.pk).update(keep_jobs_days=0)
    Account.objects.filter(pk=bob.pk).update(keep_jobs_days=1)
    kept, gone = make_job(alice, []), make_job(bob, [])
    pass_hours(1000 * DAY, kept)
    pass_hours(DAY + 1, gone)
    purge_now()
    assert list(Job.every.all()) == [kept]


def test_the_copy_of_an_overwritten_source_is_kept_as_long_as_its_job(alice: Account, bucket: Path) -> None:
    original = (bucket / "480x360/1.jpg").read_bytes()
    job = make_in_place(alice, "480x360/1.jpg")
    pass_hours(89 * DAY, job)
    purge_now()
    assert services.undo_item(job.items.get())
    assert (bucket / "480x360/1.jpg").read_bytes() == original
    pass_hours(2 * DAY, job)
    assert purge_now().lines["undo copies"].files == 1
    assert list_house() == set()


def test_a_job_that_was_marked_is_deleted_whatever_its_age(alice: Account) -> None:
    job, other = make_kept(alice), make_kept(alice)
    Job.objects.filter(pk=job.pk).update(deleted_at=timezone.now())
    purge_now()
    assert list(Job.every.all()) == [other]


def test_a_large_job_is_deleted_in_chunks(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.retention.due.CHUNK", 4)
    large, small = make_kept(alice, 7), make_kept(alice)
    pass_hours(91 * DAY, large, small)
    now = purge_now()
    assert (now.lines["jobs"].rows, now.lines["items"].rows, now.lines["outputs"].rows) == (2, 8, 8)
    assert (Job.every.count(), Item.objects.count(), list_house()) == (0, 0, set())


# --- Deliveries ---


def make_delivered(account: Account, *, days: float) -> Delivery:
    job = make_job(account, [], callback_url="http://127.0.0.1:9/hook")
    delivery = Delivery.objects.get(job=job)
    Delivery.objects.filter(pk=delivery.pk).update(state="delivered", ended_at=timezone.now())
    delivery.attempts.create(number=1, milliseconds=3, status_code=200)
    pass_hours(days * DAY, job)
    return delivery


def test_deliveries_are_deleted_after_thirty_days_and_pending_ones_never(alice: Account) -> None:
    old, young = make_delivered(alice, days=30.1), make_delivered(alice, days=29.9)
    pending = make_delivered(alice, days=89)
    Delivery.objects.filter(pk=pending.pk).update(state="pending", ended_at=None)
    now = purge_now()
    assert set(Delivery.objects.all()) == {young, pending}
    assert now.lines["deliveries"].rows == 1
    assert old.job in Job.objects.all()


def test_an_account_says_how_long_its_deliveries_are_kept(alice: Account, bob: Account, bucket: Path) -> None:
    Account.objects.filter(pk=alice.pk).update(keep_deliveries_days=60)
    provision({"accounts": [account_entry("carol", bucket, number=3, secret="tokC")]})
    carol = Account.objects.get(name="carol")
    Account.objects.filter(pk=carol.pk).update(keep_deliveries_days=0)
    kept = [make_delivered(alice, days=59), make_delivered(bob, days=29), make_delivered(carol, days=80)]
    gone = [make_delivered(alice, days=61), make_delivered(bob, days=31)]
    purge_now()
    assert set(Delivery.objects.all()) == set(kept)
    assert not Delivery.objects.filter(pk__in=[row.pk for row in gone]).exists()


def test_a_plan_says_how_long_deliveries_of_its_accounts_are_kept(alice: Account, bob: Account, settings: Any) -> None:
    settings.PHOTOMILL_PLAN_LIMITS = {"pro": {"keep_deliveries_days": 2}}
    Account.objects.filter(pk=bob.pk).update(plan="pro")
    kept, gone = make_delivered(alice, days=3), make_delivered(bob, days=3)
    purge_now()
    assert list(Delivery.objects.all()) == [kept] != [gone]


def test_a_round_of_one_account_deletes_its_deliveries_alone(alice: Account, bob: Account) -> None:
    kept, gone = make_delivered(alice, days=31), make_delivered(bob, days=31)
    purge_now(account=bob)
    assert list(Delivery.objects.all()) == [kept] != [gone]


# --- Whose, and how much ---


def test_a_round_of_one_account_touches_nothing_of_another(alice: Account, bob: Account) -> None:
    own, others = make_kept(alice), make_kept(bob)
    pass_hours(91 * DAY, own, others)
    purge_now(account=bob)
    assert list(Job.every.all()) == [own]
    assert house().exists(result_of(own).key)
    assert house().exists(own.uploads.all()[0].key)


def test_a_customers_storage_is_never_touched(alice: Account, bucket: Path) -> None:
    make_in_place(alice, "480x360/1.jpg")
    finish(make_job(alice, ["480x360/1.jpg"]))
    (bucket / "2026-01-01/uploads").mkdir(parents=True)
    (bucket / "2026-01-01/uploads/x").write_bytes(b"looks like ours")
    (bucket / ".photomill/left").write_bytes(b"a scrap")
    before = read_folder(bucket)
    pass_hours(999 * DAY, *Job.objects.all())
    purge_now()
    assert Job.every.count() == 0
    assert read_folder(bucket) == before


def test_a_dry_round_changes_nothing_and_counts_what_the_real_one_then_deletes(
    alice: Account, house_folder: Path
) -> None:
    job, young = make_kept(alice, 3), make_kept(alice)
    pass_hours(91 * DAY, job)
    files, rows = read_folder(house_folder), dump_rows()
    dry = purge_now(is_dry=True)
    assert (read_folder(house_folder), dump_rows()) == (files, rows)
    real = purge_now()
    left = read_folder(house_folder)
    assert {kind: line for kind, line in dry.lines.items() if line.rows or line.files} == {
        kind: line for kind, line in real.lines.items() if line.rows or line.files
    }
    counted = [real.lines[kind] for kind in ("results", "uploads", "thumbnails", "undo copies")]
    assert sum(line.files for line in counted) == len(files) - len(left)
    assert sum(line.size_bytes for line in counted) == sum(len(files[key][0]) for key in files.keys() - left.keys())
    assert real.lines["jobs"].oldest is not None
    assert young in Job.objects.all()


def test_a_round_whose_time_is_up_begins_no_further_chunk(alice: Account) -> None:
    job = make_kept(alice)
    pass_hours(91 * DAY, job)
    purge_now(seconds=-1)
    assert result_of(job).purged_at is None
    purge_now(seconds=60)
    assert Job.every.count() == 0


def test_a_round_reads_the_databases_clock(alice: Account) -> None:
    assert abs((Round().time - timezone.now()).total_seconds()) < 60
