"""run.py on a machine whose Python is too new or too old: it fetches one only where somebody agrees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import run
from tests.terminal import type_at_terminal

ROOT = Path(run.__file__).parent
TOO_NEW = "import sys\nif sys.orig_argv[1].endswith('run.py'): sys.version_info = (3, 13, 2, 'final', 0)"
PYENV = Path.home() / ".pyenv" / "versions"
# What uv does, as far as anybody sees it: `uv python install 3.12 --install-dir DIR --no-bin`.
UV = """#!/bin/sh
[ "$1" = --version ] && exit 0
echo "$@" >> {log}
{act}
"""
INSTALL = """
mkdir -p "$5/cpython-3.12.9-linux/bin"
printf '#!/bin/sh\\n[ "$1" = -c ] || echo started over with "$@"\\n' > "$5/cpython-3.12.9-linux/bin/python3.12"
chmod +x "$5/cpython-3.12.9-linux/bin/python3.12"
"""
NO_NETWORK = """
echo "error: Failed to install cpython-3.12.9-linux-x86_64-gnu"
echo "  cause: failed to lookup address information: Name or service not known"
exit 1
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what run.py needs to come that far."""
    folder = tmp_path / "checkout"
    for name in ("run.py", "project/interpreters.py", "requirements.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "start").mkdir()
    (folder / "start" / "sitecustomize.py").write_text(TOO_NEW)
    return folder


def put_uv(checkout: Path, act: str = INSTALL) -> Path:
    """Put a uv on the PATH, and give the file where it writes down what it was asked."""
    log = checkout / "uv.log"
    (checkout / "bin").mkdir()
    uv = checkout / "bin" / "uv"
    uv.write_text(UV.format(log=log, act=act))
    uv.chmod(0o755)
    for program in ("sh", "mkdir", "chmod", "printf"):
        (checkout / "bin" / program).symlink_to(str(shutil.which(program)))
    return log


def environment(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout / "start"), "PATH": str(checkout / "bin")}


def run_in(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run run.py where nobody can be asked."""
    command = [sys.executable, str(checkout / "run.py"), *arguments]
    return subprocess.run(
        command, env=environment(checkout), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


def test_where_nobody_can_be_asked_nothing_is_fetched_and_both_ways_are_named(checkout: Path) -> None:
    log = put_uv(checkout)
    done = run_in(checkout, "serve", "--port", "8001")
    assert done.returncode == 1
    assert done.stderr.startswith("Photomill needs Python 3.11 or 3.12; this is 3.13.2, and neither python3.12 nor")
    assert "apt install python3 python3-venv" in done.stderr
    assert done.stderr.endswith("have one fetched: python3 run.py serve --port 8001 --fetch-python\n")
    assert not log.exists()


@pytest.mark.parametrize("arguments", [("serve", "-x", "--fetch-python"), ("--fetch-python", "serve", "-x")])
def test_whoever_says_so_gets_one_and_the_command_starts_with_it(checkout: Path, arguments: tuple[str, ...]) -> None:
    log = put_uv(checkout)
    done = run_in(checkout, *arguments)
    assert log.read_text() == f"python install 3.12 --install-dir {checkout}/.python --no-bin\n"
    assert "Fetching Python 3.12 into .python" in done.stdout
    assert f"started over with {checkout}/run.py {' '.join(arguments)}\n" in done.stdout


def test_what_was_fetched_is_found_again_without_a_question(checkout: Path) -> None:
    log = put_uv(checkout)
    run_in(checkout, "serve", "--fetch-python")
    done = run_in(checkout, "serve")
    assert done.stdout == f"started over with {checkout}/run.py serve\n"
    assert log.read_text().count("python install") == 1


@pytest.mark.parametrize(
    ("answer", "fetches", "words"),
    [
        ("y", 1, "started over with"),
        ("YES", 1, "started over with"),
        ("n", 0, "Nothing was fetched."),
        ("", 0, "Nothing was fetched."),
    ],
)
def test_at_a_terminal_it_asks(checkout: Path, answer: str, fetches: int, words: str) -> None:
    log = put_uv(checkout)
    command = [sys.executable, str(checkout / "run.py"), "serve"]
    seen = type_at_terminal(command, [answer], env=environment(checkout), folder=checkout)
    assert "Fetch Python 3.12 into .python here, 35 MB from the network? [y/N] " in seen
    assert words in seen
    assert (log.read_text().count("python install") if log.exists() else 0) == fetches
    assert "Traceback" not in seen


def test_without_a_network_it_says_so_in_a_sentence_and_leaves_nothing(checkout: Path) -> None:
    put_uv(checkout, NO_NETWORK)
    done = run_in(checkout, "serve", "--fetch-python")
    assert done.returncode == 1
    assert done.stderr.startswith("No Python could be fetched: this machine may have no way to the network.")
    assert "Name or service not known" in done.stderr
    assert "by hand" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".python").exists()


def test_a_python_that_does_not_run_here_is_not_taken(checkout: Path) -> None:
    put_uv(checkout, INSTALL.replace('[ "$1" = -c ] || echo started over with "$@"', "exit 127"))
    done = run_in(checkout, "serve", "--fetch-python")
    assert done.returncode == 1
    assert "none in" in done.stderr


def test_without_uv_the_one_of_the_lock_is_wanted_and_a_network_that_is_not_there_is_said(checkout: Path) -> None:
    settings = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    settings |= {"PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0"}
    command = [sys.executable, str(checkout / "run.py"), "serve", "--fetch-python"]
    env = environment(checkout) | settings
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "Installing uv" in done.stdout
    assert "No Python could be fetched" in done.stderr
    assert "No matching distribution found for uv==" in done.stderr


def test_a_python_that_will_do_is_not_handed_the_word(checkout: Path) -> None:
    (checkout / "start" / "sitecustomize.py").write_text("")
    done = run_in(checkout, "deploy", "--fetch-python")
    assert "There is no command 'deploy'." in done.stderr


@pytest.mark.parametrize("version", ["3.13", "3.10", "3.8"])
def test_other_pythons_say_so_themselves(checkout: Path, version: str) -> None:
    found = sorted(PYENV.glob(f"{version}.*/bin/python3"))
    if not found:
        pytest.skip(f"no Python {version} below {PYENV}: pyenv install {version}")
    put_uv(checkout)
    env = {**environment(checkout), "PYTHONPATH": ""}
    command = [str(found[0]), str(checkout / "run.py"), "serve"]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Photomill needs Python 3.11 or 3.12; this is {version}.")


def test_the_lock_serves_every_python_that_we_name() -> None:
    """Whoever compiles it beside an index that holds files for one Python alone locks the others out."""
    lock = run.LOCK.read_text()
    for found in metadata.distributions():
        tags = (found.read_text("WHEEL") or "").split()
        name = found.metadata["Name"].lower().replace("_", "-")
        if f"\n{name}==" in lock and any(tag.startswith("cp311-cp311-") for tag in tags):
            block = lock.split(f"\n{name}==")[1].split("\n")
            hashes = [line for line in block[1:] if line.startswith("    --hash=")]
            assert len(hashes) > 1, f"{name} has the hash of one file: compile the lock without local indexes"
