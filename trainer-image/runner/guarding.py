"""The runner's side of its guard (guard.py)."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

_GOODBYE_SECONDS = 5.0


class Guard:
    def __init__(self, machine: str, lock_fd: int) -> None:
        self._machine = machine
        self._lock_fd = lock_fd
        self._group: int | None = None
        self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch_over(self, group: int) -> None:
        """Tells it the trainer's group, so that who has no marks is found, too."""
        self._group = group
        self._say(f"{group}\n".encode())

    def renew(self) -> bool:
        """Whether the guard had to be started again."""
        if self._process.poll() is None:
            return False
        self._process = self._start()
        if self._group is not None:
            self.watch_over(self._group)
        return True

    def dismiss(self) -> None:
        """Nothing is left to guard."""
        self._say(b"done\n")
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GOODBYE_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        # It inherits the lock on the work folder: who comes next waits until it has cleared up.
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")), self._machine],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=(self._lock_fd,),
            start_new_session=True,
        )

    def _say(self, words: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.write(words)
