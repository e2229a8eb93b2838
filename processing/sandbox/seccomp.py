"""A seccomp filter: threads may start, processes may not; no exec, no sockets, no reach into other processes.

The filter is a classic BPF program over `struct seccomp_data`. Denied calls fail with EPERM; clone3 fails with
ENOSYS, because its flags lie behind a pointer that a filter cannot read, and the C library then falls back to clone.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from processing.sandbox import kernel

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL_PROCESS, FAIL_WITH = 0x7FFF0000, 0x80000000, 0x00050000
CALL, ARCHITECTURE = 0, 4
FILTER_MODE = 2
CLONE_THREAD = 0x00010000
X32_CALLS = 0x40000000
"""From here on x86-64 means its x32 twin, whose calls would pass a table of the plain numbers."""


@dataclass(frozen=True)
class Table:
    """Where an architecture has its calls. `denied` are refused whatever their arguments."""

    architecture: int
    clone: int
    clone3: int
    tgkill: int
    prlimit64: int
    denied: Mapping[str, int]


# fmt: off
_COMMON = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "pidfd_open": 434,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "memfd_secret": 447,
}
_X86_64 = {
    "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
    "socket": 41, "socketpair": 53, "connect": 42, "bind": 49, "listen": 50, "accept": 43, "accept4": 288,
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "kill": 62, "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "setrlimit": 160, "memfd_create": 319, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "open_by_handle_at": 304,
    "add_key": 248, "request_key": 249, "keyctl": 250,
    "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320,
}
_AARCH64 = {
    "execve": 221, "execveat": 281,
    "socket": 198, "socketpair": 199, "connect": 203, "bind": 200, "listen": 201, "accept": 202, "accept4": 242,
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
    "kill": 129, "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
    "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51,
    "setrlimit": 164, "memfd_create": 279, "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180,
    "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "open_by_handle_at": 265,
    "add_key": 217, "request_key": 218, "keyctl": 219,
    "init_module": 105, "finit_module": 273, "delete_module": 106, "kexec_load": 104, "kexec_file_load": 294,
}
# fmt: on

TABLES = {
    "x86_64": Table(0xC000003E, clone=56, clone3=435, tgkill=234, prlimit64=302, denied=_X86_64 | _COMMON),
    "aarch64": Table(0xC00000B7, clone=220, clone3=435, tgkill=131, prlimit64=261, denied=_AARCH64 | _COMMON),
}

Instruction = tuple[int, int, int, int]
"""Operation, how many instructions to skip when true, and when false, and its operand."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install() -> str:
    """Filter this thread and all that it starts, for good; says what the kernel gave. Needs no_new_privs."""
    table = TABLES.get(platform.machine())
    if table is None:
        return f"absent: no table of system calls for {platform.machine()}"
    code = assemble(table, own_pid=os.getpid())
    program = _Program(len(code) // 8, code)
    try:
        kernel.control(kernel.SET_SECCOMP, FILTER_MODE, ctypes.byref(program))
    except OSError as error:
        return f"absent: {error.strerror}"
    return "no new processes, programs or sockets, no signals to others, limits stay"


def assemble(table: Table, *, own_pid: int) -> bytes:
    """The filter as the kernel reads it, eight bytes an instruction."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in _instructions(table, own_pid))


def _instructions(table: Table, own_pid: int) -> Iterator[Instruction]:
    deny = (RETURN, 0, 0, FAIL_WITH | errno.EPERM)
    allow = (RETURN, 0, 0, ALLOW)
    yield from [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, table.architecture), (RETURN, 0, 0, KILL_PROCESS)]
    yield from [(LOAD, 0, 0, CALL), (AT_LEAST, 0, 1, X32_CALLS), (RETURN, 0, 0, KILL_PROCESS)]
    yield from [(EQUAL, 0, 1, table.clone3), (RETURN, 0, 0, FAIL_WITH | errno.ENOSYS)]
    yield from [(EQUAL, 0, 4, table.clone), (LOAD, 0, 0, _low(0)), (ANY_BIT, 1, 0, CLONE_THREAD), deny, allow]
    # A process may still abort itself, which is a signal to its own id.
    yield from [(EQUAL, 0, 4, table.tgkill), (LOAD, 0, 0, _low(0)), (EQUAL, 1, 0, own_pid), deny, allow]
    # Limits may be asked for, not set: the third argument, the new limit, must be null in both halves.
    yield from [(EQUAL, 0, 6, table.prlimit64), (LOAD, 0, 0, _low(2)), (EQUAL, 0, 2, 0)]
    yield from [(LOAD, 0, 0, _low(2) + 4), (EQUAL, 1, 0, 0), deny, allow]
    for number in table.denied.values():
        yield from [(EQUAL, 0, 1, number), deny]
    yield allow


def _low(argument: int) -> int:
    """Where the low half of an argument lies; both architectures are little-endian."""
    return 16 + 8 * argument
