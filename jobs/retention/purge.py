"""The purge as a whole: its steps in their order, and what they found."""

import logging
from collections.abc import Callable, Sequence

from accounts.models import Account
from jobs.retention.deliveries import purge_deliveries
from jobs.retention.jobs import purge_jobs
from jobs.retention.orphans import purge_orphans
from jobs.retention.people import purge_logins, purge_logs
from jobs.retention.results import purge_results
from jobs.retention.rounds import Round
from jobs.retention.uploads import purge_uploads
from storage.errors import StorageError

log = logging.getLogger(__name__)

Step = Callable[[Round], None]

STEPS: Sequence[Step] = (purge_results, purge_uploads, purge_deliveries, purge_jobs, purge_logins, purge_logs)
KINDS = (
    *("results", "uploads", "thumbnails", "undo copies", "jobs", "items", "outputs", "deliveries"),
    *("logins", "used codes", "admin sessions", "audit entries", "admin notes", "orphans", "scraps"),
)
"""What is counted, in the order of the table."""

ROUND_SECONDS = 540
"""So long a round of the beat's begins new chunks: it has ended when the next one begins."""


def purge(now: Round, steps: Sequence[Step] = STEPS) -> None:
    """Delete what is due. Done again, or by two at once, it does no harm."""
    for step in steps:
        try:
            step(now)
        except StorageError as error:
            log.warning("%s: the house storage fails: %s: %s", step.__name__, error.code, error.message)
            now.failures += 1
    found = {kind: line.rows or line.files for kind, line in now.lines.items() if line.rows or line.files}
    if found and not now.is_dry:
        log.info("purged", extra={"purged": found})


def purge_everything(*, account: Account | None, is_dry: bool) -> Round:
    """One round of all steps, with each file counted. What belongs to no account is left to a round of all accounts."""
    now = Round(account=account, is_dry=is_dry, counts_files=True)
    purge(now, STEPS if account else (*STEPS, purge_orphans))
    return now
