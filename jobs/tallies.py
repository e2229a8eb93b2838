"""Counts of what has happened, which only grow. /metrics shows them."""

import os
from collections.abc import Mapping

from django.db import connection

from jobs.models import Job, Tally

SHARDS = 16
"""Rows that the counts are spread over: two workers seldom wait for the same one."""

RUNS = {
    "items_done": "items_ended - items_kept - items_failed",
    "items_failed": "items_failed",
    "outputs_stored": "outputs_stored - outputs_kept",
    "outputs_failed": "outputs_failed",
}
"""What a run of a job adds, from the job's row. What a retry left as it was belongs to an earlier run."""

EVENTS = ("workers_lost", "child_starts", "child_crashed", "child_timeout", "child_out_of_memory")
COUNTS = ("jobs_finished", "jobs_cancelled", "items_cancelled", *RUNS, *EVENTS)
TABLE, JOBS = Tally._meta.db_table, Job._meta.db_table


def add_event(name: str, count: int = 1) -> None:
    """Add to the count of one of `EVENTS`. One statement."""
    if name not in EVENTS:
        raise ValueError(f"{name!r} is not counted")
    _add([name], "VALUES (%s, %s)", [os.getpid() % SHARDS, count])


def add_run(job_id: int, *, cancelled: int | None = None) -> None:
    """Add what a job's run has brought, in the transaction that ends it. One statement.

    cancelled: how many items were stopped, where the job did not finish by itself.
    """
    ended = {"jobs_finished": "1"} if cancelled is None else {"jobs_cancelled": "1"}
    stopped = cancelled or 0
    values = {**RUNS, **ended, "items_cancelled": "%s", "items_done": f"{RUNS['items_done']} - %s"}
    chosen = f"SELECT %s, {', '.join(values.values())} FROM {JOBS} WHERE id = %s"  # noqa: S608
    _add(list(values), chosen, [job_id % SHARDS, stopped, stopped, job_id])


def read_counts() -> Mapping[str, int]:
    """Every count of `COUNTS`: of ended runs, and of what is done of the open ones. One statement, so that a run which
    ends meanwhile counts once.
    """
    sums = [f"COALESCE(SUM({name}), 0)" for name in COUNTS]
    open_sums = [f"COALESCE(SUM({RUNS[name]}), 0)" if name in RUNS else "0" for name in COUNTS]
    statement = (
        f"SELECT {', '.join(sums)} FROM {TABLE} UNION ALL "  # noqa: S608
        f"SELECT {', '.join(open_sums)} FROM {JOBS} WHERE finished_at IS NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall()
    return {name: sum(int(row[number]) for row in rows) for number, name in enumerate(COUNTS)}


def _add(names: list[str], source: str, params: list[int]) -> None:
    grown = ", ".join(f"{name} = {TABLE}.{name} + excluded.{name}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (shard, {', '.join(names)}) {source} ON CONFLICT (shard) DO UPDATE SET {grown}",
            params,
        )
