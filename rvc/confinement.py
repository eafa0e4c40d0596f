"""What a process can take away from itself before it touches a stranger's file. Linux has all of it, others less.

Every function returns None, or says in a few words why the machine does not offer the protection.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 38, 22
SECCOMP_MODE_FILTER = 2
SIGKILL = 9


class Machine(NamedTuple):
    """A processor family: its name for the kernel, the number of `clone`, its column in DENIED."""

    audit_arch: int
    clone: int
    column: int


MACHINES: dict[str, Machine] = {
    "x86_64": Machine(0xC000003E, clone=56, column=0),
    "aarch64": Machine(0xC00000B7, clone=220, column=1),
}

# Sockets, programs, other processes, owners and modes, mounts, namespaces, modules, keys, and io_uring, which could
# do most of these unseen. The numbers are those of asm/unistd.h on x86_64 and aarch64.
DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "personality": (135, 92),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
CLONE3 = 435
CLONE_THREAD = 0x10000
X32_BIT = 0x40000000
EPERM, ENOSYS = 1, 38
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCH_AT, FIRST_ARGUMENT_AT = 0, 4, 16

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION_FLAG, LANDLOCK_PATH_BENEATH = 1, 1
READ_FILE, READ_DIR, WRITE_FILE, TRUNCATE = 1 << 2, 1 << 3, 1 << 1, 1 << 14
TCP = 0b11
ACCESS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many kinds of access each version knows; 16 since version 5
SYSTEM_PATHS = (
    *("/usr", "/lib", "/lib64", "/etc/ld.so.cache"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/urandom", "/dev/null"),
)


def die_with_parent(parent: int) -> str | None:
    """End this process when the process `parent`, which started it, ends."""
    if sys.platform != "linux":
        return "the child cannot be tied to its parent on this system"
    _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    return None


def deny_system_calls() -> str | None:
    """Deny sockets, programs, other processes and the like to this process (seccomp), for good."""
    machine = MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return "system calls cannot be filtered on this system"
    instructions = _filter(machine)
    code = ctypes.create_string_buffer(b"".join(instructions))
    program = struct.pack("@HP", len(instructions), ctypes.addressof(code))
    if _prctl(PR_SET_NO_NEW_PRIVS, 1) or _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program):
        return f"system calls cannot be filtered: {os.strerror(ctypes.get_errno())}"
    return None


def _filter(machine: Machine) -> list[bytes]:
    """The filter as BPF instructions; jumps count the instructions they pass over."""
    tail = [
        _step(RETURN, ALLOW),
        _step(RETURN, ERRNO | EPERM),
        _step(RETURN, ERRNO | ENOSYS),
        _step(LOAD, FIRST_ARGUMENT_AT),
        _step(ANY_BIT, CLONE_THREAD, 0, 1),  # threads may start, processes may not
        _step(RETURN, ALLOW),
        _step(RETURN, ERRNO | EPERM),
    ]
    denied = [numbers[machine.column] for numbers in DENIED.values()]
    checks = [(machine.clone, 3), (CLONE3, 2), *((number, 1) for number in denied if number is not None)]
    body = [
        _step(EQUAL, number, len(checks) - 1 - position + target, 0) for position, (number, target) in enumerate(checks)
    ]
    head = [
        _step(LOAD, ARCH_AT),
        _step(EQUAL, machine.audit_arch, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
        _step(AT_LEAST, X32_BIT, len(body) + 1, 0),
    ]
    return head + body + tail


def _step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when_true, when_false, value)


def deny_files(*, read: Iterable[Path], write: Iterable[Path]) -> str | None:
    """Leave this process the installed programs, and the given files and folders (Landlock), for good."""
    version = _syscall(LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION_FLAG) if sys.platform == "linux" else 0
    if version < 1:
        return "access to files cannot be restricted on this system"
    handled = (1 << ACCESS_BITS.get(version, 16)) - 1
    rules = struct.pack("=QQ", handled, TCP) if version >= 4 else struct.pack("=Q", handled)
    ruleset = _syscall(LANDLOCK_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        return f"access to files cannot be restricted: {os.strerror(ctypes.get_errno())}"
    installed = (sys.prefix, sys.base_prefix, str(Path(__file__).parent), *SYSTEM_PATHS)
    for path in (*map(Path, installed), *read):
        _allow(ruleset, path, READ_FILE | READ_DIR)
    for path in write:
        _allow(ruleset, path, (READ_FILE | WRITE_FILE | TRUNCATE) & handled)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    failed = _syscall(LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)
    return f"access to files cannot be restricted: {os.strerror(ctypes.get_errno())}" if failed else None


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not path.is_dir():
        access &= ~READ_DIR
    rule = struct.pack("=Qi", access, handle)
    _syscall(LANDLOCK_ADD, ruleset, LANDLOCK_PATH_BENEATH, rule, 0)
    os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int, pointer: bytes | None = None) -> int:
    failed: int = _libc().prctl(option, ctypes.c_ulong(value), pointer, 0, 0)
    return failed


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    call = _libc().syscall
    call.restype = ctypes.c_long
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = call(ctypes.c_long(number), *wide)
    return result
