"""How a local machine is ended from outside, and what a dead one left. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal

import processes
from machine_folder import KILL_SECONDS, Machine, now_ms

# Long enough to leave a loop and close files: whoever removes a machine no longer waits for its results.
GRACE_SECONDS = 1.5


def bury(machine: Machine, descendants_of: int | None = None) -> bool:
    """Ends what a machine left that died, and says so. Nothing happens to one that lives, or has not started yet."""
    lock = machine.lock()
    if lock is None:
        return False
    try:
        if machine.read("exit.json") is None and machine.read("started.json") is not None:
            guard = machine.guard()
            spare = {os.getpid(), guard.pid} if guard else {os.getpid()}
            ran_on = any(one.pid not in spare for one in machine.running(descendants_of))
            if not machine.end_all(0, spare, descendants_of):
                return False
            machine.remove_temporary_folder()
            machine.exited("killed", at_ms=now_ms() if ran_on or descendants_of else machine.last_alive_ms())
    finally:
        os.close(lock)
    return True


def end(machine: Machine) -> bool:
    """
    Asks the machine to end all, kills it if it does not, and ends what may still be left. It keeps the lock until this
    process is gone, and leaves an exit.json, so that a start on its way does not come after it.
    """
    asked: set[int] = set()

    def is_free() -> bool:
        if machine.lock() is not None or not os.path.exists(machine.path("machine.lock")):
            return True
        alive = processes.found_again((machine.read("started.json") or {}).get("machine"))
        if alive and alive.pid not in asked:
            asked.add(alive.pid)
            processes.end(alive, signal.SIGTERM)
        return False

    if not processes.wait_until(is_free, GRACE_SECONDS + 1):
        alive = processes.found_again((machine.read("started.json") or {}).get("machine"))
        if alive:
            processes.end(alive, signal.SIGKILL)
        if not processes.wait_until(is_free, KILL_SECONDS):
            return False
    # The guard of a machine that is gone ends by itself; one that does not is ended with all else.
    processes.wait_until(lambda: machine.guard() is None, 1)
    if not machine.end_all(0, {os.getpid()}):
        return False
    machine.remove_temporary_folder()
    with contextlib.suppress(FileNotFoundError):  # Another one who ended it may have removed the folder by now.
        machine.exited("killed")
    return True
