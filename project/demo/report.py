"""What came of the batch: the facts that the page shows and the exit code rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project.demo.batch import Variant
from project.demo.inspection import Finding, inspect, open_picture
from project.demo.pictures import path_of
from project.demo.processes import Process
from project.demo.receiver import Callback, Receiver, SignatureRefused, verify
from project.demo.sight import Sighting


@dataclass(frozen=True, kw_only=True)
class Result:
    """One variant as it was found. milliseconds: the server's own, None where it told none."""

    variant: Variant
    finding: Finding
    milliseconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One photograph: as it was, and what was made of it. milliseconds: the server's own for all of it."""

    process: Process
    before: Finding
    results: Sequence[Result]
    milliseconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole batch. seconds: from the first request to the last callback.

    tampered_refused: how many callbacks, with one byte of the body changed, the verification turned away.
    """

    rows: Sequence[Row]
    seconds: float
    duplicates: int = 0
    refusals: Sequence[str] = field(default_factory=tuple)
    tampered_refused: int = 0
    sightings: Sequence[Sighting] = field(default_factory=tuple)

    @property
    def results_right(self) -> int:
        return sum(not result.finding.problem for row in self.rows for result in row.results)

    @property
    def results_total(self) -> int:
        return sum(len(row.results) for row in self.rows)

    @property
    def verified(self) -> int:
        return sum(row.process.callback is not None for row in self.rows)

    @property
    def results_per_second(self) -> float:
        return self.results_right / self.seconds if self.seconds else 0.0

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it should be, a sentence each."""
        found = [f"{row.process.photo.title}: {row.process.problem}" for row in self.rows if row.process.problem]
        for row in self.rows:
            for each in row.results:
                if each.finding.problem:
                    found.append(f"{row.process.photo.title}, {each.variant.title}: {each.finding.problem}")
        found += [f"{each.look.title}: {each.finding.problem}" for each in self.sightings if each.finding.problem]
        found += [f"A callback was refused: {reason}" for reason in self.refusals]
        if self.tampered_refused != self.verified:
            found.append("A changed callback passed the verification")
        return found


def make_report(
    processes: Sequence[Process], receiver: Receiver, *, bucket: Path, secret: str, timings: Mapping[str, Any]
) -> Report:
    """Inspect every result, and every callback once more with a byte changed."""
    callbacks = [process.callback for process in processes if process.callback]
    ended_at = max((callback.arrived_at for callback in callbacks), default=0.0)
    return Report(
        rows=[_make_row(process, bucket, timings.get(process.process_id, {})) for process in processes],
        seconds=max(0.0, ended_at - min(process.submitted_at for process in processes)),
        duplicates=receiver.duplicates,
        refusals=tuple(receiver.refusals),
        tampered_refused=sum(is_tampering_noticed(callback, secret) for callback in callbacks),
    )


def is_tampering_noticed(callback: Callback, secret: str) -> bool:
    """Whether the verification refuses the message with the lowest bit of its middle byte flipped."""
    body = bytearray(callback.body)
    body[len(body) // 2] ^= 1
    try:
        verify(bytes(body), callback.headers, secret=secret)
    except SignatureRefused:
        return True
    return False


def _make_row(process: Process, bucket: Path, timings: Mapping[str, Any]) -> Row:
    photo = process.photo
    results = [
        Result(
            variant=variant,
            finding=inspect(bucket, photo, variant),
            milliseconds=timings.get("outputs", {}).get(photo.destination(variant)),
        )
        for variant in photo.variants
    ]
    before = open_picture(path_of(bucket, photo.key))
    return Row(process=process, before=before, results=results, milliseconds=timings.get("item"))
