"""One archive: a tar file with a table of rows each, the objects of the house storage, the keys, and what it holds."""

import gzip
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.models import Account, User
from jobs.archive import rows
from jobs.models import Job
from processing import formats
from storage.house import house

FORMAT = 1
MANIFEST = "manifest.json"
SECRETS = "secrets.env"
KEYS = ("PHOTOMILL_SECRET_KEY", "PHOTOMILL_ENCRYPTION_KEYS", "PHOTOMILL_JWT_KEYS")
LARGEST_OBJECT_BYTES = 1 << 31


class ArchiveError(Exception):
    """Why an archive cannot be made or read back, in a sentence."""


@dataclass
class Report:
    """What went into an archive, or came out of it. rows: by table."""

    rows: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    object_bytes: int = 0


def write(path: Path, *, with_objects: bool, say: Callable[[str], None]) -> Report:
    """Make an archive, readable by its owner alone. Nothing lies at `path` until it is whole."""
    report = Report()
    half = path.with_name(f"{path.name}.part")
    try:
        with _create(half) as tar:
            _write_tables(tar, report, say)
            if with_objects:
                _write_objects(tar, report, say)
            _add(tar, SECRETS, _collect_keys().encode())
            _add(tar, MANIFEST, json.dumps(_describe(report), indent=2).encode())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return report


def restore(path: Path, *, overwrite: bool, with_objects: bool, say: Callable[[str], None]) -> Report:
    """Put an archive back: the database as it was, then brought up to this version; objects; keys.

    overwrite: also over what is there. Raises ArchiveError before anything is changed.
    """
    with _open(path) as tar:
        manifest = _read_manifest(tar)
        keys = _read(tar, SECRETS).decode()
        _check_keys(keys)
        _migrate_to(manifest["migrations"])
        if not overwrite:
            _check_empty()
        report = _restore_tables(tar, manifest, say)
        call_command("migrate", verbosity=0)
        if with_objects:
            _restore_objects(tar, report, say)
        _keep_keys(keys)
    return report


# --- Writing -------------------------------------------------------------------------------------------------------


@contextmanager
def _create(path: Path) -> Iterator[tarfile.TarFile]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        yield tar


def _write_tables(tar: tarfile.TarFile, report: Report, say: Callable[[str], None]) -> None:
    """Every table as of one moment."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for model in rows.list_models():
            table = model._meta.db_table
            with tempfile.TemporaryFile() as kept:
                report.rows[table] = _write_lines(kept, rows.dump(connection, model))
                _add_file(tar, f"database/{table}.jsonl.gz", kept)
    say(f"{sum(report.rows.values())} rows of {len(report.rows)} tables")


def _write_lines(file: IO[bytes], lines: Iterable[str]) -> int:
    count = 0
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
        for line in lines:
            packed.write(f"{line}\n".encode())
            count += 1
    return count


def _write_objects(tar: tarfile.TarFile, report: Report, say: Callable[[str], None]) -> None:
    cursor = None
    while True:
        page = house().list("", cursor=cursor)
        for facts in page.objects:
            data = house().read(facts.key, max_bytes=LARGEST_OBJECT_BYTES).data
            _add(tar, f"house/{facts.key}", data)
            report.objects, report.object_bytes = report.objects + 1, report.object_bytes + len(data)
        cursor = page.cursor
        if cursor is None:
            break
    say(f"{report.objects} objects of the house storage, {report.object_bytes} bytes")


def _collect_keys() -> str:
    values = {name: getattr(settings, name) for name in KEYS}
    lines = [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in values.items()]
    return "# The keys of the server that this archive was made of.\n" + "\n".join(lines) + "\n"


def _describe(report: Report) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": connection.vendor,
        "migrations": rows.list_migrations(connection),
        "rows": report.rows,
        "objects": report.objects,
    }


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    _add_file(tar, name, io.BytesIO(data))


def _add_file(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = file.seek(0, os.SEEK_END), 0o600, int(datetime.now(UTC).timestamp())
    file.seek(0)
    tar.addfile(info, file)


# --- Reading back --------------------------------------------------------------------------------------------------


@contextmanager
def _open(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        tar = tarfile.open(path, mode="r:")  # noqa: SIM115 - closed below
    except (OSError, tarfile.TarError) as error:
        raise ArchiveError(f"{path} cannot be read as an archive: {error}") from None
    with tar:
        yield tar


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    try:
        file = tar.extractfile(name)
    except KeyError:
        file = None
    if file is None:
        raise ArchiveError(f"the archive has no {name}: it was not finished, or is none of ours")
    return file.read()


def _read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(_read(tar, MANIFEST))
    if manifest.get("format") != FORMAT:
        raise ArchiveError(f"the archive has the format {manifest.get('format')}; this version reads {FORMAT}")
    return manifest


def _check_keys(keys: str) -> None:
    """The server's own keys, where it has any, must open what the archive holds."""
    own = [key for key in settings.PHOTOMILL_ENCRYPTION_KEYS if key]
    theirs = _parse(keys)["PHOTOMILL_ENCRYPTION_KEYS"].split(",")
    if own and not set(theirs) <= set(own):
        raise ArchiveError(
            "this server has other PHOTOMILL_ENCRYPTION_KEYS than the archive: its stored credentials could not be "
            f"read. Add the archive's ({SECRETS} in it) to this server's, or restore into an empty PHOTOMILL_DATA_DIR"
        )


def _parse(keys: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in keys.splitlines() if not line.startswith("#"))
    return {name: value for name, _, value in pairs if name}


def _migrate_to(wanted: list[list[str]]) -> None:
    """Make the tables as they were when the archive was made."""
    newest: dict[str, str] = {}
    for app, name in wanted:
        newest[app] = max(newest.get(app, ""), name)
    known = MigrationLoader(connection).disk_migrations
    unknown = [f"{app}.{name}" for app, name in wanted if (app, name) not in known]
    if unknown:
        raise ArchiveError(f"the archive was made by a newer version: this one does not know {unknown[0]}")
    for app, name in newest.items():
        call_command("migrate", app, name, verbosity=0)


def _check_empty() -> None:
    for model in (Account, User, Job):
        if model._default_manager.exists():
            raise ArchiveError(f"the database is not empty: it has {model._meta.verbose_name_plural}")


def _restore_tables(tar: tarfile.TarFile, manifest: dict[str, Any], say: Callable[[str], None]) -> Report:
    tables = {table: _read_lines(tar, table) for table in manifest["rows"]}
    report = Report(rows=rows.replace_all(connection, tables))
    if report.rows != manifest["rows"]:
        raise ArchiveError("the archive has not as many rows as it says")
    say(f"{sum(report.rows.values())} rows of {len(report.rows)} tables")
    return report


def _read_lines(tar: tarfile.TarFile, table: str) -> Iterator[str]:
    file = tar.extractfile(f"database/{table}.jsonl.gz")
    assert file is not None
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from lines


def _restore_objects(tar: tarfile.TarFile, report: Report, say: Callable[[str], None]) -> None:
    for member in tar.getmembers():
        file = tar.extractfile(member) if member.name.startswith("house/") else None
        if file is None:
            continue
        key = member.name.removeprefix("house/")
        form = formats.by_extension(key)
        data = file.read()
        house().write(key, data, content_type=form.mime if form else "application/octet-stream")
        report.objects, report.object_bytes = report.objects + 1, report.object_bytes + len(data)
    say(f"{report.objects} objects of the house storage, {report.object_bytes} bytes")


def _keep_keys(keys: str) -> None:
    """Write the archive's keys into the data folder, where neither it nor the environment has any."""
    path = settings.SECRETS_FILE
    if settings.PHOTOMILL_ENCRYPTION_KEYS or path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(keys)
