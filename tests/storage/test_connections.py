"""Connections: whose they are, how long they are kept open, and where their credentials never appear."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection as database
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Account
from storage import connections, kinds
from storage.connections import find_connection, open_by_id, open_connection
from storage.errors import BadParameters, UnknownStorage
from storage.models import Connection
from storage.trial import try_connection
from tests.services import find_free_ports

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = (f"{letter * 43}=" for letter in "ABC")
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY"
CREDENTIALS = {"access_key": "AKIAEXAMPLE", "secret_access_key": SECRET}


@pytest.fixture(autouse=True)
def _nothing_open() -> None:
    connections._opened.clear()


@pytest.fixture
def alice() -> Account:
    return Account.objects.create(name="alice")


@pytest.fixture
def bob() -> Account:
    return Account.objects.create(name="bob")


def connect(account: Account, folder: Path, name: str = "main") -> Connection:
    folder.mkdir(exist_ok=True)
    return Connection.objects.create(account=account, name=name, kind="local", parameters={"path": str(folder)})


def connect_s3(account: Account, name: str = "bucket") -> Connection:
    (port,) = find_free_ports(1)
    parameters = {"bucket": "b", "endpoint_url": f"http://127.0.0.1:{port}"}
    return Connection.objects.create(
        account=account, name=name, kind="s3", parameters=parameters, credentials=CREDENTIALS
    )


# --- Whose ---


def test_a_name_means_the_account_s_own_connection(alice: Account, bob: Account, tmp_path: Path) -> None:
    of_alice, of_bob = connect(alice, tmp_path / "a"), connect(bob, tmp_path / "b")
    connect(bob, tmp_path / "c", name="only bob's")
    assert (find_connection(alice, "main"), find_connection(bob, "main")) == (of_alice, of_bob)
    for name in ("only bob's", "none", "MAIN", ""):
        with pytest.raises(UnknownStorage):
            find_connection(alice, name)


def test_what_an_account_does_not_have_sounds_like_what_nobody_has(
    alice: Account, bob: Account, tmp_path: Path
) -> None:
    connect(bob, tmp_path / "b", name="x")
    said = set()
    for account in (alice, Account.objects.create(name="carol")):
        with pytest.raises(UnknownStorage) as caught:
            find_connection(account, "x")
        said.add(caught.value.message)
    assert said == {"There is no storage 'x'."}


def test_an_id_that_is_no_connection_is_unknown() -> None:
    with pytest.raises(UnknownStorage):
        open_by_id(10**9)


def test_a_row_that_does_not_hold_together_names_the_field(alice: Account) -> None:
    row = Connection(account=alice, name="x", kind="s3", parameters={"bucket": "b", "buckett": "c"})
    with pytest.raises(BadParameters, match=r"^parameters\.buckett: "):
        open_connection(row)
    with pytest.raises(ValidationError, match="buckett"):
        row.full_clean()
    with pytest.raises(BadParameters, match="known are gcs, local, s3, web_folder"):
        open_connection(Connection(account=alice, name="x", kind="ftp"))


# --- How long ---


def test_a_connection_is_opened_once_and_its_row_not_read_again_for_seconds(
    alice: Account, tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row = connect(alice, tmp_path / "a")
    with django_assert_num_queries(1):
        storages = {id(open_by_id(row.pk)) for _ in range(5)}
    assert len(storages) == 1


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def move(row: Connection, folder: Path) -> None:
    row.parameters = {"path": str(folder)}
    row.save()


def move_in_bulk(row: Connection, folder: Path) -> None:
    Connection.objects.filter(pk=row.pk).update(parameters={"path": str(folder)})


@pytest.mark.parametrize("change", [move, move_in_bulk])
def test_a_changed_row_bites_when_the_seconds_are_over(
    alice: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Connection, Path], None]
) -> None:
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0.3)
    row = connect(alice, tmp_path / "a")
    open_by_id(row.pk).write("k", b"x", content_type="text/plain")
    change(row, tmp_path / "b")
    assert open_by_id(row.pk).exists("k")
    assert soon(lambda: not open_by_id(row.pk).exists("k"))


def test_a_row_that_stayed_as_it_was_keeps_its_storage(
    alice: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0)
    row = connect(alice, tmp_path / "a")
    first = open_by_id(row.pk)
    row.name = "renamed"
    row.save()
    assert open_by_id(row.pk) is first


@pytest.mark.parametrize("change", [{"credentials": {**CREDENTIALS, "secret_access_key": "new"}}, {"is_private": True}])
def test_credentials_and_privacy_bite_too(
    alice: Account, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0)
    row = connect_s3(alice)
    first = open_by_id(row.pk)
    Connection.objects.filter(pk=row.pk).update(**change)
    assert open_by_id(row.pk) is not first


def test_a_connection_that_was_removed_is_unknown_when_the_seconds_are_over(
    alice: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0)
    row = connect(alice, tmp_path / "a")
    open_by_id(row.pk)
    row.delete()
    with pytest.raises(UnknownStorage, match="no longer connected"):
        open_by_id(row.id or 0)


def test_a_process_keeps_the_connections_that_were_opened_last(
    alice: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEPT_OPEN", 3)
    rows = [connect(alice, tmp_path / "a", name=str(number)) for number in range(5)]
    for row in rows:
        open_by_id(row.pk)
    assert [pk for _, pk in connections._opened] == [row.pk for row in rows[2:]]


# --- Credentials ---


def raw_row(row: Connection) -> dict[str, Any]:
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM storage_connection WHERE id = %s", [row.pk])
        return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def test_the_database_holds_credentials_only_encrypted(alice: Account) -> None:
    row = connect_s3(alice)
    raw = raw_row(row)
    assert raw["credentials"].startswith("gAAAA")
    assert not any(part in str(raw) for part in (SECRET, SECRET[:8], "AKIAEXAMPLE", "secret_access_key"))
    assert Connection.objects.get(pk=row.pk).credentials == CREDENTIALS


def test_the_same_credentials_look_different_in_each_row(alice: Account) -> None:
    assert raw_row(connect_s3(alice, "1"))["credentials"] != raw_row(connect_s3(alice, "2"))["credentials"]


def test_no_credentials_are_none_in_the_database(alice: Account, tmp_path: Path) -> None:
    assert raw_row(connect(alice, tmp_path / "a"))["credentials"] is None


def test_credentials_appear_in_nothing_that_is_shown(alice: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    row = Connection.objects.get(pk=connect_s3(alice).pk)
    storage = open_by_id(row.pk)
    checked = kinds.check("s3", row.parameters, CREDENTIALS)
    with pytest.raises(BadParameters) as half:
        kinds.check("s3", {"bucket": "b"}, {"secret_access_key": SECRET})
    with pytest.raises(BadParameters) as extra:
        kinds.check("s3", {"bucket": "b"}, {**CREDENTIALS, "session_token": SECRET})
    shown = [row, row.public_parameters, storage, vars(storage), checked, half.value, extra.value, connections._opened]
    shown += [serializers.serialize("json", [row]), try_connection(row), [*storage.__dict__.values()]]
    text = "".join(f"{each} {each!r}" for each in shown) + caplog.text
    assert SECRET not in text
    assert "session_token" in text


def test_a_link_names_the_key_and_never_the_secret(alice: Account) -> None:
    link = str(open_by_id(connect_s3(alice).pk).link("k", seconds=60, filename="k"))
    assert ("AKIAEXAMPLE" in link, SECRET in link) == (True, False)


# --- Keys of the encryption ---


def test_another_key_in_front_writes_new_and_reads_old(alice: Account, settings: Settings) -> None:
    settings.PHOTOMILL_ENCRYPTION_KEYS = [OLD]
    kept, rewritten = connect_s3(alice, "kept"), connect_s3(alice, "rewritten")
    settings.PHOTOMILL_ENCRYPTION_KEYS = [NEW, OLD]
    for row in Connection.objects.all():
        assert row.credentials == CREDENTIALS
    Connection.objects.get(pk=rewritten.pk).save()
    settings.PHOTOMILL_ENCRYPTION_KEYS = [NEW]
    assert Connection.objects.get(pk=rewritten.pk).credentials == CREDENTIALS
    with pytest.raises(ImproperlyConfigured, match="opens under none of PHOTOMILL_ENCRYPTION_KEYS"):
        Connection.objects.get(pk=kept.pk)
    settings.PHOTOMILL_ENCRYPTION_KEYS = [OTHER, OLD]
    assert Connection.objects.get(pk=kept.pk).credentials == CREDENTIALS


def test_without_a_key_secrets_are_neither_kept_nor_read(alice: Account, settings: Settings) -> None:
    row = connect_s3(alice)
    settings.PHOTOMILL_ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="PHOTOMILL_ENCRYPTION_KEYS is empty"):
        Connection.objects.get(pk=row.pk)
    with pytest.raises(ImproperlyConfigured, match="PHOTOMILL_ENCRYPTION_KEYS is empty"), transaction.atomic():
        connect_s3(alice, "new")
    assert not Connection.objects.filter(name="new").exists()


def test_a_column_that_was_tampered_with_is_not_read(alice: Account) -> None:
    row = connect_s3(alice)
    token = raw_row(row)["credentials"]
    forged = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    with database.cursor() as cursor:
        cursor.execute("UPDATE storage_connection SET credentials = %s WHERE id = %s", [forged, row.pk])
    with pytest.raises(ImproperlyConfigured):
        Connection.objects.get(pk=row.pk)
