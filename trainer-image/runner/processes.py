"""Finds and kills all that a trainer started: by group, by descent, and by the marks in its environment."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MACHINE_MARK = "TRAINYARD_MACHINE"
#: Only a trainer's processes carry this one: the runner, its guard and whoever started them do not.
TRAINER_MARK = "TRAINYARD_EVENTS_FD"

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_AGAIN_SECONDS = 0.02


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: int
    zombie: bool
    #: What it carries in its environment, as far as we may see it.
    marked: bool


def adopt_orphans() -> None:
    """On Linux, whoever loses its parent below the runner becomes the runner's child, and so stays findable."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury_orphans(keep: Iterable[int]) -> None:
    """Takes in the exit codes of adopted children, which would stay in the process table; `keep` are waited for elsewhere."""
    mine, kept = os.getpid(), set(keep)
    for process in list_processes(""):
        if process.zombie and process.parent == mine and process.pid not in kept and process.group != os.getpgid(0):
            _bury(process.pid)


def kill_trainer(
    machine: str, *, group: int | None = None, root: int | None = None, keep: Iterable[int] = (), seconds: float = 10.0
) -> int:
    """Kills the group, everybody who carries the machine's and the trainer's mark, and all below `root` that is in
    another group than `root`. Looks again until nobody is left; returns how many are after that time."""
    kept = {os.getpid(), *keep}
    until = time.monotonic() + seconds
    while True:
        victims = [process for process in _of_trainer(list_processes(machine), group, root) if process.pid not in kept]
        for process in victims:
            if process.zombie and process.pid != group:
                _bury(process.pid)  # not the trainer itself: its exit code is waited for elsewhere
            elif not process.zombie:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process.pid, signal.SIGKILL)
        alive = [process for process in victims if not process.zombie]
        if not alive or time.monotonic() >= until:
            return len(alive)
        time.sleep(_LOOK_AGAIN_SECONDS)


def _of_trainer(processes: list[Process], group: int | None, root: int | None) -> list[Process]:
    below: set[int] = set()
    root_group = None
    if root is not None:
        root_group = os.getpgid(root)
        below = _descendants(processes, root)
    return [
        process
        for process in processes
        if process.marked
        or (group is not None and process.group == group)
        or (process.pid in below and process.group != root_group)
    ]


def _descendants(processes: list[Process], root: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for process in processes:
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    ahead = [root]
    while ahead:
        for child in children.get(ahead.pop(), []):
            if child not in found:
                found.add(child)
                ahead.append(child)
    return found


def _bury(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def list_processes(machine: str) -> list[Process]:
    """Every process; `marked` where it belongs to the trainer of that machine."""
    return _from_proc(machine) if sys.platform == "linux" else _from_ps(machine)


def _from_proc(machine: str) -> list[Process]:
    processes: list[Process] = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name, in parentheses, may hold anything, so the fields are counted from its end.
            state, parent, group = (folder / "stat").read_bytes().rpartition(b")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        processes.append(
            Process(
                pid=int(folder.name),
                parent=int(parent),
                group=int(group),
                zombie=state in (b"Z", b"X"),
                marked=bool(machine) and _is_marked(folder / "environ", machine),
            )
        )
    return processes


def _is_marked(environ: Path, machine: str) -> bool:
    try:
        variables = environ.read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{MACHINE_MARK}={machine}".encode() in variables and any(
        variable.startswith(f"{TRAINER_MARK}=".encode()) for variable in variables
    )


def _from_ps(machine: str) -> list[Process]:
    """Where there is no /proc: `ps` prints the environment of one's own processes behind the command."""
    environment = "e" if sys.platform == "linux" else "E"
    told = subprocess.run(
        ["ps", f"ax{environment}ww", "-o", "pid=,ppid=,pgid=,state=,command="],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    ).stdout.decode("utf-8", "replace")
    return parse_ps(told, machine)


def parse_ps(told: str, machine: str) -> list[Process]:
    processes: list[Process] = []
    for line in told.splitlines():
        found = re.match(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s*(.*)", line)
        if not found:
            continue
        pid, parent, group, state, text = found.groups()
        words = text.split()
        marked = f"{MACHINE_MARK}={machine}" in words and any(word.startswith(f"{TRAINER_MARK}=") for word in words)
        processes.append(Process(int(pid), int(parent), int(group), state.startswith("Z"), bool(machine) and marked))
    return processes
