"""Cuts what a process prints into lines fit for a log."""

from __future__ import annotations

import codecs
from typing import TypeAlias

#: Longer lines are cut: a log is for reading, and one line must not fill a segment.
LINE_LIMIT_BYTES = 16 * 1024

#: Bytes as they come from a pipe.
Chunk: TypeAlias = bytes


class LineCutter:
    """Keeps at most one line's worth of bytes, whatever comes."""

    def __init__(self, limit: int = LINE_LIMIT_BYTES) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._cut = 0

    def feed(self, chunk: Chunk) -> list[str]:
        """The lines that are whole now."""
        *whole, rest = chunk.split(b"\n")
        lines: list[str] = []
        for part in whole:
            self._add(part)
            lines.append(self._take())
        self._add(rest)
        return lines

    def end(self) -> list[str]:
        """What was printed last without a line's end."""
        return [self._take()] if self._kept.strip(b"\r") else []

    def _add(self, part: Chunk) -> None:
        # A progress bar draws over itself with \r: only its last state counts. A \r at the very end may be half of
        # \r\n, so it stays until something follows it.
        if b"\r" in part or self._kept.endswith(b"\r"):
            self._draw_over(part)
        else:
            self._append(part)

    def _draw_over(self, part: Chunk) -> None:
        drawn = part.rstrip(b"\r")
        ends_open = len(drawn) < len(part)
        if not drawn:
            self._append_mark()
            return
        last = drawn.rfind(b"\r")
        if last >= 0 or self._kept.endswith(b"\r"):
            self._kept.clear()
            self._cut = 0
        self._append(drawn[last + 1 :])
        if ends_open:
            self._append_mark()

    def _append_mark(self) -> None:
        if not self._kept.endswith(b"\r"):
            self._kept += b"\r"

    def _append(self, part: Chunk) -> None:
        room = max(0, self._limit - len(self._kept))
        self._kept += part[:room]
        self._cut += max(0, len(part) - room)

    def _take(self) -> str:
        kept, cut = bytes(self._kept.rstrip(b"\r")), self._cut
        self._kept.clear()
        self._cut = 0
        return _readable(kept, cut)


def _readable(kept: bytes, cut: int) -> str:
    if not cut:
        return without_nul(kept.decode("utf-8", "replace"))
    # The cut may go through a character: its beginning is dropped rather than shown as broken.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(kept, final=False)
    return f"{without_nul(text)} … [cut here: {cut:,} more bytes]"


def without_nul(text: str) -> str:
    return text.replace("\0", "\ufffd") if "\0" in text else text
