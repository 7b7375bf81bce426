"""The report's own time: what does not fit into it is left out and named, and so is what failed."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TypeVar

from trainer.clock import Clock

Made = TypeVar("Made")

#: A fifth of what the fit took: the report must not outlast the training by much, nor be empty after a short one.
_SHARE, _LEAST, _MOST = 0.2, 5.0, 120.0
#: After the deadline the runner's patience runs; stopped, the report hurries.
_LATE, _STOPPED = 8.0, 1.0


def report_seconds(clock: Clock, fit_seconds: float) -> float:
    if clock.stop_asked:
        return _STOPPED
    wanted = min(_MOST, max(_LEAST, fit_seconds * _SHARE))
    return min(wanted, clock.left() + _LATE)


class Budget:
    def __init__(self, seconds: float, stop_asked: Callable[[], bool] = lambda: False) -> None:
        self.seconds = seconds
        self.left_out: list[dict[str, str]] = []
        self._ends_at = time.monotonic() + seconds
        self._stop_asked = stop_asked
        self._hurries = stop_asked()

    def left(self) -> float:
        now = time.monotonic()
        if not self._hurries and self._stop_asked():
            self._hurries = True
            self._ends_at = min(self._ends_at, now + _STOPPED)
        return max(0.0, self._ends_at - now)

    def part(self, name: str, make: Callable[[float], Made], share: float = 1.0) -> Made | None:
        """What `make` makes of this share of the time that is left. A part that fails costs the report that part only."""
        seconds = self.left() * share
        if seconds <= 0:
            self.leave_out(name, "there was no time left for it")
            return None
        try:
            return make(seconds)
        except Exception:
            # The model is trained and paid for: a fault here must not lose it. The log has the whole story.
            traceback.print_exc()
            self.leave_out(name, "it could not be made; the log tells why")
            return None

    def leave_out(self, name: str, reason: str) -> None:
        self.left_out.append({"part": name, "reason": reason})

    def told(self) -> dict[str, object]:
        return {"seconds": round(self.seconds, 1), "leftOut": self.left_out}
