"""How much time is left, and whether somebody asked to stop."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

_LOOK_AGAIN_SECONDS = 0.5
#: The runner's clock tick and ours do not meet to the millisecond.
_CLOSE_SECONDS = 0.2


class Clock:
    """The deadline may move: `deadline.json` in the work folder is read again while training goes on."""

    def __init__(self, work: Path, training_seconds: float, started_at: float | None = None) -> None:
        self.started_at = time.time() if started_at is None else started_at
        self.training_seconds = training_seconds
        self.stop_asked = False
        #: What earlier attempts have spent on what this one goes on from.
        self.spent_before = 0.0
        self._file = work / "deadline.json"
        self._looked_at = 0.0
        told = os.environ.get("TRAINYARD_DEADLINE_AT_MS")
        self._deadline = int(told) / 1000 if told else self.started_at + training_seconds

    @property
    def deadline(self) -> float:
        now = time.time()
        if now - self._looked_at >= _LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._read_again()
        return self._deadline

    def _read_again(self) -> None:
        # Not there, or not yet whole: what we knew holds.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            self._deadline = float(json.loads(self._file.read_text("utf-8"))["deadlineAtMs"]) / 1000

    def used(self) -> float:
        return self.spent_before + time.time() - self.started_at

    def left(self) -> float:
        """Seconds of training left; none once a stop was asked."""
        return 0.0 if self.stop_asked else max(0.0, self.deadline - time.time())

    def estimate(self, done: int, known: int, since: float) -> float | None:
        """How long the rest of `known` steps may take by those that are done since then; None where nothing tells.

        Never more than the limit leaves. Steps differ: who shows it counts it down, and stops believing it at nothing.
        """
        if done <= 0 or known < done:
            return None
        return min(self.left(), (time.time() - since) / done * (known - done))

    @property
    def time_up(self) -> bool:
        return time.time() >= self.deadline - _CLOSE_SECONDS

    def fraction(self) -> float:
        whole = self.spent_before + self.deadline - self.started_at
        return 1.0 if whole <= 0 else min(1.0, self.used() / whole)
