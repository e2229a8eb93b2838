"""Another encryption key: what is stored is written anew under the first of the keys, and then none of the others is
needed."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection

from accounts.encryption import EncryptedJSONField, decrypt, encrypt
from jobs.archive.rows import key_column, list_models

CHUNK = 200


@dataclass(frozen=True)
class Column:
    """A column whose values are encrypted."""

    table: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def list_columns() -> list[Column]:
    """Every encrypted column."""
    return [
        Column(model._meta.db_table, str(field.column), key_column(model))
        for model in list_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedJSONField)
    ]


def count_old(column: Column) -> int:
    """How many values the first key does not open."""
    newest = Fernet(settings.PHOTOMILL_ENCRYPTION_KEYS[0])
    return sum(not _opens(newest, value) for _, value in _read(column))


def encrypt_anew(column: Column) -> int:
    """Write every value that the first key does not open under it. Returns how many. As often as one likes, at any
    time: a value that somebody changes meanwhile is left to them.
    """
    newest = Fernet(settings.PHOTOMILL_ENCRYPTION_KEYS[0])
    count = 0
    for pk, value in list(_read(column)):
        if not _opens(newest, value):
            count += _replace(column, pk, value, encrypt(decrypt(value)))
    return count


def _read(column: Column) -> Iterator[tuple[int, str]]:
    names = ", ".join(connection.ops.quote_name(name) for name in (column.key, column.name))
    table = connection.ops.quote_name(column.table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {table} WHERE {connection.ops.quote_name(column.name)} IS NOT NULL"  # noqa: S608
        )
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _replace(column: Column, pk: int, before: str, after: str) -> int:
    table, name, key = (connection.ops.quote_name(text) for text in (column.table, column.name, column.key))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {name} = %s WHERE {key} = %s AND {name} = %s",  # noqa: S608
            [after, pk, before],
        )
        return int(cursor.rowcount)


def _opens(key: Fernet, value: str) -> bool:
    try:
        key.decrypt(value.encode())
    except InvalidToken:
        return False
    return True
