"""The sum of the data that was learned from, counted beside the training however large it is."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

_BLOCK = 2**20


class DataSum:
    """Reads the file in blocks, in a thread of its own: while it waits for the disk, and counts, others go on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: str | None = None
        self._problem: str | None = None
        self._thread = threading.Thread(target=self._count, name="sum of the data", daemon=True)

    def start(self) -> DataSum:
        self._thread.start()
        return self

    def _count(self) -> None:
        digest = hashlib.sha256()
        try:
            with self._path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            self._problem = str(error)
            return
        self._found = digest.hexdigest()

    def within(self, seconds: float) -> str | None:
        """None where it is not known by then, or could not be read: `why` says which."""
        self._thread.join(max(0.0, seconds))
        return self._found

    @property
    def why(self) -> str:
        return (
            f"the data could not be read again: {self._problem}" if self._problem else "there was no time left for it"
        )
