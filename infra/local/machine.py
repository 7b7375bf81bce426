"""
One machine of the local cloud: what a hypervisor is to a VM, for one entry process and everything it starts.

    machine.py run FOLDER    is the machine, until its entry process ends, its own end comes, or it is told to (SIGTERM)
    machine.py bury FOLDER   when its process died: ends what it left and says so in exit.json; else only looks
    machine.py end FOLDER    ends it with everything on it, and returns when that is confirmed

Two processes: a guard, and under it the machine, which holds a lock on `machine.lock` for its whole life. Only the kernel
lets go of such a lock, so it is the proof of life; a process number is not, since numbers are used again. When the
machine is killed, its guard ends what is left, though nobody else is alive. Both are subreapers where the system has
them, so that what a trainer leaves behind is still a child of theirs. Files in the folder: machine.json (the order),
started.json, exit.json (written by rename, last), console.log, work/ and home/. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time

import processes
from machine_end import GRACE_SECONDS, bury, end
from machine_folder import Machine, now_ms

# A laptop that slept wakes up past its end, and timers do not count sleep: the clock is read this often.
TICK_SECONDS = 1.0
IGNORED_BY_GUARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def run(machine: Machine) -> int:
    """The guard: starts the machine and outlives it, to end what it could not end itself."""
    with contextlib.suppress(PermissionError):  # It leads a session already.
        os.setsid()
    for ignored in IGNORED_BY_GUARD:
        signal.signal(ignored, signal.SIG_IGN)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        os._exit(be_machine(machine))
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            break
    if os.waitstatus_to_exitcode(status) == 0:
        return 0
    return 0 if bury(machine, descendants_of=os.getpid()) else 1


def be_machine(machine: Machine) -> int:
    order = machine.read("machine.json")

    def is_over() -> bool:
        """A machine starts once: one that came back after a kill would train twice."""
        if order is None or not os.path.exists(machine.path("machine.lock")):
            return True
        marks = (machine.path("started.json"), machine.path("exit.json"), order["tombstone"])
        return any(os.path.exists(mark) for mark in marks)

    # Somebody who looks holds the lock for a moment; another who starts the same machine holds it for good.
    held: list[int] = []
    while not held:
        if is_over():
            return 0
        lock = machine.lock()
        if lock is None:
            time.sleep(0.02)
        else:
            held.append(lock)
    # Only now, with the lock: until a machine starts, whoever makes it may still change its times.
    order = machine.read("machine.json")
    if order is None or is_over():
        return 0
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    kills_before = out_of_memory_kills()
    own, guard = processes.name_of_this(), processes.name_of_this(os.getppid())
    times = {key: order.get(key) for key in ("endsAtMs", "deadlineAtMs")}
    started = {"startedAtMs": now_ms(), **times, "machine": own, "guard": guard}
    machine.write("started.json", started)
    entry = start_entry(machine, order)
    if entry is None:
        machine.exited("finished", 127)
        return 0
    machine.write("started.json", {**started, "entry": processes.name_of_this(entry)})

    because, exit_code = "", None
    while not because:
        statuses = processes.reap()
        if entry in statuses:
            exit_code = os.waitstatus_to_exitcode(statuses[entry])
            lost_memory = exit_code == -signal.SIGKILL and out_of_memory_kills() > kills_before
            because = "finished" if exit_code >= 0 else "out_of_memory" if lost_memory else "killed"
        elif asked:
            because = "killed"
        elif now_ms() >= order["endsAtMs"]:
            because = "expired"
        else:
            wait = min(TICK_SECONDS, max(0.0, (order["endsAtMs"] - now_ms()) / 1000))
            select.select([wake], [], [], wait)
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            machine.cut_console()
            machine.lives()

    # An entry process that ended by itself has nothing more to say; its leftovers get no grace.
    grace = GRACE_SECONDS if exit_code is None else 0
    gone = machine.end_all(grace, {os.getppid(), os.getpid()}, descendants_of=os.getpid())
    machine.remove_temporary_folder()
    if not gone:
        machine.console("Some processes on this machine do not end.")
        return 1  # The guard, and whoever looks next, tries again.
    machine.exited(because, exit_code)
    return 0


def start_entry(machine: Machine, order: dict) -> int | None:
    for folder in ("work", "home"):
        os.makedirs(machine.path(folder), exist_ok=True)
    temporary = machine.temporary_folder()
    os.makedirs(temporary, mode=0o700, exist_ok=True)
    if os.lstat(temporary).st_uid != os.getuid() or os.path.islink(temporary):
        machine.console(f"{temporary} belongs to somebody else.")
        return None
    # The interpreter that runs this runs the runner too, by whatever way it was found.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, **order["environment"], "PATH": path}
    environment |= {"HOME": machine.path("home"), "TMPDIR": temporary, "LANG": "C.UTF-8"}
    parent = os.getpid()

    def in_child() -> None:  # Safe where it runs: this process has one thread.
        for ignored in IGNORED_BY_GUARD:
            signal.signal(ignored, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(70)
        os.nice(5)  # Training takes all the cores it gets; pages must still be answered.

    with open(machine.path("console.log"), "ab") as console:
        try:
            entry = subprocess.Popen(
                order["command"],
                cwd=machine.path("work"),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
                preexec_fn=in_child,
            )
        except OSError as error:
            machine.console(f"The entry process could not be started: {error}")
            return None
    entry.returncode = 0  # Reaped by `reap`, with all others.
    return entry.pid


def out_of_memory_kills() -> int:
    try:
        with open("/proc/vmstat") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    except OSError:
        return 0


def main() -> int:
    verb, machine = sys.argv[1], Machine(sys.argv[2])
    if not os.path.exists(machine.path("machine.json")):
        # What is no machine (any more) has nothing to end; in any other folder, somebody's own programs may work.
        return 0
    if verb == "run":
        return run(machine)
    if verb == "end":
        return 0 if end(machine) else 1
    print(json.dumps({"buried": bury(machine)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
