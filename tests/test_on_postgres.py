"""What touches rows, once more on PostgreSQL: SQLite takes one writer at a time and hides what meets there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import postgres_url

ROOT = Path(__file__).resolve().parent.parent
SUITES = (
    "tests/jobs/test_callback_hosts.py",
    "tests/jobs/test_callbacks.py",
    "tests/jobs/test_collisions.py",
    "tests/jobs/test_concurrency.py",
    "tests/jobs/test_costs.py",
    "tests/jobs/test_crashes.py",
    "tests/jobs/test_dispatch.py",
    "tests/jobs/test_engine.py",
    "tests/jobs/test_listings.py",
    "tests/jobs/test_retention.py",
    "tests/jobs/test_retention_races.py",
    "tests/jobs/test_sweep.py",
    "tests/project/test_metrics.py",
    "tests/accounts/test_limits.py",
    "tests/storage/test_connections.py",
)
LONGEST_SECONDS = 420


@pytest.mark.postgres
@pytest.mark.timeout(LONGEST_SECONDS + 30)
def test_the_engine_does_the_same_on_postgresql() -> None:
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432 (apt install postgresql)")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not stack", *SUITES]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]
