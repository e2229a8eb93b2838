"""How far the batch is: a bar drawn in place on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

CELLS = 32
LINE_SECONDS = 5.0
CLEAR_TO_END = "\x1b[K"


class ProgressBar:
    """`show` as often as one likes, then `end`."""

    def __init__(self, stream: TextIO, *, total: int, noun: str) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._total = total
        self._noun = noun
        self._began_at = time.monotonic()
        self._line_due_at = 0.0
        self._last = ""

    def show(self, done: int) -> None:
        """Draw the bar again, or print a line where the last is old or nothing is left to do."""
        if self._is_terminal:
            self._write(f"\r{self.line(done)}{CLEAR_TO_END}")
        elif self._is_worth_a_line(done):
            self._line_due_at = time.monotonic() + LINE_SECONDS
            self._last = f"{done}"
            self._write(f"{self.line(done)}\n")

    def end(self) -> None:
        """Leave the bar as it stands and go to the next line."""
        if self._is_terminal:
            self._write("\n")

    def line(self, done: int) -> str:
        full = CELLS * done // self._total
        bar = "█" * full + "░" * (CELLS - full)
        seconds = time.monotonic() - self._began_at
        return f"  {bar}  {done} of {self._total} {self._noun}  {seconds:.1f} s"

    def _is_worth_a_line(self, done: int) -> bool:
        is_news = done == self._total and self._last != f"{done}"
        return is_news or time.monotonic() >= self._line_due_at

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def timed(title: str, stream: TextIO) -> Iterator[None]:
    """One line for a step, with the seconds it took."""
    began_at = time.monotonic()
    print(f"{title} … ", end="", file=stream, flush=True)
    try:
        yield
    except BaseException:
        print("stopped", file=stream, flush=True)
        raise
    print(f"{time.monotonic() - began_at:.1f} s", file=stream, flush=True)
