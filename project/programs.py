"""The programs that make up Photomill on one machine, each with its command line."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

WEB_THREADS = "16"
WEB_STOP_SECONDS = 10
DELIVERY_THREADS = 8
FLOWER_USER = "admin"
LOOPBACK = "127.0.0.1"
PYTHON = sys.executable


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to run and where. `suffix` tells the nodes of two instances on one broker apart.

    flower_host: Flower listens on an address of its own, for two of its paths ask for no password.
    web_threads: as the setting PHOTOMILL_WEB_THREADS has it, of each web process.
    """

    data_dir: Path
    host: str
    port: int
    workers: int
    web_threads: str = WEB_THREADS
    flower_host: str = LOOPBACK
    flower_port: int | None = None
    queue_prefix: str = ""
    suffix: str = ""

    @property
    def web_url(self) -> str:
        return f"http://{bracket(reachable(self.host))}:{self.port}"

    @property
    def flower_url(self) -> str:
        return f"http://{bracket(reachable(self.flower_host))}:{self.flower_port}"


def reachable(host: str) -> str:
    """The address at which this machine itself reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - looked up, not bound


def bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def suffix_for(data_dir: Path) -> str:
    return f"-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:6]}"


def name_nodes(plan: Plan) -> list[str]:
    """The Celery nodes as they sign: name@host."""
    return [f"{name}{plan.suffix}@{socket.gethostname()}" for name in ("interactive", "batch", "delivery")]


def list_commands(plan: Plan) -> dict[str, list[str]]:
    """Every program's command by its name, in the order in which they start."""
    prefork = ["--pool", "prefork", "-c"]
    threads = ["--pool", "threads", "-c", str(DELIVERY_THREADS)]
    commands = {
        "web": _web(plan),
        "interactive": _node(plan, "interactive", queues=["interactive"], pool=[*prefork, "1"]),
        "batch": _node(plan, "batch", queues=["batch", "vision"], pool=[*prefork, str(plan.workers)]),
        "delivery": _node(plan, "delivery", queues=["delivery", "periodic"], pool=threads),
        "beat": _celery("beat", "--schedule", str(plan.data_dir / "run" / "beat-schedule"), "--pidfile="),
    }
    if plan.flower_port:
        commands["flower"] = _celery("flower", f"--address={plan.flower_host}", f"--port={plan.flower_port}")
    return commands


def _web(plan: Plan) -> list[str]:
    processes = min(2, os.cpu_count() or 1)
    options = ["--worker-class", "gthread", "--workers", str(processes), "--threads", plan.web_threads]
    options += ["--bind", f"{bracket(plan.host)}:{plan.port}", "--graceful-timeout", str(WEB_STOP_SECONDS)]
    # The control socket would lie in the home folder, where a second instance finds it taken.
    options += ["--no-control-socket", "--log-level", "warning", "--logger-class", "project.web_log.WebLog"]
    return [PYTHON, "-m", "gunicorn", "project.wsgi:application", *options]


def _node(plan: Plan, name: str, *, queues: list[str], pool: list[str]) -> list[str]:
    listened = ",".join(f"{plan.queue_prefix}{queue}" for queue in queues)
    # Nodes need not know each other here: looking for neighbours costs a second at each start.
    alone = ["--without-gossip", "--without-mingle"]
    return _celery("worker", "-n", f"{name}{plan.suffix}@%h", "-Q", listened, *pool, *alone)


def _celery(*arguments: str) -> list[str]:
    return [PYTHON, "-m", "celery", "-A", "project", "--quiet", *arguments]
