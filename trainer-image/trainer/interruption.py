"""Breaks into a fit: when somebody asks to stop, or when the time is up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from trainer.clock import Clock
from trainer.failures import Interrupted

_SHORTEST_TIMER = 0.05


class Interruption:
    """Raises `Interrupted` only inside `allowed`, so that nothing else (a file being written) is ever torn."""

    def __init__(self, clock: Clock, on_broken_off: Callable[[], None]) -> None:
        self._clock = clock
        #: Called once the fit is really left, not when it was only told to: some libraries swallow what is raised in them.
        self._on_broken_off = on_broken_off
        self._open = False
        self._due = False
        self._grace = 0.0

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGALRM, self._on_alarm)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._clock.time_up:
            return  # the runner says what the clock says: the fit is already coming to its end, and may do so in order
        self._clock.stop_asked = True
        self._break_in()

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        left = self._clock.deadline + self._grace - time.time()
        if left > _SHORTEST_TIMER and not self._clock.stop_asked:
            signal.setitimer(signal.ITIMER_REAL, left)  # the deadline has moved on meanwhile
        else:
            self._break_in()

    def _break_in(self) -> None:
        self._due = True
        if self._open:
            self._open = False
            raise Interrupted

    @contextmanager
    def allowed(self, grace_seconds: float = 0.0) -> Iterator[None]:
        """Within the block a stop, or the deadline plus `grace_seconds`, raises `Interrupted`."""
        self._grace = grace_seconds
        self._due = self._clock.stop_asked
        if self._due or self._clock.left() <= 0:
            raise Interrupted
        self._open = True
        try:
            signal.setitimer(signal.ITIMER_REAL, self._clock.left() + grace_seconds)
            yield
        except Interrupted:
            self._on_broken_off()
            raise
        finally:
            self._open = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Inside `allowed`, around what must not be torn: an interruption meanwhile happens at its end."""
        was, self._open = self._open, False
        try:
            yield
        finally:
            self._open = was
        if was and self._due:
            self._open = False
            raise Interrupted
