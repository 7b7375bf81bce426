"""Reads the three pipes of a trainer until they end: what it prints, what it prints as errors, what it reports."""

from __future__ import annotations

import os
import threading
import time
from collections import deque

from runner.checkpoints import Checkpoints
from runner.journal import Journal, Stream
from runner.lines import LineCutter
from runner.log_cap import LogCap
from runner.spool import Event
from runner.trainer_events import BadEvent, parse_trainer_event

_CHUNK_BYTES = 64 * 1024
_EVENT_LIMIT_BYTES = 256 * 1024
_LAST_LINES = 20
#: Beyond this many, events that make no sense are only counted.
_BAD_EVENTS_SAID = 20


class Capture:
    """One thread a pipe; each waits when the journal does, and so does the trainer."""

    def __init__(
        self, journal: Journal, cap: LogCap, checkpoints: Checkpoints, out_fd: int, err_fd: int, events_fd: int
    ) -> None:
        self._journal = journal
        self._checkpoints = checkpoints
        self._cap = cap
        self.last_errors: deque[str] = deque(maxlen=_LAST_LINES)
        #: What the trainer said about its end; the last word counts.
        self.failed: Event | None = None
        self.finished: Event | None = None
        self._bad_events = 0
        self._left_out_events = 0
        self._threads = [
            threading.Thread(target=self._read_lines, args=("out", out_fd), name="out", daemon=True),
            threading.Thread(target=self._read_lines, args=("err", err_fd), name="err", daemon=True),
            threading.Thread(target=self._read_events, args=(events_fd,), name="events", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether all pipes have ended; somebody who escaped may hold one open."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def sum_up(self) -> None:
        self._cap.sum_up()
        if self._bad_events > _BAD_EVENTS_SAID:
            self._journal.remark(f"The trainer sent {self._bad_events:,} events that could not be understood.")
        if self._left_out_events:
            self._journal.remark(f"The log's cap left out {self._left_out_events:,} of the trainer's events.")

    def _read_lines(self, stream: Stream, fd: int) -> None:
        cutter = LineCutter()
        with os.fdopen(fd, "rb", buffering=0) as pipe:
            while chunk := pipe.read(_CHUNK_BYTES):
                self._keep(stream, cutter.feed(chunk))
        self._keep(stream, cutter.end())

    def _keep(self, stream: Stream, lines: list[str]) -> None:
        if not lines:
            return
        if stream == "err":
            self.last_errors.extend(lines[-_LAST_LINES:])
        self._cap.lines(stream, lines)

    def _read_events(self, fd: int) -> None:
        with os.fdopen(fd, "rb", buffering=_CHUNK_BYTES) as pipe:
            while line := pipe.readline(_EVENT_LIMIT_BYTES):
                if not line.endswith(b"\n") and len(line) >= _EVENT_LIMIT_BYTES:
                    while (rest := pipe.readline(_EVENT_LIMIT_BYTES)) and not rest.endswith(b"\n"):
                        pass
                    self._refuse("it is too long")
                elif line.strip():
                    self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            event = parse_trainer_event(line)
        except BadEvent as bad:
            self._refuse(str(bad))
            return
        if event["type"] == "failed":
            self.failed = event
        elif event["type"] == "finished":
            self.finished = event
        elif event["type"] == "checkpoint":
            self._checkpoints.take(event)
        elif self._cap.room_for(len(line)):
            self._journal.event(event)
        else:
            self._left_out_events += 1

    def _refuse(self, why: str) -> None:
        self._bad_events += 1
        if self._bad_events <= _BAD_EVENTS_SAID:
            self._journal.remark(f"The trainer sent an event that was left out: {why}.")
