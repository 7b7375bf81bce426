"""Starts Java and ends it when the trainer has gone, however it went. Run as a script, standard library only.

    guard.py <leash> java …

The leash is a pipe that only the trainer holds open. Killed by itself, the guard takes Java along on Linux, where the
system does that; elsewhere nothing but this very process can be killed alone, and nobody does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main(leash: int, command: list[str]) -> int:
    # The trainer puts together what is finished after it was told to stop, and needs Java for that.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    child = subprocess.Popen(command, preexec_fn=_die_with_parent if sys.platform == "linux" else None)

    def watch() -> None:
        os.read(leash, 1)
        child.kill()

    threading.Thread(target=watch, daemon=True).start()
    return child.wait()


def _die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
