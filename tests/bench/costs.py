"""What the upkeep of a full database costs, measured in a process apart for each kind of database."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.bench import goals
from tests.bench.goals import Goal
from tests.bench.tables import format_table

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Cost:
    """The best of a few runs, in milliseconds, and their statements."""

    name: str
    milliseconds: float
    statements: int


@dataclass(frozen=True)
class Upkeep:
    """passes: what runs again and again. lists: pages of the admin."""

    database: str
    jobs: int
    passes: Sequence[Cost] = field(default_factory=list)
    lists: Sequence[Cost] = field(default_factory=list)

    def goals(self) -> list[Goal]:
        slowest = max(self.passes, key=lambda cost: cost.milliseconds)
        page = max(self.lists, key=lambda cost: cost.milliseconds)
        most = max(self.lists, key=lambda cost: cost.statements)
        return [
            Goal(f"upkeep on {self.database}, ms ({slowest.name})", goals.PASS_MS, slowest.milliseconds),
            Goal(f"admin on {self.database}, ms ({page.name})", goals.PAGE_MS, page.milliseconds),
            Goal(f"admin on {self.database}, statements ({most.name})", goals.PAGE_STATEMENTS, most.statements),
        ]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def measure_apart(database: str, *, jobs: int) -> Upkeep:
    """Fill a database and measure, in a process of its own. database: a URL of an empty one; else SQLite in a file.

    Raises CalledProcessError.
    """
    with tempfile.TemporaryDirectory(prefix="photomill-bench-") as folder:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PHOTOMILL_DATA_DIR": folder,
            "PHOTOMILL_LOG_LEVEL": "WARNING",
            "DATABASE_URL": database,
        }
        command = [sys.executable, "-m", "tests.bench.upkeep", str(jobs)]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    costs = {name: [Cost(**cost) for cost in found[name]] for name in ("passes", "lists")}
    return Upkeep("PostgreSQL" if database else "SQLite", jobs, **costs)


def show_upkeep(found: Upkeep) -> Iterator[str]:
    lines = [[cost.name, f"{cost.milliseconds:.0f}", str(cost.statements)] for cost in (*found.passes, *found.lists)]
    yield from format_table([f"Upkeep, {found.jobs:,} finished jobs on {found.database}", "ms", "statements"], lines)
