"""Tries again what a disk or a network may allow in a moment, but not longer than anybody wants it."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

from runner.journal import Journal

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_LOOK_SECONDS = 0.25
_SAY_AGAIN_SECONDS = 60.0
#: How long inputs and results are tried again before the attempt is called failed.
_PATIENCE_SECONDS = 600.0
#: What is not there will hardly appear: the bucket may have been removed with its job.
_PATIENCE_FOR_ABSENT_SECONDS = 1.0

T = TypeVar("T")


class ToldToEnd(Exception):
    """The machine is being ended: there is no last event, since the attempt did not come to its end."""


class HandingFailed(Exception):
    def __init__(self, what: str, error: OSError) -> None:
        super().__init__(f"{what}: {error}")
        self.type = "DiskFull" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "CloudUnavailable"
        self.message = f"{what}: {error}."


class Trying:
    """Every step is tried again for `patience_seconds`: a disk may get room again, a network may come back."""

    def __init__(
        self, journal: Journal, told_to_end: Callable[[], bool], patience_seconds: float | None = None
    ) -> None:
        self._journal = journal
        self._told_to_end = told_to_end
        self._patience = _PATIENCE_SECONDS if patience_seconds is None else patience_seconds

    def __call__(self, what: str, act: Callable[[], T]) -> T:
        """Raises `HandingFailed` when it was tried for long enough, and `ToldToEnd` as soon as the machine is."""
        began = time.monotonic()
        pause, say_at = _FIRST_PAUSE_SECONDS, 0.0
        while True:
            try:
                return act()
            except OSError as error:
                now = time.monotonic()
                absent = isinstance(error, FileNotFoundError)
                patience = min(self._patience, _PATIENCE_FOR_ABSENT_SECONDS) if absent else self._patience
                if now + pause > began + patience:
                    raise HandingFailed(what, error) from error
                if now >= say_at:
                    say_at = now + _SAY_AGAIN_SECONDS
                    self._journal.remark(f"{what}: {error}. It is tried again.")
                self._wait(pause, error)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)

    def _wait(self, seconds: float, error: OSError) -> None:
        until = time.monotonic() + seconds
        while True:
            if self._told_to_end():
                raise ToldToEnd from error
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_LOOK_SECONDS, left))
