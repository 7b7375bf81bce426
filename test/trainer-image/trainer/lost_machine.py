"""A machine that is lost at a moment that is told or drawn at random, disk and all, and the next that takes its job up."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from trainer_bench import Process, Run, Yard

#: Asked for to try a moment again: the number that a failed test has printed.
SEED = "TRAINYARD_TEST_SEED"
_MOST_TRIES = 4


def drawing() -> random.Random:
    """Whatever a test draws of its moments comes from here, so that it can be tried again."""
    seed = int(os.environ.get(SEED) or random.SystemRandom().randrange(1_000_000))
    print(f"{SEED}={seed}")
    return random.Random(seed)


def kill(process: Process, after_seconds: float = 0.0) -> None:
    """All of it at once: the process that fits and the one that watches it. Not when it is over by then."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.popen.wait(after_seconds)
    if process.popen.poll() is None:
        process.kill_workers()
        process.popen.kill()


def lose_after(label: str) -> Callable[[Process], None]:
    """Right after the checkpoint whose label begins with these words: LightGBM is not LightGBMXT."""
    words = re.compile(re.escape(label) + r"\b")

    def lose(process: Process) -> None:
        process.wait_for(lambda event: event["type"] == "checkpoint" and words.match(event["label"]) is not None)
        kill(process)

    return lose


def lose_within(most_seconds: float) -> Callable[[Process], None]:
    """Up to so long after the first checkpoint; when it was over before, the next try is within what it took."""
    draw, most = drawing(), most_seconds

    def lose(process: Process) -> None:
        nonlocal most
        later = draw.uniform(0, most)
        process.wait_for(lambda event: event["type"] == "checkpoint")
        began = time.monotonic()
        print(f"to be lost {later:.2f} s after the first checkpoint")
        kill(process, later)
        most = min(most, time.monotonic() - began)

    return lose


def train_until_lost(asked: Yard, lose: Callable[[Process], None]) -> Run:
    """Tried again when it was over before it could be lost, as happens on a faster machine."""
    for _ in range(_MOST_TRIES):
        run = asked.train(while_running=lose)
        if run.code == -signal.SIGKILL:
            return run
        assert run.code == 0, run.log
        for made in ("out", "checkpoints"):
            shutil.rmtree(asked.work / made, ignore_errors=True)
    raise AssertionError(f"it was over before it could be lost, {_MOST_TRIES} times")


def newest_checkpoint(work: Path) -> Path | None:
    numbered = [path for path in (work / "checkpoints").glob("[0-9]*") if path.name.isdigit()]
    return max(numbered, key=lambda path: int(path.name), default=None)


def moved(asked: Yard, other: Path) -> Yard:
    """The machine after it: nothing is on it but what had been uploaded, and the first one's disk is gone."""
    next_yard = Yard(other, asked.spec)
    shutil.copytree(asked.work / "input", next_yard.work / "input")
    newest = newest_checkpoint(asked.work)
    if newest is not None:
        shutil.copytree(newest, next_yard.work / "resume")
    shutil.rmtree(asked.work)
    return next_yard


def lost_and_moved(asked: Yard, lose: Callable[[Process], None], other: Path) -> Yard:
    """Trains until it is lost; then the machine after it."""
    train_until_lost(asked, lose)
    return moved(asked, other)
