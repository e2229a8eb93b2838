"""A terminal at which a program asks questions."""

import os
import pty
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

QUESTION = re.compile(r"(?::|\?|\]) $", re.MULTILINE)


def type_at_terminal(command: Sequence[str], lines: Sequence[str], *, env: Mapping[str, str], folder: Path) -> str:
    """Run a command at a terminal, answer each of its questions with a line, and give what was seen there."""
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    ):
        os.close(inside)
        seen = ""
        for line in lines:
            asked = ""
            while not QUESTION.search(asked) and (chunk := read_some(terminal)):
                asked += chunk
            seen += asked
            os.write(terminal, f"{line}\n".encode())
        while chunk := read_some(terminal):
            seen += chunk
    os.close(terminal)
    return seen


def read_some(terminal: int) -> str:
    """What the terminal shows next; nothing once the program has ended."""
    try:
        return os.read(terminal, 4096).decode()
    except OSError:
        return ""
