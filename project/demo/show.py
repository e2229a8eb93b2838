"""Everything that the demo starts, what it does with it, and the end of it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from project import embedded
from project.demo.accounts import Keys, write_provisioning
from project.demo.batch import PHOTOS
from project.demo.customer import Caller, Customer
from project.demo.pictures import fill_bucket
from project.demo.processes import Process, run_batch
from project.demo.progress import timed
from project.demo.receiver import Receiver
from project.demo.report import Report, make_report
from project.demo.sheet import write_sheet
from project.demo.sight import LOOKS, Sighting, look_at_all
from project.instance import Instance
from project.probes import last_lines
from project.supervisor import ROOT

HOST = "127.0.0.1"
BUCKET = "bucket"


class ShowFailed(Exception):
    """The demo can't go on; the message says why."""


class Show:
    """A Photomill of its own, a customer and the customer's receiver: `play`, then `close` whatever happened.

    folder: empty and thrown away afterwards. output: where the bucket, the page and the logs go.
    """

    def __init__(self, folder: Path, *, output: Path, workers: int, out: TextIO) -> None:
        self._folder = folder
        self._out = out
        self._receiver: Receiver | None = None
        self.output = output
        self.keys = Keys()
        self.instance = Instance(folder / "data", host=HOST, port=find_free_port(), workers=workers)

    @property
    def page(self) -> Path:
        return self.output / "index.html"

    @property
    def results(self) -> Path:
        return self.output / BUCKET / "results"

    @property
    def log(self) -> Path:
        return self.output / "log"

    def play(self) -> Report:
        """Raises StartError, RequestFailed, ShowFailed, or OSError where the output can't be written."""
        bucket = self.output / BUCKET
        fill_bucket(bucket)
        self._receiver = receiver = Receiver(self.keys.callback_secret)
        with timed("Starting Photomill with a database, a broker and workers of its own", self._out):
            self._start(bucket, receiver)
        count = sum(len(photo.variants) for photo in PHOTOS)
        print(f"Sending {len(PHOTOS)} photographs to {self.instance.url}/request, {count} results", file=self._out)
        processes = run_batch(PHOTOS, Customer(self.instance.url, secret=self.keys.secret), receiver, out=self._out)
        report = make_report(
            processes, receiver, bucket=bucket, secret=self.keys.callback_secret, timings=self._read_timings(processes)
        )
        report = replace(report, sightings=self._look(bucket))
        write_sheet(self.page, report, bucket=BUCKET)
        self._keep_logs()
        return report

    def close(self) -> None:
        """Stop what was started and keep its logs; what was never started is no error."""
        with timed("Stopping what was started", self._out):
            self.instance.stop()
            if self._receiver is not None:
                self._receiver.close()
        self._keep_logs()
        shutil.rmtree(embedded.broker_socket(self.instance.data_dir).parent, ignore_errors=True)

    def explain(self, error: Exception) -> str:
        """The error's message, pointing to the logs where they can still be read after `close`."""
        return str(error).replace(str(self._log_at_work), str(self.log))

    @property
    def _log_at_work(self) -> Path:
        return self.instance.data_dir / "log"

    def _keep_logs(self) -> None:
        if self._log_at_work.exists():
            shutil.copytree(self._log_at_work, self.log, dirs_exist_ok=True)

    def _start(self, bucket: Path, receiver: Receiver) -> None:
        file = self._folder / "accounts.yaml"
        write_provisioning(file, bucket=bucket, keys=self.keys)
        # The way to the customer's receiver, and nowhere else on this machine.
        self.instance.environment |= {
            "PHOTOMILL_ALLOWED_NETWORKS": f"{HOST}/32",
            "PHOTOMILL_ALLOWED_PORTS": str(receiver.port),
        }
        self.instance.start(provision=file)
        self.instance.wait_ready()

    def _look(self, bucket: Path) -> Sequence[Sighting]:
        with timed("Loading models, cutting a product out, finding a person", self._out):
            return look_at_all(LOOKS, Caller(self.instance.url, secret=self.keys.api_key), bucket)

    def _read_timings(self, processes: Sequence[Process]) -> dict[str, Any]:
        command = [sys.executable, "-m", "project.demo.timings", *(process.process_id for process in processes)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.instance.environment, capture_output=True, text=True, start_new_session=True
        )
        if done.returncode:
            raise ShowFailed(f"The server's own times could not be read:\n{last_lines(done.stderr)}")
        timings: dict[str, Any] = json.loads(done.stdout)
        return timings


def find_free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server((HOST, 0)) as held:
        port: int = held.getsockname()[1]
        return port
