"""What a person who started the processes sees: each line under the name of the program that printed it."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TextIO

NAME_COLUMNS = 11
COLOURS = {"web": 36, "interactive": 32, "batch": 34, "delivery": 35, "beat": 33, "flower": 95, "broker": 90}
OWN_NAME = "serve"
OWN_COLOUR = 1


class Console:
    """Writes whole lines, coloured where a terminal reads them. A reader that has gone away is no error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_coloured = self._stream.isatty()
        self._lock = threading.Lock()

    def say(self, sentence: str) -> None:
        """Show a sentence of our own."""
        self.show(OWN_NAME, sentence)

    def show(self, name: str, line: str) -> None:
        """Show a line that a program printed."""
        prefix = f"{name:{NAME_COLUMNS}} |"
        if self._is_coloured:
            prefix = f"\x1b[{COLOURS.get(name, OWN_COLOUR)}m{prefix}\x1b[0m"
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(f"{prefix} {line}\n")
            self._stream.flush()
