import json
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processing import sandbox
from processing.sandbox import landlock, seccomp

SCRIPT = Path(__file__).with_name("locked_down.py")
ALLOWED = ["read a named file", "start a thread", "import a module", "ask for a limit"]
BY_LANDLOCK = [
    "read /etc/passwd",
    "list the root",
    "read the project",
    "read the parent's environment",
    "write a file",
    "write the named file",
    "remove the named file",
    "make a folder",
]
BY_SECCOMP = [
    "connect",
    "make a datagram socket",
    "make a unix socket",
    "fork",
    "spawn",
    "run a program",
    "become another program",
    "signal the parent",
    "trace the parent",
    "make a memory file",
    "limit the parent",
]
BY_LIMITS = ["raise a limit", "allocate 4 GB", "open many files"]

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
THREAD_FLAGS = 0x003D0F00
"""What pthread_create asks of clone."""

VFORK_FLAGS = 0x00004111
"""What posix_spawn asks of clone."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is made of Linux's means")


@pytest.fixture(scope="module")
def locked_down(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What a process found out that had locked itself in."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "font.ttf").write_bytes(b"a font")
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = {"readable": str(folder / "font.ttf"), "folder": str(folder), "port": server.getsockname()[1]}
        done = subprocess.run(
            [sys.executable, "-I", str(SCRIPT), json.dumps(arguments)],
            capture_output=True,
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            timeout=60,
        )
    assert done.returncode == -signal.SIGABRT, done.stderr.decode()
    return json.loads(done.stdout)


def require(locked_down: dict[str, dict[str, str]], part: str) -> None:
    if locked_down["protection"][part].startswith("absent"):
        pytest.skip(f"{part} is {locked_down['protection'][part]}")


@pytest.mark.parametrize("name", ALLOWED)
def test_a_locked_process_can_do_what_pictures_need(locked_down, name):
    assert locked_down["outcomes"][name] == "allowed"


@pytest.mark.parametrize("name", BY_LANDLOCK)
def test_a_locked_process_cannot_reach_a_file_that_was_not_named(locked_down, name):
    require(locked_down, "landlock")
    assert locked_down["outcomes"][name] == "denied: PermissionError"


@pytest.mark.parametrize("name", BY_SECCOMP)
def test_a_locked_process_can_neither_start_nor_reach_another(locked_down, name):
    require(locked_down, "seccomp")
    assert locked_down["outcomes"][name].startswith("denied")


@pytest.mark.parametrize("name", BY_LIMITS)
def test_a_locked_process_keeps_its_limits(locked_down, name):
    assert locked_down["outcomes"][name].startswith("denied")


def test_every_attempt_is_judged(locked_down):
    assert sorted(locked_down["outcomes"]) == sorted(ALLOWED + BY_LANDLOCK + BY_SECCOMP + BY_LIMITS)


def test_a_process_with_other_threads_refuses_to_be_locked_in():
    code = (
        f"import sys, threading, time; sys.path.insert(0, {str(SCRIPT.parents[2])!r})\n"
        "from processing import sandbox\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "sandbox.lock_down(memory_bytes=1 << 30, file_bytes=0, readable=[])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"RuntimeError: 1 threads were started" in done.stderr


@pytest.mark.parametrize("machine", seccomp.TABLES)
def test_the_numbers_of_system_calls_are_those_of_the_kernel_headers(machine):
    if not HEADERS[machine].exists():
        pytest.skip(f"{HEADERS[machine]} is not installed (linux-libc-dev)")
    lines = re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    known = {line[1]: int(line[2]) for line in lines}
    table = seccomp.TABLES[machine]
    named = {**table.denied, "clone": table.clone, "clone3": table.clone3, "tgkill": table.tgkill}
    named |= {"prlimit64": table.prlimit64, "capset": sandbox.CAPSET[machine]}
    assert named == {name: known.get(name) for name in named}


def judge(machine: str, call: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter for a machine answers to a call, by the rules of classic BPF."""
    table = seccomp.TABLES[machine]
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("=iIQ6Q", call, architecture or table.architecture, 0, *padded)
    code = list(struct.iter_unpack("=HBBI", seccomp.assemble(table, own_pid=77)))
    place, value = 0, 0
    while True:
        operation, when_true, when_false, operand = code[place]
        if operation == seccomp.RETURN:
            return operand
        if operation == seccomp.LOAD:
            value = struct.unpack_from("=I", data, operand)[0]
            when_true = when_false = 0
        tests = {
            seccomp.LOAD: True,
            seccomp.EQUAL: value == operand,
            seccomp.AT_LEAST: value >= operand,
            seccomp.ANY_BIT: bool(value & operand),
        }
        place += 1 + (when_true if tests[operation] else when_false)


EPERM = seccomp.FAIL_WITH | 1
ENOSYS = seccomp.FAIL_WITH | 38


@pytest.fixture(params=seccomp.TABLES)
def machine(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


def test_every_named_call_is_denied(machine):
    table = seccomp.TABLES[machine]
    assert {name: judge(machine, number) for name, number in table.denied.items()} == dict.fromkeys(table.denied, EPERM)


def test_a_clone_is_allowed_for_threads_alone(machine):
    clone = seccomp.TABLES[machine].clone
    assert judge(machine, clone, THREAD_FLAGS) == seccomp.ALLOW
    assert judge(machine, clone, VFORK_FLAGS) == EPERM
    assert judge(machine, seccomp.TABLES[machine].clone3, THREAD_FLAGS) == ENOSYS


def test_a_process_can_signal_only_itself(machine):
    tgkill = seccomp.TABLES[machine].tgkill
    assert judge(machine, tgkill, 77, 77, signal.SIGABRT) == seccomp.ALLOW
    assert judge(machine, tgkill, 78, 78, signal.SIGABRT) == EPERM


@pytest.mark.parametrize("address", [1, 1 << 32, 0x7F00_0000_0000])
def test_a_limit_can_be_asked_for_but_not_set(machine, address):
    prlimit64 = seccomp.TABLES[machine].prlimit64
    assert judge(machine, prlimit64, 0, 9, 0, address) == seccomp.ALLOW
    assert judge(machine, prlimit64, 0, 9, address, 0) == EPERM


def test_reading_and_writing_stay_allowed(machine):
    calls = {"x86_64": [0, 1, 9, 202], "aarch64": [63, 64, 222, 98]}
    assert {judge(machine, call) for call in calls[machine]} == {seccomp.ALLOW}


def test_calls_of_another_architecture_end_the_process(machine):
    i386 = 0x40000003
    assert judge(machine, 1, architecture=i386) == seccomp.KILL_PROCESS
    assert judge(machine, seccomp.X32_CALLS + 57) == seccomp.KILL_PROCESS


def test_a_machine_without_a_table_is_said_to_have_no_filter(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert seccomp.install() == "absent: no table of system calls for riscv64"
    assert "Seccomp:\t2" not in Path(f"/proc/{os.getpid()}/status").read_text()


def test_a_kernel_without_landlock_is_said_to_have_none(monkeypatch):
    monkeypatch.setattr(landlock, "CREATE_RULESET", 1 << 20)
    assert landlock.restrict([Path("/usr")]) == "absent: Function not implemented"
    assert Path("/proc/self/status").read_text()
