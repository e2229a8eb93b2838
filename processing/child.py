"""The child: a process apart in which pictures are decoded, changed and encoded.

It has no secrets, no connections and no way to get any. When a picture kills it, it takes nothing along, and the
next picture gets a new one.
"""

import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from processing import formats, operations, weights
from processing.child_process import ChildProcess, Setup, starting
from processing.encoders import Encoded
from processing.errors import OutOfMemory
from processing.limits import Limits
from processing.messages import Answer, Chain, Report, Request
from processing.picture import Loss, SourceFacts
from processing.pipeline import Outcome, Result, Variant

_children: "weakref.WeakSet[Child]" = weakref.WeakSet()


@dataclass(frozen=True)
class ChildResult(Result):
    """What became of one source, and what it cost. The source's profile stays in the child.

    cpu_milliseconds: CPU time of the child for this source, all threads.
    max_rss_bytes: the most memory that was resident at once in the child's life so far.
    models: the models that were loaded for this source, each with the milliseconds that this took.
    """

    cpu_milliseconds: float = 0.0
    max_rss_bytes: int = 0
    models: Mapping[str, float] = field(default_factory=dict)


class Child:
    """One slot's child process. It starts with the first run, and again after it died or grew old.

    memory_bytes: address space that a picture may use, beyond what the child holds when it is ready.
    max_items: how many pictures one process works on before it is replaced, at least 1.
    model_memory_bytes: as much more for a process that runs models. It starts with the first chain that needs one.
    readable: folders and files beside its own code that the child may read.
    fonts: folders of fonts, the first searched first; none for those that come with Photomill.
    models: the operator's folder of model files. model_threads: how many threads one model may use.
    """

    def __init__(
        self,
        *,
        memory_bytes: int,
        model_memory_bytes: int = 0,
        max_items: int = 100,
        readable: Sequence[Path] = (),
        fonts: Sequence[Path] = (),
        models: Path | None = None,
        model_threads: int = 1,
    ) -> None:
        self._setup = Setup(
            memory_bytes=memory_bytes,
            readable=(*readable, weights.INSTALLED, *([models] if models else [])),
            fonts=tuple(fonts),
            models=models,
            model_threads=model_threads,
        )
        self._model_memory_bytes = model_memory_bytes
        self._max_items = max_items
        self._lock = threading.Lock()
        self._process: ChildProcess | None = None
        self._protection: dict[str, str] = {}
        self._starts = 0
        _children.add(self)

    @property
    def pid(self) -> int | None:
        """The running process, or None when there is none."""
        process = self._process
        return process.pid if process else None

    @property
    def starts(self) -> int:
        """How many processes were started so far."""
        return self._starts

    @property
    def protection(self) -> dict[str, str]:
        """What the kernel granted to lock the last process in, by name; empty before the first start."""
        return dict(self._protection)

    def run(
        self,
        source: bytes,
        variants: Sequence[Variant],
        *,
        limits: Limits,
        assets: Mapping[str, bytes],
        seconds: float,
    ) -> ChildResult:
        """Make every variant of one source; one run at a time, others wait.

        seconds: wall clock from handing the source over to having the answer.
        Raises ImageError where the source is at fault, Unexpected for a mistake of this program, and Crashed,
        TimedOut or OutOfMemory when the process did not live to answer.
        """
        request = Request(
            chains=tuple(Chain(steps=variant.steps, output=variant.output) for variant in variants),
            limits=limits.to_dict(),
            source_bytes=len(source),
            asset_bytes={name: len(data) for name, data in assets.items()},
        )
        with self._lock:
            setup = self._choose_setup(variants)
            answer, results = self._exchange(request, [source, *assets.values()], setup=setup, seconds=seconds)
        if answer.fault:
            raise answer.fault.rebuild()
        return _build_result(answer, results)

    def close(self) -> None:
        """End the process. A later run starts another."""
        with self._lock:
            self._drop()

    def _exchange(
        self, request: Request, contents: Sequence[bytes], *, setup: Setup, seconds: float
    ) -> tuple[Answer, list[bytes]]:
        is_usable = False
        try:
            process = self._ready(setup)
            answer = process.ask(request, contents, seconds=seconds)
            results = process.collect([report.made.data_bytes for report in answer.reports if report.made])
            process.tidy()
            lacked_memory = answer.fault is not None and answer.fault.code == OutOfMemory.code
            is_usable = process.items < self._max_items and not lacked_memory
        finally:
            # Also when a signal handler raised here: an answer that nobody waits for must not meet the next picture.
            if not is_usable:
                self._drop()
        return answer, results

    def _choose_setup(self, variants: Sequence[Variant]) -> Setup:
        """The setup that these chains need: a process cannot be given more memory once it runs."""
        names = {step.operation for variant in variants for step in variant.steps}
        if not any(kind.needs_model for name, kind in operations.all().items() if name in names):
            return self._setup
        return replace(self._setup, memory_bytes=self._setup.memory_bytes + self._model_memory_bytes)

    def _ready(self, setup: Setup) -> ChildProcess:
        if self._process and not (self._process.is_alive and self._process.setup.memory_bytes >= setup.memory_bytes):
            self._drop()
        if self._process is None:
            self._process = ChildProcess(setup)
            self._starts += 1
            self._process.greet()
            self._protection = self._process.protection
        return self._process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.close()

    def _forget(self) -> None:
        """In a fork: the process belongs to the one that forked."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        if process:
            process.forget()


def _build_result(answer: Answer, results: Sequence[bytes]) -> ChildResult:
    assert answer.source
    waiting = iter(results)
    facts = answer.source
    return ChildResult(
        source=SourceFacts(format=facts.format, size=facts.size, mode=facts.mode, frames=facts.frames),
        outcomes=[_build_outcome(report, waiting) for report in answer.reports],
        decode_milliseconds=answer.decode_milliseconds,
        cpu_milliseconds=answer.cpu_milliseconds,
        max_rss_bytes=answer.max_rss_bytes,
        models=dict(answer.models),
    )


def _build_outcome(report: Report, waiting: Iterator[bytes]) -> Outcome:
    if report.fault:
        return Outcome(error=report.fault.rebuild(), milliseconds=report.milliseconds)
    assert report.made
    made = report.made
    losses = tuple(Loss(code, message) for code, message in made.losses)
    encoded = Encoded(next(waiting), formats.get(made.format), made.size, losses, made.covers)
    return Outcome(encoded=encoded, milliseconds=report.milliseconds)


def _forget_all() -> None:
    starting.release()
    for child in list(_children):
        child._forget()


os.register_at_fork(before=starting.acquire, after_in_parent=starting.release, after_in_child=_forget_all)
