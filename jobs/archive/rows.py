"""Rows of the database as lines of JSON: as they are stored, encrypted columns too, on any database alike."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.utils.dateparse import parse_date, parse_datetime, parse_time

CHUNK = 500


def list_models() -> list[type[models.Model]]:
    """Every model with a table of its own, those that join two others too."""
    found = apps.get_models(include_auto_created=True)
    return sorted((model for model in found if model._meta.managed and not model._meta.proxy), key=_table)


def list_migrations(connection: BaseDatabaseWrapper) -> list[list[str]]:
    """What has been applied there: app and name, in the order of their names."""
    return sorted([app, name] for app, name in MigrationRecorder(connection).applied_migrations())


def dump(connection: BaseDatabaseWrapper, model: type[models.Model]) -> Iterator[str]:
    """A line for each row, in the order of the primary key."""
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(name) for name in _columns(model))
    table, key = (connection.ops.quote_name(name) for name in (_table(model), key_column(model)))
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY {key}")  # noqa: S608
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield json.dumps([_write(field, value) for field, value in zip(fields, row, strict=True)])


def load(connection: BaseDatabaseWrapper, model: type[models.Model], lines: Iterable[str]) -> int:
    """Insert dumped rows. Returns how many."""
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(name) for name in _columns(model))
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {connection.ops.quote_name(_table(model))} ({columns}) VALUES ({places})"  # noqa: S608
    count = 0
    with connection.cursor() as cursor:
        for chunk in batched_lines(lines):
            rows = [[_read(connection, *pair) for pair in zip(fields, row, strict=True)] for row in chunk]
            cursor.executemany(statement, rows)
            count += len(rows)
    return count


def replace_all(connection: BaseDatabaseWrapper, tables: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Empty every table, and fill those that are named with dumped rows: all of it or nothing."""
    known = list_models()
    counts = {}
    with transaction.atomic(using=connection.alias), connection.constraint_checks_disabled():
        for model in known:
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(_table(model))}")  # noqa: S608
        for model in known:
            if _table(model) in tables:
                counts[_table(model)] = load(connection, model, tables[_table(model)])
        connection.check_constraints()
    _reset_sequences(connection, known)
    return counts


def batched_lines(lines: Iterable[str]) -> Iterator[list[list[Any]]]:
    """Rows in chunks."""
    waiting = iter(lines)
    while chunk := [json.loads(line) for line in islice(waiting, CHUNK)]:
        yield chunk


def key_column(model: type[models.Model]) -> str:
    """The column of the primary key."""
    assert model._meta.pk is not None
    return str(model._meta.pk.column)


def _columns(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields]


def _table(model: type[models.Model]) -> str:
    return model._meta.db_table


def _write(field: "models.Field[Any, Any]", value: Any) -> Any:
    """A stored value as JSON has it, the same whichever database it was stored in."""
    kind = field.get_internal_type()
    if value is None:
        return None
    if kind == "BooleanField":
        return bool(value)
    if kind == "JSONField":
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if isinstance(value, str | int | float) else str(value)


def _read(connection: BaseDatabaseWrapper, field: "models.Field[Any, Any]", value: Any) -> Any:
    """The value as this database stores it."""
    kind = field.get_internal_type()
    if value is None:
        return None
    if kind == "JSONField":
        return json.dumps(value)
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value(_aware(value))
    if kind == "DateField":
        return connection.ops.adapt_datefield_value(parse_date(value))
    if kind == "TimeField":
        return connection.ops.adapt_timefield_value(parse_time(value))
    return value


def _aware(text: str) -> datetime | None:
    """A moment. SQLite keeps them in UTC without saying so."""
    moment = parse_datetime(text)
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment


def _reset_sequences(connection: BaseDatabaseWrapper, known: list[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), known):
            cursor.execute(statement)
