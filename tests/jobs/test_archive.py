"""Backup and restore: everything comes back, or nothing is changed."""

import stat
import tarfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Account, User
from jobs.archive import files, rows
from jobs.models import Job, Service
from storage.house import house
from storage.models import Connection
from tests.jobs.making import make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    """A folder with a house storage that holds two objects."""
    settings.PHOTOMILL_STORAGE_URL = f"file://{tmp_path}/house"
    house().write("2026-01-01/a b/ü.png", b"one", content_type="image/png")
    house().write("references/1/x", b"", content_type="image/png")
    return tmp_path


def dump_all() -> dict[str, list[str]]:
    return {model._meta.db_table: list(rows.dump(connection, model)) for model in rows.list_models()}


def back_up(place: Path, **options: Any) -> Path:
    call_command("backup", str(place / "all.tar"), stdout=StringIO(), **options)
    return place / "all.tar"


def restore(file: Path, **options: Any) -> str:
    said = StringIO()
    call_command("restore", str(file), stdout=said, **options)
    return said.getvalue()


def wipe() -> None:
    rows.replace_all(connection, {})
    for facts in house().list("").objects:
        house().delete(facts.key)


def test_what_was_kept_comes_back_to_the_last_bit(service: Service, place: Path) -> None:
    make_job(service.account, ["480x360/1.jpg"])
    User.objects.create_user("ada@example.com", "pw", account=service.account)
    before = dump_all()
    file = back_up(place)
    wipe()
    assert not Job.objects.exists()
    restore(file)
    assert dump_all() == before
    assert house().read("2026-01-01/a b/ü.png", max_bytes=10).data == b"one"
    assert house().read("references/1/x", max_bytes=10).data == b""


def test_new_rows_follow_the_restored_ones(service: Service, place: Path) -> None:
    last = make_job(service.account, ["a.jpg"]).pk
    file = back_up(place)
    wipe()
    restore(file)
    assert make_job(service.account, ["a.jpg"]).pk > last


def test_credentials_stay_encrypted_in_the_file_and_can_be_read_after(service: Service, place: Path) -> None:
    storage = service.connection
    storage.credentials = {"secret_access_key": "plain-secret-word"}
    storage.save()
    file = back_up(place)
    with tarfile.open(file) as tar:
        tables = [member for member in tar if member.name.startswith("database/")]
        for member in tables:
            assert b"plain-secret-word" not in files.gzip.decompress(tar.extractfile(member).read())  # type: ignore[union-attr]
    wipe()
    restore(file)
    assert Connection.objects.get(pk=storage.pk).credentials == {"secret_access_key": "plain-secret-word"}


def test_the_file_is_its_owners_alone_and_appears_when_it_is_whole(service: Service, place: Path) -> None:
    file = back_up(place)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in place.glob("all.tar*")) == ["all.tar"]


def test_a_database_that_holds_something_is_left_alone(service: Service, place: Path) -> None:
    file = back_up(place)
    before = dump_all()
    with pytest.raises(CommandError, match="not empty: it has accounts"):
        restore(file)
    assert dump_all() == before


def test_overwriting_is_asked_for(service: Service, place: Path) -> None:
    file = back_up(place)
    Account.objects.create(name="later")
    restore(file, overwrite=True)
    assert list(Account.objects.values_list("name", flat=True)) == [service.account.name]


def test_keys_that_do_not_open_the_archive_are_told_before_anything_is_changed(
    service: Service, place: Path, settings: Any
) -> None:
    file = back_up(place)
    wipe()
    settings.PHOTOMILL_ENCRYPTION_KEYS = ["b3RoZXIta2V5LTAxMjM0NTY3ODktMDEyMzQ1Njc4OS0="]
    with pytest.raises(CommandError, match="other PHOTOMILL_ENCRYPTION_KEYS"):
        restore(file)
    assert not Account.objects.exists()


def test_the_keys_come_back_where_there_are_none(service: Service, place: Path, settings: Any) -> None:
    file = back_up(place)
    wipe()
    settings.SECRETS_FILE = place / "new" / "secrets.env"
    settings.PHOTOMILL_ENCRYPTION_KEYS = []
    restore(file)
    kept = settings.SECRETS_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert f"PHOTOMILL_SECRET_KEY={settings.PHOTOMILL_SECRET_KEY}" in kept.read_text()


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_file_that_is_no_archive_is_refused(place: Path, content: bytes | None) -> None:
    file = place / "x.tar"
    if content is None:
        with tarfile.open(file, "w"):
            pass
    else:
        file.write_bytes(content)
    with pytest.raises(CommandError, match="archive"):
        restore(file)


def test_an_archive_of_a_newer_version_is_refused(service: Service, place: Path, monkeypatch: Any) -> None:
    newer = [*rows.list_migrations(connection), ["jobs", "9999_from_the_future"]]
    with monkeypatch.context() as patch:
        patch.setattr(rows, "list_migrations", lambda _connection: newer)
        file = back_up(place)
    wipe()
    with pytest.raises(CommandError, match=r"newer version.*jobs\.9999"):
        restore(file)


def test_objects_can_be_left_out(service: Service, place: Path) -> None:
    file = back_up(place, without_objects=True)
    with tarfile.open(file) as tar:
        assert not [name for name in tar.getnames() if name.startswith("house/")]
