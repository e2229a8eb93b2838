"""Calls that the C library has no Python function for."""

import ctypes
import os
import sys
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
# The thread's errno itself, which the handle above exchanges for a copy.
_find_errno = getattr(ctypes.CDLL(None), "__errno_location" if sys.platform == "linux" else "__error")
_find_errno.restype = ctypes.POINTER(ctypes.c_int)

SET_PARENT_DEATH_SIGNAL = 1
SET_SECCOMP = 22
SET_NO_NEW_PRIVILEGES = 38


def call(number: int, *arguments: Any) -> int:
    """One system call: whole numbers, None and ctypes pointers or buffers. Raises OSError."""
    return _check(_libc.syscall(ctypes.c_long(number), *_widen(arguments)))


def control(option: int, *arguments: Any) -> int:
    """One prctl. Raises OSError."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _check(_libc.prctl(ctypes.c_long(option), *_widen(padded)))


def last_failure() -> int:
    """The errno that the last failed call of this thread left, whichever library made it."""
    return int(_find_errno()[0])


def forget_failure() -> None:
    """Set this thread's errno back, so that what is found there later is new."""
    _find_errno()[0] = 0


def _widen(arguments: Any) -> list[Any]:
    # A plain int would be passed with 32 bits, and the kernel reads 64.
    return [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
