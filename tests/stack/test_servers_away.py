"""A database that crashes in the middle of a batch, and requests that are taken while the broker is away."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import services
from tests.conftest import encode
from tests.images import noise
from tests.stack.outages import Way
from tests.stack.running import Stack, await_that, find_servers, running
from tests.stack.test_outages import ANSWER_SECONDS, OUTAGE_SECONDS, RESUME_SECONDS, ask, ended, lead

ITEMS = 120
POSTS = 100
AFTERWARDS_SECONDS = 30
PHOTO = encode(noise((700, 500)), "JPEG", quality=85)
PROGRAMS = Path("/usr/lib/postgresql")
RABBITMQ = [pytest.mark.postgres, pytest.mark.rabbitmq]
REDIS = [pytest.mark.postgres, pytest.mark.redis]


# --- D3: a database that crashes ---------------------------------------------------------------------------------


class Cluster:
    """A PostgreSQL of its own, over a folder that is thrown away."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self.port = services.find_free_ports(1)[0]
        self._run("initdb", "--auth=trust", "--username=photomill", "--no-sync", "-D", str(folder))
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "photomill", "photomill")

    @property
    def url(self) -> str:
        return f"postgres://photomill@127.0.0.1:{self.port}/photomill"

    def start(self) -> None:
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "start", "-w", "-D", str(self._folder), "-l", f"{self._folder}/log", "-o", options)

    def crash(self) -> None:
        """Every process ends at once, and nothing is written down."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self._folder))

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60)


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    programs = max(PROGRAMS.glob("*/bin"), key=lambda path: float(path.parent.name), default=None)
    if programs is None:
        services.give_up(services.POSTGRES, f"no programs in {PROGRAMS}")
        pytest.skip(f"needs PostgreSQL's programs in {PROGRAMS}: {services.POSTGRES.advice}")
    # Not below the test's folder: that is root's alone.
    folder = Path(f"/var/tmp/photomill-cluster-{os.getpid()}")
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    cluster = Cluster(folder, programs)
    try:
        yield cluster
    finally:
        cluster.crash()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(240)
@pytest.mark.stack
@pytest.mark.postgres
def test_a_database_that_crashes_costs_no_item(tmp_path: Path) -> None:
    with own_cluster() as cluster, running("embedded", tmp_path, DATABASE_URL=cluster.url) as stack:
        (stack.bucket / "in").mkdir()
        keys = [f"in/{number:03}.jpg" for number in range(ITEMS)]
        for key in keys:
            (stack.bucket / key).write_bytes(PHOTO)
        stack.submit(keys=keys, width=300, callback_url=stack.receiver.url)
        await_that(lambda: ended(stack) > 5, seconds=60, what=stack.describe)
        cluster.crash()
        until = time.monotonic() + OUTAGE_SECONDS
        while time.monotonic() < until:
            answer, seconds = ask(stack)
            assert (answer.status, seconds < ANSWER_SECONDS) == (503, True), (answer, seconds)
            time.sleep(0.5)
        cluster.start()
        before, began = ended(stack), time.monotonic()
        await_that(lambda: ended(stack) > before, seconds=RESUME_SECONDS, what=stack.describe)
        print(f"work went on {time.monotonic() - began:.1f} s after the database came back")
        stack.await_rows("SELECT COUNT(*) FROM jobs_job WHERE finished_at IS NOT NULL", 1, seconds=120)
        assert stack.rows("SELECT state, COUNT(*) FROM jobs_item GROUP BY state") == [("done", ITEMS)]
        assert stack.rows("SELECT items_ended, outputs_stored, items_failed FROM jobs_job") == [(ITEMS, ITEMS, 0)]
        stack.await_rows("SELECT COUNT(*) FROM jobs_delivery WHERE state = 'delivered'", 1, seconds=30)
        assert len({headers["webhook-id"] for headers, _ in stack.receiver.messages}) == 1


# --- D4: requests while the broker is away -----------------------------------------------------------------------


@contextmanager
def with_a_broker_that_can_go(backend: str, folder: Path) -> Iterator[tuple[Stack, Way]]:
    with ExitStack() as ways:
        servers = find_servers(backend)
        servers["CELERY_BROKER_URL"], way = lead(servers["CELERY_BROKER_URL"], ways)
        if servers["PHOTOMILL_CACHE_URL"] != "database":
            servers["PHOTOMILL_CACHE_URL"] = servers["CELERY_BROKER_URL"]
        with running("embedded", folder, workers=2, **servers) as stack:
            yield stack, way


@pytest.mark.timeout(240)
@pytest.mark.stack
@pytest.mark.parametrize(
    "backend", [pytest.param("postgres-redis", marks=REDIS), pytest.param("postgres-rabbitmq", marks=RABBITMQ)]
)
def test_a_hundred_requests_without_a_broker_are_taken_and_done_when_it_is_back(backend: str, tmp_path: Path) -> None:
    with with_a_broker_that_can_go(backend, tmp_path) as (stack, way):
        (stack.bucket / "a.jpg").write_bytes(encode(noise((80, 60)), "JPEG"))
        way.cut()
        slowest = 0.0
        for number in range(POSTS):
            began = time.monotonic()
            job = {"destination": f"/out/{number}.jpg", "transformations": [{"type": "resize", "width": "40px"}]}
            answer = stack.call("POST", "/request", {"service_id": 1, "source": "/a.jpg", "jobs": [job]})
            assert answer.status == 200, answer
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < ANSWER_SECONDS
        assert ended(stack) < POSTS
        way.mend()
        began = time.monotonic()
        await_that(lambda: ended(stack) == POSTS, seconds=AFTERWARDS_SECONDS, what=stack.describe)
        print(f"{backend}: all {POSTS} done {time.monotonic() - began:.1f} s after the broker came back")
        assert stack.rows("SELECT state, COUNT(*) FROM jobs_item GROUP BY state") == [("done", POSTS)]
        assert len(list((stack.bucket / "out").iterdir())) == POSTS
