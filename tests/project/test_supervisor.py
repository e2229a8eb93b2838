"""The supervisor, with small real programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from project.supervisor import GUARDIAN, Program, Supervisor

WAIT_SECONDS = 10

# A supervisor in a process of its own, so that it can be killed. Like Celery its program takes a moment to end, and
# has a child in its session and one that left it.
DOOMED = """
import os, sys, time
from project.supervisor import Program, Supervisor
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
supervisor = Supervisor(say=lambda _: None, show=lambda name, line: print(line, flush=True), lock_descriptor=lock)
script = "trap 'sleep 0.5; exit' TERM; sleep 600 & echo $!; setsid sleep 600 & echo $!; echo $$; wait"
supervisor.add(Program(name="family", command=["sh", "-c", script], environment=dict(os.environ)))
time.sleep(600)
"""


class Listener:
    """Collects what a supervisor says and shows."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.shown: list[tuple[str, str]] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def show(self, name: str, line: str) -> None:
        self.shown.append((name, line))

    def lines(self, name: str) -> list[str]:
        return [line for shown, line in self.shown if shown == name]


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def supervisor(tmp_path: Path, listener: Listener) -> Iterator[Supervisor]:
    with (tmp_path / "lock").open("w") as lock:
        made = Supervisor(say=listener.say, show=listener.show, lock_descriptor=lock.fileno())
        yield made
        made.close()


def run_script(script: str, *, name: str = "program", log: Path | None = None) -> Program:
    return Program(name=name, command=["sh", "-c", script], environment=dict(os.environ), log=log)


def await_that(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_a_program_prints_is_handed_on_line_by_line_with_its_name(
    supervisor: Supervisor, listener: Listener
) -> None:
    supervisor.add(run_script("echo one; echo two >&2; echo; printf 'no end'; sleep 600 & exit"))
    supervisor.add(run_script("echo other; sleep 600", name="other"))
    await_that(lambda: "no end" in listener.lines("program") and listener.lines("other"))
    assert listener.lines("program")[:3] == ["one", "two", "no end"]
    assert listener.lines("other") == ["other"]


def test_a_program_with_a_log_file_prints_there_and_a_restart_adds_to_it(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    log = tmp_path / "log" / "program.log"
    supervisor.add(run_script("echo hello", log=log))
    await_that(lambda: log.exists() and log.read_text() == "hello\nhello\n")


def test_each_program_leads_a_session_of_its_own_so_that_ctrl_c_reaches_the_supervisor_alone(
    supervisor: Supervisor,
) -> None:
    supervisor.add(run_script("sleep 600"))
    await_that(supervisor.pids)
    pid = supervisor.pids()["program"]
    assert os.getsid(pid) == pid != os.getsid(0)


def test_a_killed_program_starts_again_and_it_is_said(supervisor: Supervisor, listener: Listener) -> None:
    supervisor.add(run_script("exec sleep 600"))
    await_that(supervisor.pids)
    first = supervisor.pids()["program"]
    os.kill(first, signal.SIGKILL)
    await_that(lambda: supervisor.pids().get("program") not in (None, first))
    assert listener.said == ["program ended (killed by SIGKILL); it starts again in 1 s"]
    assert not is_running(first)


def test_the_gaps_between_starts_grow(supervisor: Supervisor, listener: Listener) -> None:
    supervisor.add(run_script("exit 3"))
    await_that(lambda: supervisor.failures("program") == 2)
    assert listener.said == [f"program ended (exit code 3); it starts again in {seconds} s" for seconds in (1, 2)]


def test_what_a_dead_program_left_is_killed_before_it_starts_again(supervisor: Supervisor, listener: Listener) -> None:
    supervisor.add(run_script("sleep 600 & echo $!; wait"))
    await_that(lambda: listener.lines("program"))
    orphan = int(listener.lines("program")[0])
    os.kill(supervisor.pids()["program"], signal.SIGKILL)
    await_that(lambda: listener.said)
    assert not is_running(orphan)


def test_a_stop_waits_for_the_program_and_does_not_start_it_again(supervisor: Supervisor, listener: Listener) -> None:
    supervisor.add(run_script("trap 'echo finished; exit' TERM; echo ready; while :; do sleep 0.05; done"))
    await_that(lambda: listener.lines("program") == ["ready"])
    supervisor.stop(["program"], within_seconds=WAIT_SECONDS)
    await_that(lambda: listener.lines("program") == ["ready", "finished"])
    assert supervisor.pids() == {}
    assert listener.said == []


def test_what_ignores_the_stop_is_killed_after_its_time_and_it_is_said(
    supervisor: Supervisor, listener: Listener
) -> None:
    supervisor.add(run_script("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    await_that(lambda: listener.lines("program"))
    pid = supervisor.pids()["program"]
    supervisor.stop(["program"], within_seconds=0.5)
    assert not is_running(pid)
    assert listener.said == ["program did not end within 0 s: killed"]


def test_hurry_ends_a_stop_that_is_waiting(supervisor: Supervisor, listener: Listener) -> None:
    supervisor.add(run_script("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    await_that(lambda: listener.lines("program"))
    threading.Timer(0.3, supervisor.hurry).start()
    began = time.monotonic()
    supervisor.stop(["program"], within_seconds=WAIT_SECONDS * 10)
    assert time.monotonic() - began < WAIT_SECONDS
    assert listener.said == []


def test_stopping_what_was_never_started_is_no_error(supervisor: Supervisor) -> None:
    supervisor.stop(["nobody"], within_seconds=0)
    assert supervisor.failures("nobody") == 0


# --- the end of a supervisor that was killed ---------------------------------------------------------------------


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", DOOMED, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def read_family(doomed: subprocess.Popen[str]) -> list[int]:
    assert doomed.stdout is not None
    return [int(doomed.stdout.readline()) for _ in range(3)]


def find_guardian(doomed: subprocess.Popen[str], family: list[int]) -> psutil.Process:
    (guardian,) = [child for child in psutil.Process(doomed.pid).children() if child.pid not in family]
    return guardian


def test_a_killed_supervisor_leaves_no_process_behind_not_even_one_that_left_the_session(
    doomed: subprocess.Popen[str],
) -> None:
    family = read_family(doomed)
    guardian = find_guardian(doomed, family)
    doomed.kill()
    await_that(lambda: not any(map(is_running, [*family, guardian.pid])))


def ignores(pid: int, number: signal.Signals) -> bool:
    (mask,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigIgn")]
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


def test_a_guardian_outlives_what_a_terminal_or_a_service_manager_sends_to_all() -> None:
    with (
        subprocess.Popen(["sleep", "600"], start_new_session=True) as ward,
        subprocess.Popen([*GUARDIAN, "watch"], stdin=subprocess.PIPE, text=True) as guardian,
    ):
        await_that(lambda: ignores(guardian.pid, signal.SIGHUP))
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            guardian.send_signal(each)
        guardian.communicate(f"+{ward.pid}\n")
        assert ward.wait(WAIT_SECONDS) == -signal.SIGKILL


def test_a_guardian_leaves_alone_what_has_ended_before() -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as ward:
        subprocess.run([*GUARDIAN, "watch"], input=f"+{ward.pid}\n-{ward.pid}\n", text=True, check=True)
        assert ward.poll() is None
        ward.kill()


def test_a_killed_guardian_is_replaced(doomed: subprocess.Popen[str]) -> None:
    family = read_family(doomed)
    guardian = find_guardian(doomed, family)
    guardian.kill()
    for pid in family[1:]:  # the end of the leader is the next thing that the guardian is told of
        os.kill(pid, signal.SIGKILL)
    successors = read_family(doomed)
    doomed.kill()
    await_that(lambda: not any(map(is_running, [*family, *successors])))


def test_when_supervisor_and_guardian_die_together_the_programs_are_asked_to_end(
    doomed: subprocess.Popen[str],
) -> None:
    family = read_family(doomed)
    guardian = find_guardian(doomed, family)
    guardian.suspend()
    guardian.kill()
    doomed.kill()
    await_that(lambda: not is_running(family[2]))
    for pid in filter(is_running, family):  # sh ends without telling its children; Celery and gunicorn tell theirs
        os.kill(pid, signal.SIGKILL)
