"""From one key to the next: both live, then the old one gone, and everything opens all along."""

import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core import signing
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.encryption import EncryptedJSONField
from accounts.models import Account
from jobs.archive import keys, rows, secrets_file
from storage.models import Connection

CREDENTIALS = {"access_key": "a", "secret_access_key": "b"}


@pytest.fixture
def storage(db: None) -> Connection:
    account = Account.objects.create(name="acme")
    return Connection.objects.create(
        account=account, name="bucket", kind="s3", parameters={"bucket": "b"}, credentials=CREDENTIALS
    )


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    """The keys of this server, as it keeps those that it made itself."""
    settings.SECRETS_FILE = tmp_path / "secrets.env"
    values = {
        "PHOTOMILL_SECRET_KEY": settings.SECRET_KEY,
        "PHOTOMILL_ENCRYPTION_KEYS": ",".join(settings.PHOTOMILL_ENCRYPTION_KEYS),
        "PHOTOMILL_JWT_KEYS": ",".join(settings.PHOTOMILL_JWT_KEYS),
        "PHOTOMILL_FLOWER_PASSWORD": "word",
    }
    secrets_file.write(tmp_path / "secrets.env", values)
    return tmp_path / "secrets.env"


def restart(settings: Any, file: Path) -> None:
    """Read the settings anew, as processes do that start now."""
    values = secrets_file.read(file)
    settings.SECRET_KEY = values["PHOTOMILL_SECRET_KEY"]
    settings.SECRET_KEY_FALLBACKS = [key for key in values.get("PHOTOMILL_SECRET_KEY_FALLBACKS", "").split(",") if key]
    settings.PHOTOMILL_ENCRYPTION_KEYS = values["PHOTOMILL_ENCRYPTION_KEYS"].split(",")
    settings.PHOTOMILL_JWT_KEYS = values["PHOTOMILL_JWT_KEYS"].split(",")


def rotate(*arguments: str) -> str:
    said = StringIO()
    call_command("rotate_secrets", *arguments, stdout=said)
    return said.getvalue()


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT credentials FROM {Connection._meta.db_table}")
        return str(cursor.fetchone()[0])


def test_every_encrypted_column_is_known(db: None) -> None:
    expected = {
        f"{model._meta.db_table}.{field.column}"
        for model in rows.list_models()
        for field in model._meta.fields
        if isinstance(field, EncryptedJSONField)
    }
    assert {str(column) for column in keys.list_columns()} == expected
    assert "storage_connection.credentials" in expected


def test_all_the_way_from_the_old_key_to_the_new(storage: Connection, file: Path, settings: Any) -> None:
    old = settings.PHOTOMILL_ENCRYPTION_KEYS[0]
    link = signing.dumps("a link")
    before = stored()
    rotate("--new")
    restart(settings, file)
    assert Connection.objects.get().credentials == CREDENTIALS
    assert signing.loads(link) == "a link"
    with pytest.raises(CommandError, match=r"storage_connection\.credentials \(1\)"):
        rotate("--finish")
    assert "storage_connection.credentials: 1 written anew" in rotate()
    assert "storage_connection.credentials: 0 written anew" in rotate()
    rotate("--finish")
    restart(settings, file)
    assert old not in file.read_text()
    assert Connection.objects.get().credentials == CREDENTIALS
    assert stored() != before
    with pytest.raises(InvalidToken):
        Fernet(old).decrypt(stored().encode())
    with pytest.raises(signing.BadSignature):
        signing.loads(link)


def test_the_file_stays_its_owners_and_keeps_what_is_no_key(file: Path) -> None:
    rotate("--new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    values = secrets_file.read(file)
    assert values["PHOTOMILL_FLOWER_PASSWORD"] == "word"
    assert len(values["PHOTOMILL_ENCRYPTION_KEYS"].split(",")) == len(values["PHOTOMILL_JWT_KEYS"].split(",")) == 2


def test_keys_of_the_environment_are_changed_there(db: None, settings: Any, tmp_path: Path) -> None:
    settings.SECRETS_FILE = tmp_path / "none.env"
    for step in ("--new", "--finish"):
        with pytest.raises(CommandError, match="environment"):
            rotate(step)


def test_a_value_that_is_changed_meanwhile_is_left_to_whoever_changed_it(
    storage: Connection, file: Path, settings: Any
) -> None:
    before = stored()
    storage.save()
    column = next(column for column in keys.list_columns() if str(column) == "storage_connection.credentials")
    assert keys._replace(column, storage.pk, before, "lost") == 0
    assert Connection.objects.get().credentials == CREDENTIALS
