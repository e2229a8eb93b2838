"""The batch on its way: every photograph sent, followed to its end, and its callback awaited."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from project.demo.batch import Photo, build_request
from project.demo.customer import Customer, Status
from project.demo.progress import ProgressBar
from project.demo.receiver import Callback, Receiver

POLL_SECONDS = 0.4  # five processes asked this often stay well below the service's requests per minute
BATCH_SECONDS = 120.0
SERVICE_ID = 1


@dataclass(kw_only=True)
class Process:
    """One photograph at the service, and the request as it was sent. Times are seconds of the monotonic clock."""

    photo: Photo
    request: dict[str, Any]
    process_id: str
    submitted_at: float
    status: Status = field(default_factory=lambda: Status("PENDING"))
    callback: Callback | None = None

    @property
    def seconds(self) -> float | None:
        """From the request to its callback, as the customer sees it."""
        return None if self.callback is None else self.callback.arrived_at - self.submitted_at

    @property
    def problem(self) -> str:
        """Why this process did not go as it should, or nothing."""
        if self.status.word == "FAILED":
            return f"it failed: {self.status.reason or 'no reason was given'}"
        if not self.status.has_ended:
            return f"it was still {self.status.word} after {BATCH_SECONDS:.0f} s"
        if self.callback is None:
            return "its callback did not come"
        told = self.callback.payload.get("status")
        return "" if told == self.status.word else f"its callback says {told}"


def run_batch(photos: Sequence[Photo], customer: Customer, receiver: Receiver, *, out: TextIO) -> list[Process]:
    """Send one request for each photograph and wait for all, at most BATCH_SECONDS. Raises RequestFailed."""
    deadline = time.monotonic() + BATCH_SECONDS
    bar = ProgressBar(out, total=len(photos), noun="processes finished")
    bar.show(0)
    processes = [_submit(photo, customer, receiver.url) for photo in photos]
    _follow(processes, customer, bar, deadline=deadline)
    bar.end()
    receiver.wait(len(processes), seconds=deadline - time.monotonic())
    _match(processes, receiver.callbacks)
    return processes


def _submit(photo: Photo, customer: Customer, callback: str) -> Process:
    request = build_request(photo, service_id=SERVICE_ID, callback=callback)
    submitted_at = time.monotonic()
    process_id = customer.submit(request)
    return Process(photo=photo, request=request, process_id=process_id, submitted_at=submitted_at)


def _follow(processes: Sequence[Process], customer: Customer, bar: ProgressBar, *, deadline: float) -> None:
    while True:
        running = [each for each in processes if not each.status.has_ended]
        for process in running:
            process.status = customer.ask(process.process_id)
        bar.show(sum(each.status.has_ended for each in processes))
        if all(each.status.has_ended for each in running) or time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)


def _match(processes: Iterable[Process], callbacks: Iterable[Callback]) -> None:
    found = {callback.process_id: callback for callback in callbacks}
    for process in processes:
        process.callback = found.get(process.process_id)
