#!/usr/bin/env python3
"""Sets Photomill up in this folder, then runs what was asked: python3 run.py serve, test, lint, ...

Needs nothing but Python: makes .venv, installs what the hashed locks name, and starts the command there.
A second run finds its stamps and starts at once.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.txt"
TESTS_LOCK = ROOT / "tests" / "requirements.txt"
OVERRIDES = "overrides.txt"
FETCHED = ROOT / ".python"
FETCH_PYTHON = "--fetch-python"
OLDEST_PYTHON, FIRST_UNSUPPORTED_PYTHON = (3, 11), (3, 13)

COMMANDS = {
    "demo": "show everything once: a server, real jobs, their results",
    "serve": "run the web server, the workers, beat and Flower on this machine (serve --help)",
    "test": "run the tests; what follows goes to pytest",
    "bench": "measure the throughput of this machine",
    "eval": "measure how well pictures are seen, on drawn scenes or a folder of photographs",
    "lint": "check style, types, imports and migrations",
    "lock": "recompile the hashed locks from requirements.in; what follows goes to uv",
    "models": "fetch the models that see in pictures; --check reads those that are there again",
}
MODULES = {
    "demo": "project.demo",
    "serve": "project.serve",
    "test": "pytest",
    "bench": "tests.bench",
    "eval": "tests.eval",
}
NEEDS_TEST_PACKAGES = {"test", "bench", "eval", "lint"}
USES_MODELS = {"demo", "serve", "test", "bench", "eval"}
FETCHING = (str(VENV_PYTHON), "-P", str(ROOT / "project" / "fetching.py"))
LINTERS = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy"),
    (".venv/bin/lint-imports",),
    ("manage.py", "makemigrations", "--check", "--dry-run", "--settings=tests.settings"),
    ("manage.py", "check", "--settings=tests.settings"),
)

# uv reads none of pip's settings. Where the user made none for uv, pip's hold for it too.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "no-index": "UV_NO_INDEX",
}
UV_INDEX_NAMES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
TAIL_LINES = 25

PLAIN_LOCK_LINE = re.compile(
    r"""
    [\w.-]+ (\[[\w.,-]+\])? ==[\w.!+-]+ ([ ];[ ][^/@]+?)? ([ ]\\)?  # name[extra]==version ; marker
    | [ ]{4}--hash=sha256:[0-9a-f]{64} ([ ]\\)?
    | \# ((?! :// | [ ][/~] | @ ).)*
    |
    """,
    re.VERBOSE,
)


class SetupError(Exception):
    """The set-up can't go on; the message says why and what to do."""


def main(arguments: list[str]) -> int:
    """Set up, then become the asked command. Returns only for lint and lock, and when nothing could be started."""
    arguments = [argument for argument in arguments if argument != FETCH_PYTHON]
    if not arguments or arguments[0] not in COMMANDS:
        return show_usage(arguments)
    command, rest = arguments[0], arguments[1:]
    os.chdir(ROOT)
    use_supported_python()
    with only_one_setup():
        prepare_environment(with_test_packages=command in NEEDS_TEST_PACKAGES, with_packages=command != "lock")
        if command in USES_MODELS:
            # What could not be fetched was named; only the operations that need it are not available then.
            subprocess.run(FETCHING)
    if command == "lint":
        return lint()
    if command == "models":
        return become([*FETCHING, *rest])
    return lock(rest) if command == "lock" else become([str(VENV_PYTHON), "-m", MODULES[command], *rest])


def become(command: list[str]) -> NoReturn:
    """Be this command from here on: it gets the terminal, the signals and the exit code itself."""
    sys.stdout.flush()
    os.execv(command[0], command)


def show_usage(arguments: list[str]) -> int:
    asked_for_help = bool(arguments) and arguments[0] in {"-h", "--help", "help"}
    out = sys.stdout if asked_for_help else sys.stderr
    if arguments and not asked_for_help:
        print(f"There is no command {arguments[0]!r}.", file=out)
    print("usage: python3 run.py COMMAND [options]\n", file=out)
    for name, summary in COMMANDS.items():
        print(f"  {name:6} {summary}", file=out)
    print(f"\n{FETCH_PYTHON}: where there is no Python 3.11 or 3.12, fetch one into .python without asking", file=out)
    return 0 if asked_for_help else 2


# --- the right Python ---------------------------------------------------------------------------------------------


def use_supported_python() -> None:
    """Go on when this Python is supported; else start over with one from the PATH, or offer to fetch one."""
    if OLDEST_PYTHON <= sys.version_info[:2] < FIRST_UNSUPPORTED_PYTHON:
        return
    for candidate in [*supported_pythons(), *fetched_pythons()]:
        if is_supported(candidate):
            become([candidate, str(ROOT / "run.py"), *sys.argv[1:]])
    runpy.run_path(str(ROOT / "project" / "interpreters.py"), run_name="__main__")


def supported_pythons() -> Iterator[str]:
    """Every python3.12 and python3.11 on the PATH: the first may be a version manager's stub that runs nothing."""
    for name in ("python3.12", "python3.11"):
        for folder in os.get_exec_path():
            found = shutil.which(name, path=folder)
            if found:
                yield found


def fetched_pythons() -> list[str]:
    """What project/interpreters.py has fetched."""
    return sorted(str(path) for path in FETCHED.glob("cpython-*/bin/python3.1[12]"))


def is_supported(python: str) -> bool:
    code = f"import sys; sys.exit(not {OLDEST_PYTHON} <= sys.version_info[:2] < {FIRST_UNSUPPORTED_PYTHON})"
    return succeeds([python, "-c", code])


# --- the environment ----------------------------------------------------------------------------------------------


@contextmanager
def only_one_setup() -> Iterator[None]:
    """Hold a lock on this folder, so that two commands started together don't install over each other."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another run.py that sets this folder up …", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def prepare_environment(*, with_packages: bool, with_test_packages: bool) -> None:
    locks = [LOCK] * with_packages + [TESTS_LOCK] * with_test_packages
    missing = [lock for lock in locks if not is_installed(lock)]
    if locks and not missing and VENV_PYTHON.exists():
        return
    make_environment()
    install_uv()
    for lock in missing:
        install_packages(lock)


def make_environment() -> None:
    if VENV.exists():
        if environment_is_whole():
            return
        with progress("Removing a half-made .venv"):
            shutil.rmtree(VENV)
    try:
        import ensurepip  # noqa: F401  (Debian keeps it in a package of its own)
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(
            "This Python can't make virtual environments. Install what is missing: apt install python3-venv"
        ) from None
    with progress(f"Making .venv with Python {sys.version.split()[0]}"):
        run_quietly([sys.executable, "-m", "venv", str(VENV)])


def environment_is_whole() -> bool:
    """Whether .venv has a supported Python that runs, and pip or uv to install with."""
    python = str(VENV_PYTHON)
    if not VENV_PYTHON.exists() or not is_supported(python):
        return False
    return succeeds([python, "-m", "uv", "--version"]) or succeeds([python, "-m", "pip", "--version"])


def install_uv() -> None:
    """Install the uv that the lock names with pip, by its hashes: uv then installs the rest ten times faster."""
    block = cut_uv_block(LOCK.read_text())
    version = block.split()[0].partition("==")[2]
    if f"uv {version} " in read_output([str(VENV_PYTHON), "-m", "uv", "--version"]) + " ":
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pinned:
        pinned.write(block)
        pinned.flush()
        with progress(f"Installing uv {version}"):
            run_quietly(pip("install", "--require-hashes", "--no-deps", "-r", pinned.name))


def cut_uv_block(lock_text: str) -> str:
    """The lines of the lock that pin uv and its hashes."""
    found = re.search(r"^uv==\S+.*\\\n(?:    --hash=\S+(?: \\)?\n)+", lock_text, re.MULTILINE)
    if not found:
        raise SetupError("requirements.txt pins no uv with its hashes: restore it from the repository.")
    return found[0]


def install_packages(lock: Path) -> None:
    name = lock.relative_to(ROOT)
    count = len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE))
    with progress(f"Installing up to {count} packages of {name}"):
        run_quietly(uv("install", "--no-deps", "--require-hashes", "-r", str(lock)), env=uv_environment())
    stamp(lock).write_text(digest(lock))


def is_installed(lock: Path) -> bool:
    return stamp(lock).exists() and stamp(lock).read_text() == digest(lock)


def stamp(lock: Path) -> Path:
    """The file that says which content of a lock is installed; it goes when .venv goes."""
    return VENV / f"installed-{lock.relative_to(ROOT).as_posix().replace('/', '-')}.sha256"


def digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def pip(*arguments: str) -> list[str]:
    return [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]


def uv(*arguments: str) -> list[str]:
    return [str(VENV_PYTHON), "-m", "uv", "pip", *arguments, "--python", str(VENV_PYTHON)]


# --- package indexes ----------------------------------------------------------------------------------------------


def uv_environment() -> dict[str, str]:
    """This environment, with pip's indexes and certificates said in uv's words."""
    translated = translate_pip_settings(read_output(pip("config", "list")), os.environ)
    return {**os.environ, **translated}


def translate_pip_settings(listing: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What `pip config list` says, as uv's variables. What the environment already says to uv stays."""
    settings = read_pip_settings(listing)
    if any(environment.get(name) for name in UV_INDEX_NAMES):
        settings = {key: value for key, value in settings.items() if UV_NAMES[key] not in UV_INDEX_NAMES}
    values = {UV_NAMES[key]: write_for_uv(key, value) for key, value in settings.items()}
    if "extra-index-url" in settings:
        # As pip does: any index may hold the file. The lock's hashes decide which files are taken.
        values["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in values.items() if value and not environment.get(name)}


def read_pip_settings(listing: str) -> dict[str, str]:
    """The settings that uv needs; pip's own order holds: a command's section beats [global], the environment all."""
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for line in listing.splitlines():
            where, _, value = line.partition("=")
            key = where.removeprefix(f"{section}.")
            if key != where and key in UV_NAMES:
                settings[key] = ast.literal_eval(value)
    return settings


def write_for_uv(key: str, value: str) -> str:
    words = value.split()
    if key == "find-links":
        # pip passes over a folder that is missing, uv stops at it; and uv wants commas.
        return ",".join(word for word in words if "://" in word or Path(word).expanduser().exists())
    return " ".join(words)


# --- lint and lock ------------------------------------------------------------------------------------------------


def lint() -> int:
    """Run every linter, even after one has failed, and sum up."""
    failed = []
    for arguments in LINTERS:
        title = " ".join(arguments).removeprefix("-m ").removeprefix(".venv/bin/")
        print(f"== {title}", flush=True)
        if subprocess.run([str(VENV_PYTHON), *arguments], cwd=ROOT).returncode:
            failed.append(title)
    print(f"\n{len(LINTERS) - len(failed)} of {len(LINTERS)} checks passed" + "".join(f"\nfailed: {f}" for f in failed))
    return 1 if failed else 0


def lock(arguments: list[str]) -> int:
    """Recompile both locks. The tests' lock is constrained by the first, so it comes second."""
    for target in (LOCK, TESTS_LOCK):
        before = target.read_text()
        compile_lock(target, arguments)
        foreign = find_foreign_lines(target.read_text())
        if foreign:
            target.write_text(before)
            name = target.relative_to(ROOT)
            raise SetupError(f"{name} would name an index, a URL or a path of this machine:\n" + "\n".join(foreign))
    return 0


def compile_lock(target: Path, arguments: list[str]) -> None:
    source, output = target.with_suffix(".in").relative_to(ROOT), target.relative_to(ROOT)
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"]
    options += ["--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "python3 run.py lock"]
    options += ["--overrides", OVERRIDES]
    with progress(f"Compiling {output}"):
        run_quietly(uv("compile", *options, str(source), "-o", str(output), *arguments), env=uv_environment())


def find_foreign_lines(lock_text: str) -> list[str]:
    """The lines of a lock that are neither `name==version ; marker`, a hash, nor a plain comment."""
    return [line for line in lock_text.splitlines() if not PLAIN_LOCK_LINE.fullmatch(line)]


# --- running things -----------------------------------------------------------------------------------------------


@contextmanager
def progress(title: str) -> Iterator[None]:
    """One line per step, with the seconds it took."""
    began = time.monotonic()
    print(f"{title} … ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("stopped", flush=True)
        raise
    print(f"{time.monotonic() - began:.1f} s", flush=True)


def run_quietly(command: list[str], *, env: Mapping[str, str] | None = None) -> None:
    """Run a command without its output; when it fails, the end of that output is in the error."""
    both = subprocess.STDOUT
    done = subprocess.run(command, env=env, text=True, errors="replace", stdout=subprocess.PIPE, stderr=both)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-TAIL_LINES:])
        raise SetupError(f"{tail}\n\nThis command failed, its last lines are above: {' '.join(command)}")


def read_output(command: list[str]) -> str:
    """What a command prints, or nothing when it can't run."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, errors="replace")
    return done.stdout if done.returncode == 0 else ""


def succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def guard(run: Callable[[list[str]], int]) -> int:
    """Turn what a person may cause into a sentence and an exit code."""
    try:
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 128 + signal.SIGINT
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(guard(main))
