"""Landlock: no file but those below named folders, no TCP, no signals to others.

Numbers are those of linux/landlock.h; which rights a kernel knows follows from its ABI version.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from processing.sandbox import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System call numbers, the same on every architecture."""

ASK_VERSION = 1
PATH_BENEATH = 1

READ_FILE, READ_DIR = 1 << 2, 1 << 3
RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many file system rights each version knows; they are the lowest bits. Later versions know as many as 5."""

TCP_ABI, TCP_RIGHTS = 4, 0b11
SCOPE_ABI, SCOPES = 6, 0b11
"""Abstract unix sockets and signals stay inside the process's own domain."""


def restrict(readable: Iterable[Path]) -> str:
    """Confine this thread and all that it starts; says what the kernel gave. Needs no_new_privs."""
    try:
        version = kernel.call(CREATE_RULESET, None, 0, ASK_VERSION)
        _restrict(version, readable)
    except OSError as error:
        return f"absent: {error.strerror}"
    tcp = "no TCP" if version >= TCP_ABI else "TCP not covered"
    signals = "no signals to others" if version >= SCOPE_ABI else "signals not covered"
    return f"ABI {version}: files read-only in named folders, {tcp}, {signals}"


def _restrict(version: int, readable: Iterable[Path]) -> None:
    ruleset = _create_ruleset(version)
    try:
        for path in readable:
            _allow_reading(ruleset, path)
        kernel.call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _create_ruleset(version: int) -> int:
    rights = (1 << RIGHTS_BY_ABI.get(version, 16)) - 1
    fields = [rights]
    if version >= TCP_ABI:
        fields.append(TCP_RIGHTS)
    if version >= SCOPE_ABI:
        fields.append(SCOPES)
    attributes = ctypes.create_string_buffer(struct.pack(f"={len(fields)}Q", *fields), 8 * len(fields))
    return kernel.call(CREATE_RULESET, attributes, len(attributes), 0)


def _allow_reading(ruleset: int, path: Path) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        # What does not exist here needs no rule.
        return
    try:
        rights = READ_FILE | READ_DIR if path.is_dir() else READ_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
        kernel.call(ADD_RULE, ruleset, PATH_BENEATH, rule, 0)
    finally:
        os.close(handle)
