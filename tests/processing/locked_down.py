"""A script, not a test: locks itself in as the child does, tries to get out, and prints what came of each attempt.

Arguments as JSON: readable (a file that may be read), folder (to write to), port (a listening server's).
"""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from processing import child_main, sandbox

GIGABYTE = 1 << 30


def attempt(act: Callable[[], Any]) -> str:
    try:
        act()
    except (OSError, MemoryError, ValueError) as error:
        return f"denied: {type(error).__name__}"
    return "allowed"


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def start_thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def map_gigabytes() -> None:
    bytearray(4 * GIGABYTE)


def attempts(arguments: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getppid()

    def trace() -> None:
        if libc.ptrace(16, parent, None, None) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    return {
        "read a named file": lambda: Path(arguments["readable"]).read_bytes(),
        "start a thread": start_thread,
        "import a module": lambda: __import__("wave"),
        "ask for a limit": lambda: resource.getrlimit(resource.RLIMIT_AS),
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "list the root": lambda: list(Path("/").iterdir()),
        "read the project": lambda: (Path(__file__).resolve().parents[2] / "pyproject.toml").read_bytes(),
        "read the parent's environment": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        "write a file": lambda: Path(arguments["folder"], "made").write_bytes(b"x"),
        "write the named file": lambda: Path(arguments["readable"]).write_bytes(b"x"),
        "remove the named file": lambda: Path(arguments["readable"]).unlink(),
        "make a folder": lambda: Path(arguments["folder"], "made").mkdir(),
        "connect": lambda: socket.create_connection(("127.0.0.1", arguments["port"]), timeout=5),
        "make a datagram socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "make a unix socket": lambda: socket.socket(socket.AF_UNIX),
        "fork": fork,
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "run a program": lambda: subprocess.run(["/bin/true"], check=False),
        "become another program": lambda: os.execv("/bin/true", ["true"]),
        "signal the parent": lambda: os.kill(parent, 0),
        "trace the parent": trace,
        "make a memory file": lambda: os.memfd_create("more"),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2),
        "limit the parent": lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1)),
        "allocate 4 GB": map_gigabytes,
        "open many files": lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(sandbox.MAX_DESCRIPTORS + 1)],
    }


def main() -> None:
    arguments = json.loads(sys.argv[1])
    tries = attempts(arguments)
    # The output goes to a pipe: the longest file that may be written does not bound it.
    protection = sandbox.lock_down(
        memory_bytes=GIGABYTE,
        file_bytes=0,
        readable=[*child_main.list_code_paths(), Path(arguments["readable"])],
    )
    outcomes = {name: attempt(act) for name, act in tries.items()}
    print(json.dumps({"protection": protection, "outcomes": outcomes}), flush=True)
    # What the C library does to end a process on an error must still work.
    signal.signal(signal.SIGABRT, signal.SIG_DFL)
    os.abort()


if __name__ == "__main__":
    main()
