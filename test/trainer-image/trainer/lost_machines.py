"""A machine that vanishes, disk and all: what its trainer had published is laid out for another one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from test_checkpoints import newest_checkpoint
from trainer_bench import Process, Yard


def kill(process: Process) -> None:
    for worker in process.workers():
        os.kill(worker, signal.SIGKILL)
    process.popen.kill()


def lose_after(label: str) -> Callable[[Process], None]:
    def lose(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint" and event["label"].startswith(label))
        kill(process)

    return lose


def lose_at_random(most_seconds: float) -> Callable[[Process], None]:
    """Some time after the first checkpoint; told, so that a failure can be followed up."""

    def lose(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint")
        seconds = random.uniform(0, most_seconds)
        print(f"Lost {seconds:.2f} s after the first checkpoint")
        time.sleep(seconds)
        kill(process)

    return lose


def lost_and_moved(asked: Yard, lose: Callable[[Process], None], to: Path) -> Yard:
    """Trains until it is lost; then another machine with the input, the newest checkpoint and nothing else."""
    lost = asked.train(while_running=lose)
    assert lost.code == -signal.SIGKILL, lost.log
    other = Yard(to, asked.spec)
    shutil.copytree(asked.work / "input", other.work / "input")
    shutil.copytree(newest_checkpoint(asked.work), other.work / "resume")
    shutil.rmtree(asked.work)  # no path of the first machine may be needed
    return other
