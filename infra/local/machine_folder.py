"""The folder of one local machine: its files, its lock, and what runs on it. Standard library only."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import time

import processes

KILL_SECONDS = 10.0
LIFE_SIGN_SECONDS = 5.0
CONSOLE_CAP_BYTES = 8 * 1024 * 1024
CONSOLE_KEPT_BYTES = 1024 * 1024


class Machine:
    """The files of one machine, and what they tell."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self.name = os.path.basename(self.folder)

    def path(self, *parts: str) -> str:
        return os.path.join(self.folder, *parts)

    def read(self, file: str) -> dict | None:
        try:
            with open(self.path(file), encoding="utf-8") as handle:
                return json.load(handle)
        except FileNotFoundError:
            return None

    def write(self, file: str, content: dict) -> None:
        beside = self.path(f".making-{file}-{os.getpid()}")
        with open(beside, "w", encoding="utf-8") as handle:
            json.dump(content, handle)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(beside, self.path(file))

    def lock(self) -> int | None:
        """The lock, or None while the machine lives (or is gone)."""
        try:
            handle = os.open(self.path("machine.lock"), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The folder may have been removed in between: then this is the lock of nothing.
            if os.fstat(handle).st_ino == os.stat(self.path("machine.lock")).st_ino:
                return handle
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(handle)
        return None

    def exited(self, because: str, exit_code: int | None = None, at_ms: int | None = None) -> None:
        """The first to say why it ended is right."""
        if self.read("exit.json") is None:
            self.write("exit.json", {"because": because, "exitCode": exit_code, "endedAtMs": at_ms or now_ms()})

    def lives(self) -> None:
        """Touches the lock file, so that one who finds it dead after a power cut knows about when that was."""
        if time.time() - os.stat(self.path("machine.lock")).st_mtime > LIFE_SIGN_SECONDS:
            os.utime(self.path("machine.lock"))

    def last_alive_ms(self) -> int:
        return int(os.stat(self.path("machine.lock")).st_mtime * 1000)

    def running(self, descendants_of: int | None = None) -> list[processes.Process]:
        entry = (self.read("started.json") or {}).get("entry")
        return processes.find(self.name, self.path("work"), processes.group_of(entry), descendants_of)

    def guard(self) -> processes.Process | None:
        """It ends by itself once nothing is left, and must not be taken for something that is left."""
        return processes.found_again((self.read("started.json") or {}).get("guard"))

    def temporary_folder(self) -> str:
        """Not in the machine's folder: paths of sockets are made in it, and those may have a hundred characters."""
        order = self.read("machine.json") or {}
        return str(order.get("temporaryFolder") or self.path("tmp"))

    def end_all(self, grace: float, spare: set[int], descendants_of: int | None = None) -> bool:
        """Ends everything on it but `spare`: asked first, then killed, until nothing is found any more."""

        def left() -> list[processes.Process]:
            processes.reap()
            return [one for one in self.running(descendants_of) if one.pid not in spare]

        if grace > 0:
            for one in left():
                processes.end(one, signal.SIGTERM)
            processes.wait_until(lambda: not left(), grace)

        def killed() -> bool:
            found = left()
            for one in found:
                processes.end(one, signal.SIGKILL)
            return not found

        return processes.wait_until(killed, KILL_SECONDS)

    def remove_temporary_folder(self) -> None:
        shutil.rmtree(self.temporary_folder(), ignore_errors=True)

    def console(self, text: str) -> None:
        with open(self.path("console.log"), "a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def cut_console(self) -> None:
        """A machine that never stops talking must not fill the disk."""
        path = self.path("console.log")
        size = os.path.getsize(path) if os.path.exists(path) else 0
        if size <= CONSOLE_CAP_BYTES:
            return
        with open(path, "r+b") as file:
            file.seek(size - CONSOLE_KEPT_BYTES)
            kept = file.read()
            file.truncate(0)
        with open(path, "ab") as file:
            file.write(b"[what came before was cut off: too much]\n" + kept)


def now_ms() -> int:
    return int(time.time() * 1000)
