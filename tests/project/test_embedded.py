"""The data folder of a machine that names no broker: its socket, its secrets, its claim."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kombu
import pytest
import redis
from cryptography.fernet import Fernet

from project import embedded
from project.probes import broker_answers


@contextmanager
def serve_broker(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The folder's own broker, as an instance starts it."""
    socket_path = embedded.prepare_socket_folder(data_dir)
    server = embedded.find_broker_server(data_dir)
    command = embedded.broker_command(server, data_dir=data_dir, socket_path=socket_path)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not broker_answers(socket_path):
            assert process.poll() is None
            time.sleep(0.02)
        yield process
        process.terminate()


def make_long_folder(tmp_path: Path) -> Path:
    folder = tmp_path / ("a very long name " * 6) / "data"
    folder.mkdir(parents=True)
    return folder


def test_the_socket_lies_in_the_data_folder() -> None:
    assert embedded.broker_socket(Path("/srv/data")) == Path("/srv/data/run/valkey.sock")


def test_a_socket_path_too_long_for_the_kernel_moves_to_a_folder_of_its_own_under_tmp() -> None:
    first, second = Path("/srv") / ("x" * 90), Path("/srv") / ("y" * 90)
    moved = embedded.broker_socket(first)
    assert moved == embedded.broker_socket(first)
    assert moved != embedded.broker_socket(second)
    assert moved.is_relative_to("/tmp")
    assert len(os.fsencode(moved)) <= embedded.LONGEST_SOCKET_PATH_BYTES


def test_bytes_are_counted_and_not_letters() -> None:
    assert embedded.broker_socket(Path("/srv") / ("ü" * 45)).is_relative_to("/tmp")


def test_the_socket_is_closed_to_other_users(tmp_path: Path) -> None:
    data_dir = make_long_folder(tmp_path)
    with serve_broker(data_dir):
        socket_path = embedded.broker_socket(data_dir)
        assert stat.S_IMODE(socket_path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket_path.stat().st_mode) == 0o700
    socket_path.unlink(missing_ok=True)
    socket_path.parent.rmdir()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder that belongs to someone else")
def test_a_socket_folder_that_someone_else_made_is_refused(tmp_path: Path) -> None:
    data_dir = make_long_folder(tmp_path)
    folder = embedded.broker_socket(data_dir).parent
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        embedded.prepare_socket_folder(data_dir)
    folder.rmdir()


@pytest.mark.parametrize("name", ["data", "two words", "50%20 ü?#"])
def test_celery_reaches_the_broker_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / name
    with serve_broker(data_dir), kombu.Connection(embedded.broker_url(data_dir)) as connection:
        queue = connection.SimpleQueue("letters")
        queue.put({"id": 7})
        assert queue.get(timeout=2).payload == {"id": 7}
        queue.close()


def test_a_message_outlives_a_killed_broker(tmp_path: Path) -> None:
    with serve_broker(tmp_path) as process:
        redis.Redis(unix_socket_path=str(embedded.broker_socket(tmp_path))).lpush("batch", "letter")
        process.send_signal(signal.SIGKILL)
        process.wait()
    with serve_broker(tmp_path):
        assert redis.Redis(unix_socket_path=str(embedded.broker_socket(tmp_path))).lpop("batch") == b"letter"


def make_server(folder: Path, name: str) -> Path:
    program = folder / name
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_a_server_on_the_path_is_preferred_and_the_folder_keeps_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_server(tmp_path / "bin", "redis-server")
    monkeypatch.setenv("PATH", str(first.parent))
    assert embedded.find_broker_server(tmp_path) == first
    better = make_server(tmp_path / "bin", "valkey-server")
    assert embedded.find_broker_server(tmp_path) == first
    assert embedded.find_broker_server(tmp_path / "another") == better


def test_a_server_that_is_gone_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = make_server(tmp_path / "bin", "redis-server")
    monkeypatch.setenv("PATH", str(gone.parent))
    embedded.find_broker_server(tmp_path)
    gone.unlink()
    packaged = embedded.find_broker_server(tmp_path)
    assert packaged.name == "valkey-server"
    assert os.access(packaged, os.X_OK)


# --- Secrets -------------------------------------------------------------------------------------------------------


def test_the_first_start_generates_secrets_for_the_owner_alone(tmp_path: Path) -> None:
    assert embedded.ensure_secrets(tmp_path, {}) == list(embedded.GENERATORS)
    assert stat.S_IMODE(embedded.secrets_file(tmp_path).stat().st_mode) == 0o600
    loaded = embedded.load_secrets(tmp_path)
    assert set(loaded) == set(embedded.GENERATORS)
    assert all(len(value) >= 24 for value in loaded.values())
    Fernet(loaded["PHOTOMILL_ENCRYPTION_KEYS"])


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    embedded.ensure_secrets(tmp_path, {})
    before = embedded.secrets_file(tmp_path).read_bytes()
    assert embedded.ensure_secrets(tmp_path, {}) == []
    assert embedded.secrets_file(tmp_path).read_bytes() == before


def test_two_folders_get_different_secrets(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        embedded.ensure_secrets(tmp_path / name, {})
    assert not set(embedded.load_secrets(tmp_path / "a").values()) & set(embedded.load_secrets(tmp_path / "b").values())


def test_a_missing_secret_is_added_and_the_others_stay(tmp_path: Path) -> None:
    embedded.secrets_file(tmp_path).write_text("# mine\nPHOTOMILL_SECRET_KEY=chosen=by=hand")
    assert "PHOTOMILL_SECRET_KEY" not in embedded.ensure_secrets(tmp_path, {})
    assert embedded.secrets_file(tmp_path).read_text().startswith("# mine\nPHOTOMILL_SECRET_KEY=chosen=by=hand\n")
    assert embedded.load_secrets(tmp_path)["PHOTOMILL_SECRET_KEY"] == "chosen=by=hand"
    assert set(embedded.load_secrets(tmp_path)) == set(embedded.GENERATORS)


def test_what_the_environment_names_is_not_written(tmp_path: Path) -> None:
    added = embedded.ensure_secrets(tmp_path, {"PHOTOMILL_SECRET_KEY": "from outside", "PHOTOMILL_ENCRYPTION_KEYS": ""})
    assert added == ["PHOTOMILL_ENCRYPTION_KEYS", "PHOTOMILL_JWT_KEYS", "PHOTOMILL_FLOWER_PASSWORD"]
    assert "from outside" not in embedded.secrets_file(tmp_path).read_text()


def test_a_folder_without_secrets_has_none(tmp_path: Path) -> None:
    assert embedded.load_secrets(tmp_path / "nowhere") == {}


# --- The claim -----------------------------------------------------------------------------------------------------


def test_a_claimed_folder_is_refused_to_the_next_with_the_process_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "CLAIM_SECONDS", 0.2)
    with (
        embedded.claim_folder(tmp_path / "data"),
        pytest.raises(embedded.FolderInUseError, match=rf"process {os.getpid()}\) runs on {tmp_path}/data"),
    ):
        embedded.claim_folder(tmp_path / "data")


def test_a_folder_let_go_can_be_claimed_again(tmp_path: Path) -> None:
    embedded.claim_folder(tmp_path).close()
    embedded.claim_folder(tmp_path).close()


def test_a_claimed_folder_is_closed_to_other_users(tmp_path: Path) -> None:
    embedded.claim_folder(tmp_path / "data").close()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
