"""Outlives the runner by a moment: when the runner dies without a word, kills what it left. Run as a script.

    guard.py <machine's name>

Its standard input is a pipe that only the runner holds open: the number of the trainer's group, and `done` at the end.
The tie made in launch.py reaches the trainer alone, and only on Linux; this reaches what the trainer started, too.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from runner.processes import kill_trainer


def guard(machine: str) -> None:
    # Whoever ends a machine asks everybody on it at once; the guard goes when the runner has gone.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    said = sys.stdin.buffer.read().split()  # returns when the runner has closed the pipe, or is dead
    if said and said[-1] == b"done":
        return
    kill_trainer(machine, group=int(said[-1]) if said else None, seconds=30)


if __name__ == "__main__":
    guard(sys.argv[1])
