"""`manage.py purge`, and the messages that start a purge by itself."""

import io
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Account
from jobs import tasks
from jobs.models import Job
from jobs.retention.purge import KINDS, ROUND_SECONDS, STEPS
from project.celery import PURGE_SECONDS
from storage.house import house
from tests.jobs.keeping import DAY, dump_rows, let_files_age, list_house, pass_hours, read_folder, write_kept

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("house_folder")]


def run_purge(*arguments: str) -> dict[str, list[str]]:
    """The table that the command prints: of each kind its cells."""
    out = io.StringIO()
    call_command("purge", *arguments, stdout=out)
    head, *lines = out.getvalue().splitlines()
    assert head.split() == ["kind", "rows", "files", "bytes", "oldest"]
    return {line[:14].strip(): line[14:].split() for line in lines}


def test_a_dry_run_shows_what_is_due_and_changes_nothing(alice: Account, house_folder: Path) -> None:
    job = write_kept(alice, 3)
    pass_hours(91 * DAY, job)
    house().write("2026-01-01/uploads/lost", b"12345", content_type="image/png")
    let_files_age(house_folder)
    rows, files = dump_rows(), read_folder(house_folder)
    table = run_purge("--dry-run")
    assert tuple(table) == KINDS
    assert table["results"][:3] == ["3", "3", "18"]
    assert table["uploads"][:3] == ["3", "3", "18"]
    assert table["undo copies"] == ["0", "3", "18"]
    assert table["thumbnails"] == ["0", "6", "36"]
    assert table["jobs"][0] == "1"
    assert table["jobs"][-2:] == Job.objects.get().finished_at.strftime("%Y-%m-%d %H:%M").split()
    assert (table["items"][0], table["outputs"][0], table["deliveries"][0]) == ("3", "3", "1")
    assert table["orphans"][:3] == ["0", "1", "5"]
    assert (dump_rows(), read_folder(house_folder)) == (rows, files)


def test_a_run_deletes_what_the_dry_one_showed(alice: Account, house_folder: Path) -> None:
    job, young = write_kept(alice, 3), write_kept(alice)
    pass_hours(91 * DAY, job)
    house().write("2026-01-01/uploads/lost", b"12345", content_type="image/png")
    let_files_age(house_folder)
    assert run_purge("--dry-run") == run_purge()
    assert list(Job.every.all()) == [young]
    assert len(list_house()) == 5
    assert run_purge() == {kind: ["0", "0", "0"] for kind in KINDS}


def test_a_run_for_one_account_leaves_the_others_and_what_is_nobodys(
    alice: Account, bob: Account, house_folder: Path
) -> None:
    own, others = write_kept(alice), write_kept(bob)
    pass_hours(91 * DAY, own, others)
    house().write("2026-01-01/uploads/lost", b"12345", content_type="image/png")
    let_files_age(house_folder)
    assert run_purge("--account", "alice")["jobs"][0] == "1"
    assert list(Job.every.all()) == [others]
    assert house().exists("2026-01-01/uploads/lost")


def test_an_account_that_is_not_there_is_said(alice: Account) -> None:
    with pytest.raises(CommandError, match="there is no account 'nobody'"):
        call_command("purge", "--account", "nobody")


def test_a_storage_that_fails_is_said(alice: Account, settings: object) -> None:
    settings.PHOTOMILL_STORAGE_URL = "s3://k:s@house?endpoint_url=http://127.0.0.1:1"  # type: ignore[attr-defined]
    settings.PHOTOMILL_FETCH_SECONDS = 0.5  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="house storage refused"):
        call_command("purge", stdout=io.StringIO())


def test_beat_rings_a_purge_that_ends_before_the_next_and_a_walk_at_night() -> None:
    schedule = current_app.conf.beat_schedule
    assert schedule["purge"]["schedule"] == PURGE_SECONDS > ROUND_SECONDS
    assert schedule["purge_orphans"]["schedule"].hour == {3}
    assert {schedule[name]["options"]["queue"] for name in ("sweep", "purge", "purge_orphans")} == {"periodic"}
    assert all(entry["task"] in current_app.tasks for entry in schedule.values())


def test_the_tasks_do_the_same_as_the_command(alice: Account, house_folder: Path) -> None:
    job = write_kept(alice, 2)
    pass_hours(91 * DAY, job)
    house().write("2026-01-01/uploads/lost", b"12345", content_type="image/png")
    let_files_age(house_folder)
    tasks.purge()
    assert Job.every.count() == 0
    assert list_house() == {"2026-01-01/uploads/lost"}
    tasks.purge_orphans()
    assert list_house() == set()
    assert len(STEPS) == len({step.__name__ for step in STEPS})
