"""Takes events from every thread of the runner and hands them to the spool in order."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from runner.spool import Event, Recovered, Spool

Stream = Literal["out", "err"]

#: Beyond this much text waiting, whoever reads the trainer's pipes waits too, and then the trainer does.
_PENDING_LIMIT_BYTES = 8 * 1024 * 1024
#: What an event costs in memory and on disk beside its own text.
_EVENT_BYTES = 100
_SAY_TROUBLE_EVERY_SECONDS = 60.0


def now_ms() -> int:
    return int(time.time() * 1000)


class Journal:
    """One thread writes. Lines of the trainer wait while the disk is full; the runner's own remarks never do."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._say = say
        self._trouble_said_at = float("-inf")
        self._troubled_since: float | None = None
        self._spool = Spool(folder, self._on_trouble)
        self._changed = threading.Condition()
        self._pending: list[Event] = []
        self._pending_bytes = 0
        self._writing = False
        self._ended = False
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    @property
    def recovered(self) -> Recovered:
        return self._spool.recovered

    @property
    def is_troubled(self) -> bool:
        """Whether the spool cannot be written at this time."""
        return self._troubled_since is not None

    @property
    def last_seq(self) -> int:
        """The number of the last event that was written."""
        return self._spool.next_seq - 1

    def segments(self) -> list[Path]:
        return self._spool.segments()

    def lines(self, stream: Stream, lines: list[str]) -> None:
        """Waits while too much is pending."""
        at = now_ms()
        events: list[Event] = [{"atMs": at, "type": "log", "stream": stream, "text": text} for text in lines]
        self._put(events, sum(map(len, lines)), waits=True)

    def event(self, event: Event) -> None:
        """An event of the trainer; waits while too much is pending."""
        self._put([{"atMs": now_ms(), **event}], 0, waits=True)

    def remark(self, text: str) -> None:
        """What the machine itself has to say, in the log and on the console. Never waits."""
        self._say(text)
        self._put([{"atMs": now_ms(), "type": "log", "stream": "machine", "text": text}], len(text), waits=False)

    def measure(self, event: Event) -> None:
        """A heartbeat is worth nothing once the next is due: it is left out while the disk cannot take it."""
        if self._troubled_since is None:
            self._put([{"atMs": now_ms(), **event}], 0, waits=False)

    def settle(self) -> None:
        """Returns when all that was put is with the file system."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending and not self._writing)

    def end(self, terminal: Event) -> None:
        """Writes the last event of the attempt and sees it onto the disk; nothing is taken after it."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: not self._pending and not self._writing)
        self._spool.append([{"atMs": now_ms(), **terminal}])
        try:
            self._spool.sync()
        except OSError as error:
            self._say(f"The last event is written, but could not be flushed to the disk: {error}.")

    def _put(self, events: list[Event], text_bytes: int, *, waits: bool) -> None:
        size = text_bytes + _EVENT_BYTES * len(events)
        with self._changed:
            if waits:
                self._changed.wait_for(lambda: self._pending_bytes < _PENDING_LIMIT_BYTES)
            if self._ended:
                return
            self._pending += events
            self._pending_bytes += size
            self._changed.notify_all()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._pending) > 0)
                batch, size = self._pending, self._pending_bytes
                self._pending = []
                self._writing = True
            self._spool.append(batch)
            with self._changed:
                # Only now: what is being written still counts as pending, or a full disk would let one more batch in.
                self._pending_bytes -= size
                self._writing = False
                self._changed.notify_all()
            if self._troubled_since is not None:
                seconds = time.monotonic() - self._troubled_since
                self._troubled_since = None
                self._trouble_said_at = float("-inf")
                self.remark(
                    f"The spool could not be written for {seconds:.0f} s; the trainer's lines waited, none is lost."
                )

    def _on_trouble(self, error: OSError) -> None:
        now = time.monotonic()
        if self._troubled_since is None:
            self._troubled_since = now
        if now - self._trouble_said_at < _SAY_TROUBLE_EVERY_SECONDS:
            return
        self._trouble_said_at = now
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "The disk is full" if full else f"The spool cannot be written ({error})"
        self._say(f"{what}: the trainer waits until its lines can be kept.")
