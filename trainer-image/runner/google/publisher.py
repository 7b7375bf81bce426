"""Sends what is in the spool to the job's topic, in order. The spool on the disk stays the truth: this only reads it."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.google.calls import Calls
from runner.spool import acknowledge, acknowledged, decode

#: Of the records in one message; a record that is larger goes alone.
_MESSAGE_BYTES = 256_000
_MESSAGES_IN_A_CALL = 8
_READ_BYTES = _MESSAGE_BYTES * _MESSAGES_IN_A_CALL
#: A line waits this long for others to go with it.
_TICK_SECONDS = 0.1
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_SAY_AGAIN_SECONDS = 60.0
_HEAD = re.compile(rb'[0-9a-f]{8} \{"seq":(\d+)[,}]')


@dataclass(frozen=True)
class Message:
    first: int
    last: int
    data: bytes


class Publisher:
    """
    A thread of its own, so that no trouble with the network reaches the trainer. What the server has taken is noted in
    the spool's `ack`: a runner that is started again goes on from there, and no number up to it is ever given twice.
    """

    def __init__(self, spool: Path, attempt: int, topic: str, calls: Calls, say: Callable[[str], None]) -> None:
        self._spool = spool
        self._attempt = attempt
        self._url = f"{topic}:publish"
        self._calls = calls
        self._say = say
        self._changed = threading.Condition()
        self._seq = acknowledged(spool)
        self._is_through = False
        self._reader = SpoolTail(spool, self._seq)
        threading.Thread(target=self._publish_for_ever, name="publisher", daemon=True).start()

    @property
    def published_seq(self) -> int:
        return self._seq

    def settle(self, last_seq: int, quiet_seconds: float) -> bool:
        """Waits until all up to `last_seq` is with the server, or nothing more has got there for `quiet_seconds`."""
        with self._changed:
            while self._seq < last_seq:
                before = self._seq
                self._changed.wait_for(lambda before=before: self._seq != before, quiet_seconds)
                if self._seq == before:
                    return False
        return True

    def _publish_for_ever(self) -> None:
        pause, trouble_since, say_at = _FIRST_PAUSE_SECONDS, None, 0.0
        waiting: list[Message] = []
        while True:
            try:
                waiting = waiting or self._reader.next_messages()
                if not waiting:
                    time.sleep(_TICK_SECONDS)
                    continue
                self._publish(waiting)
                self._keep(waiting[-1].last)
                waiting = []
            except OSError as error:
                now = time.monotonic()
                trouble_since = trouble_since or now
                if now >= say_at:
                    say_at = now + _SAY_AGAIN_SECONDS
                    self._say(f"Events cannot be sent: {error}. They are kept here and sent again.")
                time.sleep(pause)
                pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
                continue
            if trouble_since is not None:
                self._say(f"Events are sent again, after {time.monotonic() - trouble_since:.0f} s.")
            pause, trouble_since, say_at = _FIRST_PAUSE_SECONDS, None, 0.0

    def _publish(self, messages: list[Message]) -> None:
        """One call at a time: that, and the ordering key, is what keeps the order."""
        told = [
            {
                "data": base64.b64encode(message.data).decode("ascii"),
                "orderingKey": f"attempt-{self._attempt}",
                "attributes": {
                    "attempt": str(self._attempt),
                    "first": str(message.first),
                    "last": str(message.last),
                },
            }
            for message in messages
        ]
        body = json.dumps({"messages": told}).encode()
        self._calls.call("POST", self._url, body, {"Content-Type": "application/json"})

    def _keep(self, seq: int) -> None:
        acknowledge(self._spool, seq)
        with self._changed:
            self._seq = seq
            self._changed.notify_all()


class SpoolTail:
    """Reads the spool behind a number while it is being written."""

    def __init__(self, folder: Path, after_seq: int) -> None:
        self._folder = folder
        self._seq = after_seq
        self._segment: Path | None = None
        self._at = 0

    def next_messages(self) -> list[Message]:
        """What is new, cut into messages; nothing when there is nothing yet."""
        while True:
            is_closed = self._has_newer()  # before it is read: what is there now is then all that there will be
            lines = self._read_lines()
            if lines:
                return _messages(lines)
            if not is_closed:
                return []
            self._segment = self._newer()[0]
            self._at = 0

    def _read_lines(self) -> list[tuple[int, bytes]]:
        if self._segment is None:
            return []
        lines: list[tuple[int, bytes]] = []
        with self._segment.open("rb") as file:
            file.seek(self._at)
            size = 0
            for line in file:
                if not line.endswith(b"\n"):
                    break  # it is being written
                self._at += len(line)
                seq = _seq_of(line)
                if seq is None or seq <= self._seq:
                    continue
                self._seq = seq
                lines.append((seq, line))
                size += len(line)
                if size >= _READ_BYTES:
                    break
        return lines

    def _has_newer(self) -> bool:
        if self._segment is None:
            # The last that begins at or before what is wanted next.
            segments = self._segments()
            begun = [path for path in segments if int(path.stem) <= self._seq + 1]
            self._segment = begun[-1] if begun else segments[0] if segments else None
        return self._segment is not None and len(self._newer()) > 0

    def _newer(self) -> list[Path]:
        return [path for path in self._segments() if self._segment is not None and path.stem > self._segment.stem]

    def _segments(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("*.jsonl") if path.stem.isdigit())


def _seq_of(line: bytes) -> int | None:
    head = _HEAD.match(line)
    if head:
        return int(head[1])
    event = decode(line)
    return event["seq"] if event else None


def _messages(lines: list[tuple[int, bytes]]) -> list[Message]:
    messages: list[Message] = []
    first, data = 0, bytearray()
    last = 0
    for seq, line in lines:
        if data and len(data) + len(line) > _MESSAGE_BYTES:
            messages.append(Message(first, last, bytes(data)))
            data.clear()
        first = seq if not data else first
        data += line
        last = seq
    if data:
        messages.append(Message(first, last, bytes(data)))
    return messages
