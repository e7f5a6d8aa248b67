"""What keeps the learner's process to itself: Landlock, seccomp, limits, namespaces, each as far as the system has it.

Constants are those of Linux's headers (linux/landlock.h, linux/seccomp.h, linux/filter.h, sched.h).
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What a check may use. Seconds of wall time, bytes, counts."""

    seconds: float = 10.0
    memory_bytes: int = 2 << 30
    processes: int = 24
    file_bytes: int = 64 << 20
    files: int = 1000
    open_files: int = 256
    output_bytes: int = 256 << 10
    namespaces: bool = True


_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 38, 22
_READ_FILE, _READ_DIR, _EXECUTE, _WRITE_FILE, _TRUNCATE = 4, 8, 1, 2, 1 << 14

LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(*values: int) -> bool:
    return LINUX and _libc.prctl(*(ctypes.c_ulong(value) for value in values)) == 0


def own_namespaces() -> bool:
    """Processes, network, shared memory of its own for the next child; False where the system forbids that."""
    if not LINUX:
        return False
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(_NEWUSER | _NEWPID | _NEWNS | _NEWNET | _NEWIPC) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    except OSError:
        pass
    private, nosuid_nodev = 1 << 14 | 1 << 18, 2 | 4
    _libc.mount(None, b"/", None, private, None)
    _libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", nosuid_nodev, b"size=256m,nr_inodes=4096")
    return True


def set_limits(limits: Limits) -> None:
    """The limits the system enforces by itself, on this process and those it starts."""

    def lower(what: int, most: int) -> None:
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    lower(resource.RLIMIT_NOFILE, limits.open_files)
    lower(resource.RLIMIT_CPU, int(limits.seconds) + 2)
    if LINUX:
        lower(resource.RLIMIT_DATA, _data_bytes() + limits.memory_bytes)
        lower(resource.RLIMIT_NPROC, _own_tasks() + limits.processes * 4)


def _data_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) << 10
    return 1 << 30


def _own_tasks() -> int:
    """Threads of this user, which the limit on processes counts."""
    count, user = 0, os.getuid()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                if entry.stat().st_uid == user:
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
            except OSError:
                continue
    return count


# ---------------------------------------------------------------- files


def readable() -> tuple[list[str], list[str]]:
    """The folders and files that may be read, and folders that may only be listed: Python, its packages, the system.

    What belongs to the tutor itself (solutions, checks) is left out, also where it is installed among the packages.
    """
    import tutor
    from tutor import paths

    own = {Path(tutor.__file__).resolve().parent, paths.problems_folder().resolve()}
    wanted = [sys.prefix, sys.base_prefix, sys.exec_prefix, *(sysconfig.get_paths().values())]
    wanted += ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/sys", "/dev"]
    import numpy
    import torch

    wanted += [str(Path(each.__file__).resolve().parent.parent) for each in (numpy, torch) if each.__file__]
    files: dict[str, None] = {}
    listed: dict[str, None] = {}

    def allow(path: Path) -> None:
        if any(path == each or each in path.parents for each in own):
            return
        if any(path in each.parents for each in own):
            listed[str(path)] = None
            try:
                children = list(path.iterdir())
            except OSError:
                return
            for child in children:
                allow(child)
        else:
            files[str(path)] = None

    repository = {each.parent for each in own}
    for name in dict.fromkeys(wanted):
        path = Path(name).resolve()
        if path.exists() and path not in repository | {Path("/")}:
            allow(path)
    return list(files), list(listed)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


def landlock(read: Iterable[str], listed: Iterable[str], write: Iterable[str]) -> bool:
    """Allow these paths alone, no TCP, no signals outwards; False where the system has no Landlock."""
    if not LINUX:
        return False
    abi = _libc.syscall(444, None, 0, 1)
    if abi < 1:
        return False
    every = (1 << (13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16)) - 1
    rules = _Ruleset(every, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _libc.syscall(444, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return False

    def allow(path: str, rights: int) -> None:
        try:
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        try:
            if not os.path.isdir(path):
                rights &= _READ_FILE | _EXECUTE | _WRITE_FILE | _TRUNCATE
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights & every, file))
            _libc.syscall(445, ruleset, 1, rule, 0)
        finally:
            os.close(file)

    for path in read:
        allow(path, _READ_FILE | _READ_DIR | _EXECUTE)
    for path in listed:
        allow(path, _READ_DIR)
    for path in write:
        allow(path, every)
    done = _libc.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
    return done


# ---------------------------------------------------------------- system calls

_CALLS = {  # system calls that are refused: (x86_64, aarch64)
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "io_uring_setup": (425, 425),
}


def refuse_calls() -> bool:
    """No network sockets, no tracing, no mounting; False where the system has no seccomp."""
    machine = {"x86_64": (0, 0xC000003E, 41), "aarch64": (1, 0xC00000B7, 198)}.get(platform.machine())
    if not LINUX or machine is None:
        return False
    at, architecture, socket_call = machine
    load, equal, give = 0x20, 0x15, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | 1  # 1 is EPERM
    numbers = [pair[at] for pair in _CALLS.values()]
    program = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, refuse), (load, 0, 0, 0)]
    for number in numbers:
        program += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    # socket(): the family is the first argument; 1 is AF_UNIX.
    program += [(equal, 0, 3, socket_call), (load, 0, 0, 16), (equal, 1, 0, 1), (give, 0, 0, refuse)]
    program += [(give, 0, 0, allow)]
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    holder = Program(len(program), ctypes.cast(buffer, ctypes.c_void_p))
    return _libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(holder), 0, 0) == 0


def no_new_privileges() -> bool:
    """Programs started from here gain nothing; needed by the two above."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
