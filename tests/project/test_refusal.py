"""Nothing that keeps secrets starts without its keys, by whatever command, and each says what is missing."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from project.embedded import GENERATORS
from tests.services import find_free_ports

ROOT = Path(__file__).parent.parent.parent
KEYS = {name: GENERATORS[name]() for name in GENERATORS if name != "PHOTOMILL_FLOWER_PASSWORD"}
STARTS = {
    "web": ["-m", "gunicorn", "project.wsgi:application", "--no-control-socket", "--bind", "127.0.0.1:{port}"],
    "worker": ["-m", "celery", "-A", "project", "--quiet", "worker", "-Q", "batch", "--pool", "threads"],
    "migrate": ["manage.py", "migrate"],
}


def start(*command: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program as on a server: nothing is set but its database, its broker, and what is given."""
    ours = ("PHOTOMILL_", "DATABASE_URL", "CELERY_", "DJANGO_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    clean |= {"PHOTOMILL_DATA_DIR": str(data_dir), "DATABASE_URL": f"sqlite:///{data_dir}/db.sqlite3"}
    clean |= {"CELERY_BROKER_URL": "memory://localhost"} | environment
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120)


def list_tables(database: Path) -> list[str]:
    """A file that was opened and nothing else has a head, and no tables."""
    connection = sqlite3.connect(database)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    connection.close()
    return names


@pytest.mark.parametrize("name", STARTS)
def test_a_start_without_keys_is_refused_and_names_each(name: str, tmp_path: Path) -> None:
    command = [part.format(port=find_free_ports(1)[0]) for part in STARTS[name]]
    done = start(*command, data_dir=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert set(re.findall(r"PHOTOMILL_\w+", said)) == KEYS.keys()
    assert [path for path in tmp_path.rglob("*.sqlite3") if list_tables(path)] == []


@pytest.mark.parametrize("missing", KEYS)
def test_one_key_that_is_missing_is_enough(missing: str, tmp_path: Path) -> None:
    given = {name: value for name, value in KEYS.items() if name != missing}
    done = start(*STARTS["worker"], data_dir=tmp_path, **given)
    assert done.returncode == 1
    assert re.findall(r"PHOTOMILL_\w+", done.stderr) == [missing]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PHOTOMILL_ENCRYPTION_KEYS", "too-short", "32 bytes in URL-safe base64"),
        ("PHOTOMILL_JWT_KEYS", f"{'long enough ' * 3},short", "at least 32 bytes"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(
    name: str, value: str, words: str, tmp_path: Path
) -> None:
    done = start(*STARTS["worker"], data_dir=tmp_path, **KEYS | {name: value})
    assert done.returncode == 1
    assert f"{name} must hold keys of" in done.stderr
    assert words in done.stderr
    assert value not in done.stderr


def test_keys_that_serve_has_written_into_the_data_folder_are_found(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("".join(f"{name}={value}\n" for name, value in KEYS.items()))
    done = start("manage.py", "check", data_dir=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_beat_and_flower_load_without_keys_for_they_are_given_none(tmp_path: Path) -> None:
    code = "from project.celery import app; app.loader.import_default_modules(); print(sorted(app.tasks)[-1])"
    done = start("-c", code, data_dir=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "sweep"


def test_without_a_key_nothing_is_signed_with_one_that_others_know(tmp_path: Path) -> None:
    code = "from project import settings; print(settings.SECRET_KEY)"
    first, second = (start("-c", code, data_dir=tmp_path).stdout.strip() for _ in range(2))
    assert len(first) > 50
    assert first != second
