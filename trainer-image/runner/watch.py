"""Watches a running trainer: passes on wishes and deadlines, and ends it when it does not listen."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable

from runner.atomic import write_json
from runner.control import Control
from runner.guarding import Guard
from runner.journal import Journal, now_ms
from runner.machine import memory
from runner.processes import bury_orphans
from runner.settings import RunnerSettings
from runner.trainer_process import TrainerProcess
from runner.verdict import Asked

_TICK_SECONDS = 0.25
_JUMP_SECONDS = 30.0
_MEMORY_SAMPLES = 40
#: Above this share of the machine's memory, a sudden SIGKILL is put down to it.
_FULL_SHARE = 0.95
_BURY_EVERY_SECONDS = 10.0
#: A cloud that takes a machine back gives 30 s: half of them for the trainer, the rest to upload what it leaves.
_TAKEN_AWAY_GRACE_SECONDS = 15.0


class Watch:
    def __init__(
        self,
        settings: RunnerSettings,
        journal: Journal,
        control: Control,
        trainer: TrainerProcess,
        guard: Guard,
        told_to_end: Callable[[], bool],
        notice: Callable[[], str | None],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._control = control
        self._trainer = trainer
        self._guard = guard
        self._told_to_end = told_to_end
        self._notice = notice
        self.asked: Asked | None = None
        self.killed = False
        self._grace = settings.grace_seconds
        self._kill_at = float("inf")
        self._memory: deque[float] = deque(maxlen=_MEMORY_SAMPLES)
        self._clock = JumpClock()
        self._bury_at = 0.0

    @property
    def memory_was_full(self) -> bool:
        return any(share >= _FULL_SHARE for share in self._memory)

    def until_ended(self) -> None:
        """Returns when the trainer has exited, or the machine is told to end."""
        while not self._trainer.ended.wait(_TICK_SECONDS) and not self._told_to_end():
            self._look_at_clock()
            if self._control.look():
                self._pass_on_deadline()
            self._ask_if_due()
            self._kill_if_due()
            self._look_around()

    def _look_at_clock(self) -> None:
        jump = self._clock.tick()
        if jump is not None:
            # Sleep is neither silence nor work: the deadline is by the clock on the wall, grace is not.
            self._journal.remark(
                f"The clock jumped by {jump:+.0f} s: this machine slept, stood still, or had its clock set."
            )

    def _pass_on_deadline(self) -> None:
        pass_on_deadline(self._settings, self._control, self._journal)

    def _ask_if_due(self) -> None:
        if self.asked != "preempted" and (notice := self._notice()):
            # Whatever was asked before: the time for it is now shorter.
            self._ask("preempted", f"{notice} The trainer is told to stop.", _TAKEN_AWAY_GRACE_SECONDS)
        if self.asked:
            return
        if self._control.stop_asked:
            self._ask("stop_asked", "Asked to stop: the trainer is told to keep the best so far.")
        elif now_ms() >= self._control.deadline_at_ms:
            self._ask("time_up", "The time is up: the trainer is told to keep the best so far.")

    def _ask(self, why: Asked, remark: str, most_seconds: float = float("inf")) -> None:
        self.asked = why
        self._grace = min(self._settings.grace_seconds, most_seconds)
        self._kill_at = time.monotonic() + self._grace
        self._trainer.ask_to_stop()
        self._journal.remark(remark)

    def _kill_if_due(self) -> None:
        if self.killed or time.monotonic() < self._kill_at:
            return
        self.killed = True
        self._journal.remark(f"The trainer did not end within {self._grace:g} s and is killed.")
        self._trainer.kill()

    def _look_around(self) -> None:
        if sys.platform == "linux":  # elsewhere each look costs a process, and nobody kills for lack of memory
            used = memory()
            if used:
                self._memory.append(used[0] / used[1])
        if self._guard.renew():
            self._journal.remark("The runner's guard had died; there is a new one.")
        if time.monotonic() >= self._bury_at:
            self._bury_at = time.monotonic() + _BURY_EVERY_SECONDS
            bury_orphans(keep=(self._trainer.pid, self._guard.pid, os.getpid()))


def pass_on_deadline(settings: RunnerSettings, control: Control, journal: Journal) -> None:
    """The trainer reads this file again and again while it works."""
    try:
        write_json(settings.work / "deadline.json", {"deadlineAtMs": control.deadline_at_ms})
    except OSError as error:
        journal.remark(f"The deadline could not be passed on to the trainer: {error}.")


class JumpClock:
    """Sees when the clock on the wall moved by more than time went by."""

    def __init__(self, wall: Callable[[], float] = time.time, steps: float = _TICK_SECONDS) -> None:
        self._wall = wall
        self._steps = steps
        self._last = wall()

    def tick(self) -> float | None:
        """The jump in seconds since the last tick, when it is one."""
        now = self._wall()
        jump, self._last = now - self._last - self._steps, now
        return jump if abs(jump) > _JUMP_SECONDS else None
