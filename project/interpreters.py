"""Fetches a Python that Photomill runs on, for a machine that has none: into .python, and only where the user agrees.

A script of the standard library alone, which run.py becomes when neither its own Python nor one on the PATH will do.
It starts run.py over with what it fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import run  # it is run.py that runs this file: what it lies beside is on the path

WANTED = "3.12"
MEGABYTES = 35
ENOUGH_TRIES = {"UV_HTTP_RETRIES": "1", "UV_HTTP_TIMEOUT": "30", "PIP_RETRIES": "1", "PIP_TIMEOUT": "30"}
BY_HAND = "Debian 12, Ubuntu 24.04: apt install python3 python3-venv"


def main(arguments: list[str]) -> NoReturn:
    """Ask, fetch, and be run.py again. Raises SetupError where the user does not want that or it can't be done."""
    if run.FETCH_PYTHON not in arguments:
        ask(arguments)
    with run.only_one_setup():
        python = fetch()
    run.become([python, str(run.ROOT / "run.py"), *arguments])


def ask(arguments: list[str]) -> None:
    """Go on where somebody at a terminal agrees. Raises SetupError."""
    version = ".".join(map(str, sys.version_info[:3]))
    problem = (
        f"Photomill needs Python 3.11 or 3.12; this is {version}, and neither python3.12 nor python3.11 is on the PATH."
    )
    command = " ".join(["python3 run.py", *arguments, run.FETCH_PYTHON])
    if not sys.stdin.isatty():
        raise run.SetupError(f"{problem}\nInstall one of them ({BY_HAND}), or have one fetched: {command}")
    answer = input(f"{problem}\nFetch Python {WANTED} into .python here, {MEGABYTES} MB from the network? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise run.SetupError(f"Nothing was fetched. Install Python 3.11 or 3.12 ({BY_HAND}).")


def fetch() -> str:
    """The path of the Python that uv has fetched. Raises SetupError."""
    with find_uv() as uv:
        command = [uv, "python", "install", WANTED, "--install-dir", str(run.FETCHED), "--no-bin"]
        try:
            run_or_explain(f"Fetching Python {WANTED} into .python", command)
        finally:
            with suppress(OSError):  # it isn't there, or there is something in it
                run.FETCHED.rmdir()
    for python in run.fetched_pythons():
        if run.is_supported(python):
            return python
    raise run.SetupError(
        f"uv has fetched Python {WANTED}, but none in {run.FETCHED} runs here. Install one ({BY_HAND})."
    )


@contextmanager
def find_uv() -> Iterator[str]:
    """A uv that is there already, or the one of the lock in an environment that is thrown away. Raises SetupError."""
    found = shutil.which("uv", path=os.pathsep.join([str(run.VENV / "bin"), *os.get_exec_path()]))
    if found and run.succeeds([found, "--version"]):
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="photomill-uv-") as folder:
        install_uv(Path(folder))
        yield str(Path(folder, "bin", "uv"))


def install_uv(folder: Path) -> None:
    """Put the uv that the lock pins into an environment of its own, by its hashes."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise run.SetupError("To fetch a Python, this one needs: apt install python3-venv") from None
    pinned = folder / "uv.txt"
    pinned.write_text(run.cut_uv_block(run.LOCK.read_text()))
    run_or_explain("Preparing to fetch", [sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    run_or_explain("Installing uv", [*pip, "--require-hashes", "--no-deps", "-r", str(pinned)])


def run_or_explain(title: str, command: list[str]) -> None:
    """Run one step. Raises SetupError in a sentence, with the last thing that the program said."""
    both = subprocess.STDOUT
    with run.progress(title):
        env = {**ENOUGH_TRIES, **os.environ}
        done = subprocess.run(command, env=env, text=True, errors="replace", stdout=subprocess.PIPE, stderr=both)
        if done.returncode:
            said = [line.strip() for line in done.stdout.splitlines() if line.strip()] or ["nothing"]
            raise run.SetupError(
                f"No Python could be fetched: this machine may have no way to the network. "
                f"The last word was: {said[-1]}\nInstall Python 3.11 or 3.12 by hand ({BY_HAND})."
            )


if __name__ == "__main__":
    sys.exit(run.guard(main))
