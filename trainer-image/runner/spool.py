"""The spool: every event of an attempt, numbered and checksummed, on disk before anybody else hears of it."""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Event = dict[str, Any]
T = TypeVar("T")

SEGMENT_BYTES = 4 * 1024 * 1024
#: Many pending records go out as one write of at most this much, and never across two segments.
_WRITE_BYTES = 256 * 1024
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
_TERMINAL = ("finished", "failed")


_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode(event: Event) -> bytes:
    text = _to_json(event)
    # A lone surrogate (half a character, from an escape in somebody's JSON) has no bytes in UTF-8.
    body = text.encode("utf-8", "replace")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Event | None:
    """None for what is torn or altered."""
    if len(line) < 11 or line[8:9] != b" " or not line.endswith(b"\n"):
        return None
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:-1]):
            return None
        event = json.loads(line[9:-1])
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("seq"), int) else None


@dataclass(frozen=True)
class Recovered:
    """What an earlier runner of the same attempt left."""

    next_seq: int
    terminal: Event | None
    bytes: int
    torn_bytes: int


class Spool:
    """Written by one thread only (see journal.py). A full disk is waited out: nothing is dropped."""

    def __init__(self, folder: Path, on_trouble: Callable[[OSError], None]) -> None:
        self.folder = folder
        self._on_trouble = on_trouble
        self._segment: Path | None = None
        self._fd = -1
        self._size = 0
        self.recovered = self._recover()
        self.next_seq = self.recovered.next_seq

    def segments(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.jsonl") if path.stem.isdigit())

    def append(self, events: list[Event]) -> None:
        """Numbers the events and writes them; returns when all are with the file system."""
        pending = bytearray()
        for event in events:
            record = encode({"seq": self.next_seq, **event})
            if self._size + len(pending) + len(record) > SEGMENT_BYTES and self._size + len(pending) > 0:
                self._write(pending)
                pending.clear()
                self._close_segment()
            elif len(pending) >= _WRITE_BYTES:
                self._write(pending)
                pending.clear()
            if self._fd < 0:
                self._keep_trying(self._open_segment)
            pending += record
            self.next_seq += 1
        self._write(pending)

    def sync(self) -> None:
        """After this, what was appended survives a power cut."""
        if self._fd >= 0:
            os.fsync(self._fd)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open_segment(self) -> None:
        if self._segment is None:
            self._segment = self.folder / f"{self.next_seq:012d}.jsonl"
        self._fd = os.open(self._segment, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._size = os.fstat(self._fd).st_size

    def _close_segment(self) -> None:
        if self._fd >= 0:
            try:
                os.fsync(self._fd)
            except OSError as error:
                self._on_trouble(error)  # the bytes are with the file system; only a power cut could still take them
        self.close()
        self._segment = None
        self._size = 0

    def _write(self, data: bytearray) -> None:
        """A write may be cut short where the disk fills up: the rest follows, so the record is whole in the end."""
        rest = bytes(data)
        while rest:
            written = self._keep_trying(lambda rest=rest: os.write(self._fd, rest))
            self._size += written
            rest = rest[written:]

    def _keep_trying(self, act: Callable[[], T]) -> T:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return act()
            except OSError as error:
                self._on_trouble(error)
                time.sleep(pause)
                pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)

    def _recover(self) -> Recovered:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Events acknowledged beyond what the disk kept (a power cut) are known elsewhere: their numbers are used up.
        seq, terminal, torn = acknowledged(self.folder), None, 0
        segments = self.segments()
        for path in segments[-1:]:
            self._segment = path
            last, whole = _read_segment(path)
            torn = path.stat().st_size - whole
            if torn:
                os.truncate(path, whole)
            seq = max(seq, int(path.stem) - 1, last["seq"] if last else 0)
            terminal = last if last and last.get("type") in _TERMINAL else None
        return Recovered(seq + 1, terminal, sum(path.stat().st_size for path in segments), torn)


def _read_segment(path: Path) -> tuple[Event | None, int]:
    """The last whole record and where it ends: what follows is a torn tail."""
    last, end, at = None, 0, 0
    with path.open("rb") as file:
        for line in file:
            at += len(line)
            event = decode(line)
            if event:
                last, end = event, at
    return last, end


def acknowledged(folder: Path) -> int:
    """Up to where all is safe elsewhere."""
    try:
        return max(0, int((folder / "ack").read_text("ascii")))
    except (OSError, ValueError):
        return 0


def acknowledge(folder: Path, seq: int) -> None:
    beside = folder / f".making-ack-{os.getpid()}"
    try:
        beside.write_text(str(seq), "ascii")
        beside.replace(folder / "ack")
    finally:
        beside.unlink(missing_ok=True)
