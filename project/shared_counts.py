"""Counts that several web processes keep together, so that each answers /metrics for all of them.

prometheus_client keeps them in files that it maps into memory, where its variable names a folder before it is first
imported. The folder belongs to one main process of the web server: another start counts from nothing.
"""

import logging
import os
import shutil
import socket
import sys
from pathlib import Path

from django.conf import settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
log = logging.getLogger(__name__)


def share_counts() -> None:
    """Keep counts with the other processes of the same web server. Where no folder can be made, each keeps its own."""
    if "prometheus_client" in sys.modules:
        return  # it has chosen already
    try:
        folder = settings.PHOTOMILL_DATA_DIR / "run" / "metrics"
        mine = make_folder(folder, main_process=os.getppid())
    except OSError as error:
        log.warning("web processes count apart: %s", error.strerror)
        return
    os.environ[VARIABLE] = str(mine)


def make_folder(parent: Path, *, main_process: int) -> Path:
    """The folder of this machine's process, which is made; those of processes that are gone are deleted."""
    mine = parent / f"{socket.gethostname()}-{main_process}-{_started_at(main_process)}"
    mine.mkdir(mode=0o700, parents=True, exist_ok=True)
    for other in parent.glob(f"{socket.gethostname()}-*-*"):
        _, pid, started = other.name.rsplit("-", 2)
        if other != mine and str(_started_at(int(pid))) != started:
            shutil.rmtree(other, ignore_errors=True)
    return mine


def _started_at(pid: int) -> int:
    """When the kernel started the process, in its ticks; 0 where there is none, or no such file system."""
    try:
        # The program's name stands in brackets and may hold anything.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0
