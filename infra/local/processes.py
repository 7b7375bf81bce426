"""Which processes run on a machine, and how they are ended. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

HAS_PROC = os.path.exists("/proc/self/stat")


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: int
    terminal: int  # 0: none.
    start: str  # With the pid, it tells this process from a later one that was given the same number.


def boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        known = subprocess.run(["sysctl", "-n", "kern.bootsessionuuid"], capture_output=True, text=True, check=False)
        return known.stdout.strip()


def process(pid: int) -> Process | None:
    """The process of that number, unless there is none or it is dead and only waits to be reaped."""
    if not HAS_PROC:
        return next((found for found in _listed_by_ps() if found.pid == pid), None)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name, in brackets, may itself hold spaces and brackets.
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if not fields or fields[0] in (b"Z", b"X"):
        return None
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[4]), fields[19].decode())


def find(name: str, work: str, group: int | None = None, descendants_of: int | None = None) -> list[Process]:
    """
    Everything that runs on the machine `name`: what carries its mark, what works in its folder or is in the group of its
    entry process, and all their children. A program may overwrite the memory that its environment is read from (process
    titles do), or start a session of its own: each way of looking finds what another misses. A person who has gone into
    the folder to look around sits at a terminal, which nothing on a machine has.
    """
    known = _all_processes()
    marked = _marked(known, f"TRAINYARD_MACHINE={name}")
    found: dict[int, Process] = {}
    for one in known.values():
        in_folder = one.terminal == 0 and _works_in(one.pid, work)
        if one.pid in marked or in_folder or one.group == group or one.parent == descendants_of:
            found[one.pid] = one
    children: dict[int, list[Process]] = {}
    for one in known.values():
        children.setdefault(one.parent, []).append(one)
    queue = list(found)
    while queue:
        for child in children.get(queue.pop(), []):
            if child.pid not in found:
                found[child.pid] = child
                queue.append(child.pid)
    found.pop(os.getpid(), None)
    return list(found.values())


def end(one: Process, how: signal.Signals) -> None:
    """Signals exactly this process: where the system can hold on to a process, one that took its number is safe."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            handle = os.pidfd_open(one.pid)
        except (AttributeError, NotImplementedError):  # macOS has no such thing.
            os.kill(one.pid, how)
            return
        try:
            now = process(one.pid)
            if now and now.start == one.start:
                signal.pidfd_send_signal(handle, how)
        finally:
            os.close(handle)


def name_of_this(pid: int | None = None) -> dict[str, object]:
    """What a process is found again by."""
    one = process(pid or os.getpid())
    return {"pid": pid or os.getpid(), "start": one.start if one else "", "boot": boot_id()}


def found_again(named: dict[str, object] | None) -> Process | None:
    if not named or named.get("boot") != boot_id():
        return None
    one = process(int(str(named["pid"])))
    return one if one and one.start == named.get("start") else None


def group_of(entry: dict[str, object] | None) -> int | None:
    """The number of a group is used again once it is empty, so it counts only while its first process lives."""
    leader = found_again(entry)
    return leader.pid if leader else None


def reap() -> dict[int, int]:
    """Statuses of children that have ended since it was last asked."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def wait_until(done: Callable[[], bool], seconds: float, step: float = 0.02) -> bool:
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            return False
        time.sleep(step)
    return True


def _all_processes() -> dict[int, Process]:
    if not HAS_PROC:
        return {one.pid: one for one in _listed_by_ps()}
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return {one.pid: one for one in map(process, pids) if one}


def _marked(known: dict[int, Process], mark: str) -> set[int]:
    if not HAS_PROC:
        return {pid for pid, text in _environments_by_ps().items() if f" {mark} " in f"{text} "}
    wanted = mark.encode()
    return {pid for pid in known if wanted in _read_if_allowed(f"/proc/{pid}/environ").split(b"\0")}


def _read_if_allowed(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # Gone, or another user's: then it is not ours.
        return b""


def _works_in(pid: int, folder: str) -> bool:
    try:
        place = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return place == folder or place.startswith(folder + os.sep)


def _ps(*arguments: str) -> list[str]:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout.splitlines()


def _listed_by_ps() -> list[Process]:
    """Where there is no /proc (macOS). It does not tell where a process works: there, the terminal is of no use."""
    found = []
    for line in _ps("-axo", "pid=,ppid=,pgid=,stat=,lstart="):
        pid, parent, group, state, start = line.split(None, 4)
        if not state.startswith("Z"):
            found.append(Process(int(pid), int(parent), int(group), 0, start.strip()))
    return found


def _environments_by_ps() -> dict[int, str]:
    show = "-axEwwo" if sys.platform == "darwin" else "axewwo"
    lines = (line.split(None, 1) for line in _ps(show, "pid=,command="))
    return {int(parts[0]): parts[1] for parts in lines if len(parts) == 2}
