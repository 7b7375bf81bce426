"""Keeps a small process beside the one that works: it can end a fit that does not listen, and save what was finished.

Native code (a booster in the middle of its rounds) answers no signal, and a process killed for memory answers nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from trainer.broken_off import write_broken_off
from trainer.checkpoints import take_up
from trainer.clock import Clock
from trainer.contract import read_train_spec
from trainer.events import Events
from trainer.failures import EXIT_BROKEN_OFF, EXIT_BUG, EXIT_PLATFORM, EXIT_STOPPED, TrainerFailure
from trainer.training import FITTING, PHASE_FILE, Finish

#: How long a fit may take to answer a stop before it is killed and its finished models are put together without it.
STOP_GRACE_SECONDS = 2.5
#: Engines keep the deadline themselves; this is for a step that overruns it by more than a tenth.
_OVERRUN_LEAST, _OVERRUN_SHARE, _OVERRUN_MOST = 10.0, 0.07, 25.0
_LOOK_SECONDS = 0.1


class Supervisor:
    def __init__(self, verb: str, spec: Path, out: Path) -> None:
        self._verb = verb
        self._spec = spec
        self._out = out
        self._scratch = out.parent / f"{out.name}.scratch"
        self._started_at = time.time()
        self._stop_at: float | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._clock: Clock | None = None

    def run(self) -> int:
        signal.signal(signal.SIGTERM, self._on_stop)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        if self._verb == "train":
            take_up(Path.cwd(), self._scratch)
        self._out.mkdir(parents=True, exist_ok=True)
        try:
            return self._train() if self._verb == "train" else self._end_of(self._start(None))
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _train(self) -> int:
        self._clock = Clock(Path.cwd(), self._training_seconds(), self._started_at)
        code, killed_for = self._watch(self._start(None), self._clock)
        if code >= 0 and code != EXIT_BROKEN_OFF:
            return code
        finish: Finish = killed_for or "crash"
        if code < 0:
            if not self._something_kept():
                return self._nothing_kept(finish, code)
            write_broken_off(self._scratch, _failure_of_signal(-code))
        how = "by itself" if code >= 0 else f"by signal {-code}"
        print(f"The fit ended {how}; what it had finished is put together", file=sys.stderr, flush=True)
        return self._end_of(self._start(finish))

    def _training_seconds(self) -> float:
        try:
            return read_train_spec(self._spec, Path.cwd()).training_seconds
        except TrainerFailure:
            return 0.0  # the worker says what is wrong with the spec

    def _start(self, finish: Finish | None) -> subprocess.Popen[bytes]:
        leash, held = os.pipe()
        command = [
            sys.executable,
            "-m",
            "trainer.worker",
            self._verb,
            "--spec",
            str(self._spec),
            "--out",
            str(self._out),
        ]
        command += ["--scratch", str(self._scratch), "--started-at", repr(self._started_at), "--leash", str(leash)]
        command += ["--finish", finish] if finish else []
        # Threads that spin while they wait for each other are 20 times slower where another job has the same cores.
        environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "PYTHONUNBUFFERED": "1"}
        fd = os.environ.get("TRAINYARD_EVENTS_FD")
        self._child = subprocess.Popen(command, env=environment, pass_fds=(leash, int(fd)) if fd else (leash,))
        os.close(leash)
        os.set_inheritable(held, False)  # stays open here as long as this process lives
        return self._child

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._clock is not None and self._clock.time_up:
            return  # the fit ends by the clock, and is ended by it
        if self._stop_at is None:
            self._stop_at = time.time()
            if self._child is not None and self._child.poll() is None:
                self._child.send_signal(signal.SIGTERM)

    def _watch(self, child: subprocess.Popen[bytes], clock: Clock) -> tuple[int, Finish | None]:
        while True:
            try:
                return child.wait(_LOOK_SECONDS), None
            except subprocess.TimeoutExpired:
                pass
            because = self._overdue(clock)
            if because and self._phase() == FITTING:
                child.kill()
                return child.wait(), because

    def _overdue(self, clock: Clock) -> Finish | None:
        now = time.time()
        if self._stop_at is not None and now - self._stop_at > STOP_GRACE_SECONDS:
            return "stop"
        allowed = min(_OVERRUN_MOST, max(_OVERRUN_LEAST, _OVERRUN_SHARE * (clock.deadline - self._started_at)))
        return "time" if now > clock.deadline + allowed else None

    def _phase(self) -> str:
        try:
            return (self._scratch / PHASE_FILE).read_text("utf-8")
        except OSError:
            return ""

    def _something_kept(self) -> bool:
        try:
            rows = json.loads((self._scratch / "board.json").read_text("utf-8"))["rows"]
        except (OSError, ValueError, KeyError):
            return False
        return any(not row["baseline"] for row in rows)

    def _nothing_kept(self, finish: Finish, code: int) -> int:
        if finish == "stop":
            return EXIT_STOPPED
        if finish == "time":
            failure = TrainerFailure(
                "TooLittleTime", "The time was over before a first model was ready. Give it more time, or less data."
            )
        else:
            failure = _failure_of_signal(-code)
        Events.from_environment().failed(failure.type, failure.message, failure.exit_code)
        return failure.exit_code

    def _end_of(self, child: subprocess.Popen[bytes]) -> int:
        code = child.wait()
        if code >= 0:
            return code
        if self._stop_at is not None:
            return EXIT_STOPPED
        return EXIT_PLATFORM if -code == signal.SIGKILL else EXIT_BUG


def _failure_of_signal(number: int) -> TrainerFailure:
    if number == signal.SIGKILL:
        return TrainerFailure(
            "OutOfMemory",
            "The system ended the training, most likely for lack of memory. Choose a machine with more, or less data.",
        )
    return TrainerFailure("TrainerBug", f"The training ended by signal {number}.")
