"""How much of what a trainer says is kept: a log that never stops must not fill the disk."""

from __future__ import annotations

import threading

from runner.journal import Journal, Stream

#: What a line costs in the spool beside its text: number, time, stream, checksum.
_RECORD_BYTES = 90


class LogCap:
    """One cap over both streams. What is beyond it is counted, said once when it begins and once at the end."""

    def __init__(self, journal: Journal, cap_bytes: int) -> None:
        self._journal = journal
        self._cap = cap_bytes
        self._lock = threading.Lock()
        # A restarted runner goes on counting where the spool is.
        self._used = journal.recovered.bytes
        self._events_used = 0
        self._lines_left_out = 0
        self._bytes_left_out = 0

    def lines(self, stream: Stream, lines: list[str]) -> None:
        with self._lock:
            kept = self._fitting(lines)
            begins = len(kept) < len(lines) and self._lines_left_out == 0
            self._lines_left_out += len(lines) - len(kept)
            self._bytes_left_out += sum(len(line.encode()) for line in lines[len(kept) :])
        if kept:
            self._journal.lines(stream, kept)
        if begins:
            self._journal.remark(
                f"The log has reached its cap of {_size(self._cap)}: what the trainer prints from here on is not kept."
            )

    def room_for(self, size: int) -> bool:
        """Whether an event of that size is still kept. Events have a cap of their own, as large: a flood of lines must
        not silence metrics and leaderboard."""
        with self._lock:
            if self._events_used + size + _RECORD_BYTES > self._cap:
                return False
            self._events_used += size + _RECORD_BYTES
            return True

    def sum_up(self) -> None:
        if self._lines_left_out:
            self._journal.remark(
                f"The log's cap of {_size(self._cap)} left out {self._lines_left_out:,} lines"
                f" ({_size(self._bytes_left_out)})."
            )

    def _fitting(self, lines: list[str]) -> list[str]:
        for index, line in enumerate(lines):
            size = len(line.encode()) + _RECORD_BYTES
            # Once reached it stays reached: short lines slipping in between left-out ones would read as a whole.
            if self._lines_left_out or self._used + size > self._cap:
                return lines[:index]
            self._used += size
        return lines


def _size(count: int) -> str:
    for unit, scale in (("GB", 1000**3), ("MB", 1000**2), ("KB", 1000)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"
