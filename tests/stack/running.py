"""A whole Photomill for tests: its own processes, on the embedded default or on real servers."""

import http.server
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kombu
import psycopg
import pytest
import redis
import yaml

from project.embedded import broker_socket
from project.instance import Instance
from project.programs import list_commands
from project.supervisor import ROOT
from tests import services
from tests.conftest import account_entry

BACKENDS = ("embedded", "postgres-redis", "postgres-rabbitmq")
MARKED = [
    pytest.param("embedded", marks=pytest.mark.stack),
    pytest.param("postgres-redis", marks=[pytest.mark.stack, pytest.mark.postgres, pytest.mark.redis]),
    pytest.param("postgres-rabbitmq", marks=[pytest.mark.stack, pytest.mark.postgres, pytest.mark.rabbitmq]),
]
FAST = {
    "PHOTOMILL_LEASE_SECONDS": "3",
    "PHOTOMILL_SWEEP_SECONDS": "1",
    "PHOTOMILL_ALLOWED_NETWORKS": "127.0.0.0/8",
    "PHOTOMILL_ALLOWED_PORTS": "*",
}


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    json: Any


@dataclass
class Receiver:
    """A server that takes callbacks. `messages`: headers and body of each; the first `failures` are answered 500."""

    url: str = ""
    messages: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    failures: int = 0


@dataclass
class Stack:
    """A running instance with one account, whose storage is `bucket`."""

    instance: Instance
    bucket: Path
    receiver: Receiver
    nodes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    objects: Any = None
    """A client of the object store, where the test has one."""

    def call(self, method: str, path: str, body: Any = None, *, secret: str = "tokA") -> Answer:
        """One request to the API."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
        request = urllib.request.Request(self.instance.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, _lower(answer.headers), json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _lower(error.headers), json.loads(error.read()))

    def submit(self, **wanted: Any) -> int:
        """Make a job that the API of no dialect can ask for yet: many sources. Returns its row's id."""
        command = [sys.executable, "-m", "tests.stack.submit", json.dumps(wanted)]
        done = subprocess.run(command, cwd=ROOT, env=self.instance.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.splitlines()[-1])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the instance's database answers."""
        url = self.instance.environment.get("DATABASE_URL")
        if url:
            with psycopg.connect(url, autocommit=True) as connection:
                return connection.execute(query).fetchall()  # type: ignore[arg-type]
        connection = sqlite3.connect(self.instance.data_dir / "photomill.sqlite3", timeout=20)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def change(self, statement: str, *values: str) -> None:
        """Change rows behind the back of an embedded instance."""
        connection = sqlite3.connect(self.instance.data_dir / "photomill.sqlite3", timeout=20)
        with connection:
            connection.execute(statement, values)
        connection.close()

    def await_rows(self, query: str, expected: Any, *, seconds: float) -> None:
        """Wait until the query's first value is the expected one."""
        await_that(lambda: self.rows(query)[0][0] == expected, seconds=seconds, what=lambda: self.describe())

    def describe(self) -> str:
        """Where everything is, for a test that fails."""
        states = self.rows("SELECT state, COUNT(*), MAX(tries), MAX(host_losses), MAX(fence) FROM jobs_item GROUP BY 1")
        jobs = self.rows("SELECT id, state, items_total, items_ended, items_failed FROM jobs_job")
        errors = self.rows("SELECT error_code, error_message FROM jobs_item WHERE error_code <> '' LIMIT 5")
        return f"items {states}, jobs {jobs}, errors {errors}"

    def add_node(self, name: str, *, workers: int = 1, **env: str) -> None:
        """One more node for batches, that the supervisor does not look after."""
        command = list_commands(self.instance.plan)["batch"]
        command = [part.replace("batch@", f"{name}@").replace("batch-", f"{name}-") for part in command]
        command[command.index("-c") + 1] = str(workers)
        self.add_process(name, command, **env)

    def add_process(self, name: str, command: list[str], **env: str) -> None:
        """One more process of any kind, that the supervisor does not look after."""
        log = (self.instance.data_dir / "log" / f"{name}.log").open("ab")
        environment = {**self.instance.environment, **env}
        self.nodes[name] = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def end_node(self, name: str, *, seconds: float) -> float:
        """SIGTERM, and how many seconds it takes to end well; fails where it takes longer than it may."""
        node = self.nodes.pop(name)
        began = time.monotonic()
        node.terminate()
        assert node.wait(timeout=seconds) == 0, name
        return time.monotonic() - began

    def kill_node(self, name: str) -> None:
        """SIGKILL for a node and everything in its group."""
        node = self.nodes.pop(name)
        os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def empty_broker(self) -> None:
        """Throw away every message that waits."""
        url = self.instance.environment.get("CELERY_BROKER_URL", "")
        if url.startswith("amqp"):
            with kombu.Connection(url) as connection, connection.channel() as channel:
                channel.queue_purge(f"{self.instance.plan.queue_prefix}batch")
            return
        socket = broker_socket(self.instance.data_dir)
        with redis.Redis.from_url(url or f"unix://{socket}") as client:
            client.flushdb()


@contextmanager
def running(
    backend: str,
    folder: Path,
    *,
    workers: int = 1,
    flower_port: int | None = None,
    callback_secret: str | None = None,
    storages: list[dict[str, Any]] | None = None,
    **env: str,
) -> Iterator[Stack]:
    """An instance on a backend, ready for requests. callback_secret: what alice's callbacks are signed with.

    storages: alice's, one of them `main`; a local folder where none are named.
    """
    bucket = folder / "bucket"
    bucket.mkdir()
    accounts = folder / "accounts.yaml"
    alice = account_entry("alice", bucket, number=1, secret="tokA")
    alice["services"][0]["callback_secret"] = callback_secret
    alice["storages"] = storages or alice["storages"]
    accounts.write_text(yaml.safe_dump({"accounts": [alice]}))
    port = services.find_free_ports(1)[0]
    environment = {**FAST, **find_servers(backend), **env}
    instance = Instance(folder / "data", port=port, workers=workers, flower_port=flower_port, env=environment)
    with receiving() as receiver:
        stack = Stack(instance, bucket, receiver)
        try:
            instance.start(provision=accounts)
            instance.wait_ready()
            yield stack
        finally:
            for name in list(stack.nodes):
                stack.kill_node(name)
            instance.stop()
            if environment["CELERY_BROKER_URL"].startswith("redis://"):
                services.release_redis(environment["CELERY_BROKER_URL"])


def find_servers(backend: str) -> dict[str, str]:
    """The environment that names a backend's servers. Skips, or fails under .ci/run, where one is missing."""
    if backend == "embedded":
        return {"DATABASE_URL": "", "CELERY_BROKER_URL": "", "PHOTOMILL_CACHE_URL": ""}
    database = services.postgres_url()
    broker = services.redis_url() if backend == "postgres-redis" else services.rabbitmq_url()
    if database is None or broker is None:
        pytest.skip(f"needs {backend.replace('-', ' and ')} on 127.0.0.1: apt install postgresql redis rabbitmq-server")
    prefix = services.make_queue_prefix(broker) if backend == "postgres-rabbitmq" else ""
    cache = "database" if backend == "postgres-rabbitmq" else broker
    names = {"DATABASE_URL": database, "CELERY_BROKER_URL": broker, "PHOTOMILL_CACHE_URL": cache}
    return {**names, "PHOTOMILL_QUEUE_PREFIX": prefix}


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server on this machine that takes callbacks."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.messages.append((_lower(self.headers), body))
            self.send_response(500 if len(receiver.messages) <= receiver.failures else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield receiver
    server.shutdown()
    server.server_close()


def await_that(is_so: Callable[[], bool], *, seconds: float, what: Callable[[], str] = lambda: "") -> None:
    """Wait until something is so; fail after that many seconds."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"not so after {seconds:g} s: {what()}")
        time.sleep(0.1)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
