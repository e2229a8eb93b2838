"""All of Photomill on one machine: a broker where none is named, the database's tables, and every program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from project import embedded
from project.console import Console
from project.hosts import list_hosts
from project.probes import answers, broker_answers, find_port_problem, last_lines, skip_traceback
from project.programs import FLOWER_USER, LOOPBACK, WEB_THREADS, Plan, list_commands, name_nodes, suffix_for
from project.supervisor import GUARDIAN, ROOT, Program, Supervisor

BROKER_SECONDS = 60.0  # a long log of messages is read before the broker answers
ENDS_BEFORE_GIVING_UP = 3
POLL_SECONDS = 0.1
# Who goes first, and how long each may take: no new work, then the work at hand, then what it was done with.
STOP_ORDER = (
    (("web", "beat"), 12.0),
    (("interactive", "batch", "delivery"), 20.0),
    (("flower",), 5.0),
    (("broker",), 10.0),
)


class StartError(Exception):
    """Photomill could not start; the message says why, and which option or folder it is about."""


class Instance:
    """A Photomill with a data folder of its own: `start`, `wait_ready`, `stop`.

    `env` adds to this process's environment. Quiet: what a program prints goes to DATA_DIR/log/NAME.log;
    else to the console under its name. `start` and `wait_ready` raise StartError; call `stop` after either.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int,
        workers: int = 2,
        host: str = LOOPBACK,
        flower_host: str = LOOPBACK,
        flower_port: int | None = None,
        env: Mapping[str, str] | None = None,
        quiet: bool = True,
    ) -> None:
        self.data_dir = data_dir.absolute()
        merged = {**os.environ, **(env or {})}
        self.environment = {name: value for name, value in merged.items() if value}  # empty: as if it weren't set
        self.has_own_broker = not self.environment.get("CELERY_BROKER_URL")
        self.plan = Plan(
            data_dir=self.data_dir,
            host=host,
            port=port,
            workers=workers,
            web_threads=self.environment.get("PHOTOMILL_WEB_THREADS", WEB_THREADS),
            flower_host=flower_host,
            flower_port=flower_port,
            queue_prefix=self.environment.get("PHOTOMILL_QUEUE_PREFIX", ""),
            suffix="" if self.has_own_broker else suffix_for(self.data_dir),
        )
        self._commands = list_commands(self.plan)
        self._console = None if quiet else Console()
        self._claim: IO[str] | None = None
        self._supervisor: Supervisor | None = None

    def start(self, *, provision: Path | None = None) -> None:
        """Start everything, in order; `provision` is a file of accounts to set up before the first request."""
        self._check_ports()
        self._claim = self._claim_folder()
        embedded.ensure_secrets(self.data_dir, self.environment)
        self._complete_environment()
        self._supervisor = Supervisor(say=self._say, show=self._show, lock_descriptor=self._claim.fileno())
        if self.has_own_broker:
            self._start_broker(self._supervisor)
        self.manage("migrate", "--no-input")
        if provision is not None:
            self._say(self.manage("provision", str(provision.absolute())).strip())
        for name in self._commands:
            if name != "flower":
                self._supervisor.add(self._make_program(name))

    def wait_ready(self, timeout_seconds: float = 240.0) -> None:
        """Wait until the web server, every node and Flower answer. StartError: one doesn't, or keeps ending.

        Flower starts here, when the nodes are there: it asks them at its own start, and complains of silence.
        """
        deadline = time.monotonic() + timeout_seconds
        self._await("web", lambda: answers(self.plan.host, self.plan.port, "/healthz"), deadline=deadline)
        self._await_nodes(deadline=deadline)
        if (flower_port := self.plan.flower_port) and self._supervisor:
            self._supervisor.add(self._make_program("flower"))
            self._await(
                "flower", lambda: answers(self.plan.flower_host, flower_port, "/healthcheck"), deadline=deadline
            )

    def stop(self) -> None:
        """End everything in order, waiting for the items at work; what was never started is no error."""
        if self._supervisor is not None:
            for names, within_seconds in STOP_ORDER:
                self._supervisor.stop(names, within_seconds=within_seconds)
            self._supervisor.close()
            self._supervisor = None
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def hurry(self) -> None:
        """Let a stop that is under way kill what it waits for."""
        if self._supervisor is not None:
            self._supervisor.hurry()

    def wait(self) -> None:
        """Wait as long as the programs are looked after."""
        if self._supervisor is not None:
            self._supervisor.wait()

    def pids(self) -> dict[str, int]:
        """The process of each program that runs: broker, web, interactive, batch, delivery, beat, flower."""
        return self._supervisor.pids() if self._supervisor is not None else {}

    def pause(self, name: str) -> None:
        """Stop one program, and leave it stopped until `resume`."""
        if self._supervisor is not None:
            self._supervisor.stop((name,), within_seconds=20)

    def resume(self, name: str) -> None:
        """Start a program again that was paused. The broker is waited for."""
        assert self._supervisor is not None
        if name == "broker":
            self._start_broker(self._supervisor)
        else:
            self._supervisor.add(self._make_program(name))

    def manage(self, *arguments: str) -> str:
        """Run manage.py with this instance's settings and give what it printed. StartError: it failed."""
        command = [*GUARDIAN, "launch", str(os.getpid()), sys.executable, "manage.py", *arguments]
        done = self._run(command)
        if done.returncode:
            log = self.data_dir / "log" / f"{arguments[0]}.log"
            log.parent.mkdir(mode=0o700, exist_ok=True)
            log.write_text(done.stdout)
            raise StartError(f"manage.py {arguments[0]} failed (all of it: {log}):\n{skip_traceback(done.stdout)}")
        return done.stdout

    @property
    def url(self) -> str:
        return self.plan.web_url

    # --- steps -------------------------------------------------------------------------------------------------------

    def _check_ports(self) -> None:
        self._check_port(self.plan.host, self.plan.port, advice="Choose another with --port.")
        if self.plan.flower_port:
            advice = "Choose another with --flower-port, or leave Flower out with --no-flower."
            self._check_port(self.plan.flower_host, self.plan.flower_port, advice=advice)

    def _check_port(self, host: str, port: int, *, advice: str) -> None:
        if problem := find_port_problem(host, port):
            raise StartError(f"Port {port} on {host} can't be used: {problem}. {advice}")

    def _claim_folder(self) -> IO[str]:
        try:
            return embedded.claim_folder(self.data_dir)
        except embedded.FolderInUseError as error:
            raise StartError(f"{error} Stop it first, or name another folder in PHOTOMILL_DATA_DIR.") from None
        except OSError as error:
            raise StartError(f"The data folder {self.data_dir} can't be used: {error.strerror}.") from None

    def _complete_environment(self) -> None:
        secrets = {**embedded.load_secrets(self.data_dir), **self.environment}
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PHOTOMILL_DATA_DIR": str(self.data_dir),
            "PHOTOMILL_WORKERS": str(self.plan.workers),
            "PHOTOMILL_PUBLIC_URL": self.environment.get("PHOTOMILL_PUBLIC_URL") or self.plan.web_url,
            "PHOTOMILL_ALLOWED_HOSTS": self.environment.get("PHOTOMILL_ALLOWED_HOSTS")
            or ",".join(list_hosts(self.plan.host)),
            # By the environment, for a command line can be read by every user of the machine.
            "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{secrets['PHOTOMILL_FLOWER_PASSWORD']}",
            "PYTHONUNBUFFERED": "1",
        }
        if os.getuid() == 0:  # the operator has chosen that; Celery need not say so at each start of each node
            wanted = [self.environment.get("PYTHONWARNINGS", ""), "ignore:You're running the worker with superuser"]
            self.environment["PYTHONWARNINGS"] = ",".join(filter(None, wanted))

    def _start_broker(self, supervisor: Supervisor) -> None:
        try:
            socket_path = embedded.prepare_socket_folder(self.data_dir)
            server = embedded.find_broker_server(self.data_dir)
        except OSError as error:
            raise StartError(str(error)) from None
        command = embedded.broker_command(server, data_dir=self.data_dir, socket_path=socket_path)
        log = self.data_dir / "log" / "broker.log"  # its start is full of advice that doesn't concern a private broker
        supervisor.add(Program(name="broker", command=command, environment=self.environment, log=log))
        deadline = time.monotonic() + BROKER_SECONDS
        self._await("broker", lambda: broker_answers(socket_path), deadline=deadline)

    def _make_program(self, name: str) -> Program:
        log = None if self._console else self.data_dir / "log" / f"{name}.log"
        return Program(name=name, command=self._commands[name], environment=self.environment, log=log)

    def _await(self, name: str, is_ready: Callable[[], bool], *, deadline: float) -> None:
        while not is_ready():
            self._check_progress()
            if time.monotonic() > deadline:
                raise StartError(f"{name} does not answer. {self._point_to_log(name)}")
            time.sleep(POLL_SECONDS)

    def _await_nodes(self, *, deadline: float) -> None:
        command = [sys.executable, "-m", "project.readiness", "2", *name_nodes(self.plan)]
        while (done := self._run(command)).returncode:
            self._check_progress()
            if time.monotonic() > deadline:
                raise StartError(f"Workers are not ready: {last_lines(done.stdout)}")

    def _check_progress(self) -> None:
        """StartError when a program keeps ending: waiting longer would not help."""
        assert self._supervisor is not None
        for name in ["broker", *self._commands]:
            if self._supervisor.failures(name) >= ENDS_BEFORE_GIVING_UP:
                raise StartError(f"{name} keeps ending. {self._point_to_log(name)}")

    def _point_to_log(self, name: str) -> str:
        log = self.data_dir / "log" / f"{name}.log"
        return f"The end of {log}:\n{last_lines(log.read_text(errors='replace'))}" if log.exists() else ""

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        both = subprocess.STDOUT
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, text=True, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=both, start_new_session=True,
        )  # fmt: skip

    def _say(self, sentence: str) -> None:
        if self._console and sentence:
            self._console.say(sentence)

    def _show(self, name: str, line: str) -> None:
        if self._console:
            self._console.show(name, line)
