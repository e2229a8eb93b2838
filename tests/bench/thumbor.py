"""thumbor beside our pipeline, on the same photos at the same time. It is installed in a folder of its own."""

import http.client
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import run
from processing.child import Child
from tests import services
from tests.bench.cache import open_cache
from tests.bench.clock import read_tree
from tests.bench.pixels import BOX, OURS_IN_CHILD, Case, Row, make_ways, measure_ways

VERSION = "7.8.0"
THUMBOR = f"thumbor {VERSION}"
INSTALL_SECONDS, START_SECONDS = 180, 20

# As many bytes as ours, from files, and nothing kept: each request does all of its work.
SETTINGS = """
ALLOW_UNSAFE_URL = True
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = {folder!r}
STORAGE = "thumbor.storages.no_storage"
RESULT_STORAGE = None
QUALITY = 80
PROGRESSIVE_JPEG = False
AUTO_WEBP = False
"""


class NotThere(Exception):
    """thumbor can't be had; the message says why, in a line."""


def measure_thumbor(sources: list[bytes], child: Child, *, seconds: float) -> Row:
    """thumbor's whole road, HTTP and file, beside our pixels through the child. Raises NotThere."""
    program = find_program()
    with tempfile.TemporaryDirectory(prefix="photomill-bench-") as folder:
        names = {source: f"{number}.jpg" for number, source in enumerate(sources)}
        for source, name in names.items():
            Path(folder, name).write_bytes(source)
        with _serving(program, Path(folder)) as (port, pid):
            case = Case("", sources, "jpeg")
            ways = {
                OURS_IN_CHILD: make_ways(case, child)[OURS_IN_CHILD],
                THUMBOR: lambda data: [_get(port, names[data])],
            }
            pids = {THUMBOR: [process.pid for process in read_tree(pid)]}
            title = f"JPEG → JPEG, {BOX}: thumbor with HTTP and file, ours without its road"
            return measure_ways(title, sources, ways, child, seconds=seconds, pids=pids)


def find_program() -> Path:
    """Its program, installed once. Raises NotThere."""
    folder = open_cache() / f"thumbor-{VERSION}-py{sys.version_info.major}{sys.version_info.minor}"
    program = folder / "bin" / "thumbor"
    if not program.exists():
        shutil.rmtree(folder, ignore_errors=True)
        uv = [sys.executable, "-m", "uv"]
        _do([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
        _do([*uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), f"thumbor=={VERSION}"])
    return program


def _do(command: list[str]) -> None:
    """Raises NotThere."""
    try:
        done = subprocess.run(
            command, env=run.uv_environment(), capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotThere(str(error)) from None
    if done.returncode:
        raise NotThere(" ".join(done.stderr.split())[:300])


@contextmanager
def _serving(program: Path, folder: Path) -> Iterator[tuple[int, int]]:
    """Port and process."""
    (port,) = services.find_free_ports(1)
    settings = folder / "thumbor.conf"
    settings.write_text(SETTINGS.format(folder=str(folder)))
    command = [str(program), "--ip", services.HOST, "--port", str(port), "--conf", str(settings), "-l", "error"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            _await_port(port, process)
            yield port, process.pid
        finally:
            process.kill()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection((services.HOST, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise NotThere(f"{THUMBOR} does not start") from None
            time.sleep(0.05)


def _get(port: int, name: str) -> bytes:
    connection = http.client.HTTPConnection(services.HOST, port, timeout=60)
    connection.request("GET", f"/unsafe/fit-in/{BOX}x{BOX}/{name}")
    response = connection.getresponse()
    data = response.read()
    connection.close()
    if response.status != 200 or not data.startswith(b"\xff\xd8"):
        raise RuntimeError(f"thumbor answered {response.status}")
    return data
