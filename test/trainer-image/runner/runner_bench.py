"""A bucket, a spool and a work folder around a real runner, started by the real entry script."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from runner.processes import list_processes
from runner.spool import Event, decode

HERE = Path(__file__).resolve().parent
ENTRY = HERE.parents[2] / "trainer-image" / "entry.sh"
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, seconds: float = 10.0) -> T:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never came: {what}")


def now_ms() -> int:
    return int(time.time() * 1000)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.bucket = folder / "the bucket"
        self.work = folder / "work"
        self.spool = folder / "signals" / "attempt-1"
        self.machine = f"ty-test-{uuid.uuid4()}"
        (self.bucket / "input").mkdir(parents=True)
        self.work.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TRAINYARD_HOLDER_KIND": "job",
            "TRAINYARD_HOLDER_ID": "5d9e2f2c-0000-4000-8000-000000000001",
            "TRAINYARD_ATTEMPT": "1",
            "TRAINYARD_MACHINE": self.machine,
            "TRAINYARD_BUCKET": self.bucket.as_uri(),
            "TRAINYARD_SIGNALS": f"spool://{folder / 'signals'}",
            "TRAINYARD_WORK": str(self.work),
            "TRAINYARD_PYTHON": sys.executable,
            "TRAINYARD_TRAINER_FOLDER": str(HERE / "fake" / "trainer"),
            "TRAINYARD_DEADLINE_AT_MS": str(now_ms() + 600_000),
            "TRAINYARD_ENDS_AT_MS": str(now_ms() + 900_000),
            "TRAINYARD_HEARTBEAT_SECONDS": "0.2",
            "TRAINYARD_METADATA_SECONDS": "1",
            "GCE_METADATA_HOST": "127.0.0.1:9",
            "TRAINYARD_GRACE_SECONDS": "20",
        }
        self._console = folder / "console"
        self._started: list[subprocess.Popen[bytes]] = []

    def wish(self, **wishes: Any) -> None:
        self._put("control/attempt-1.json", json.dumps(wishes))

    def start(self, act: str, *, tells: dict[str, str] | None = None, **settings: Any) -> subprocess.Popen[bytes]:
        self._put("input/spec.json", json.dumps({"kind": "train", "settings": {"act": act, **settings}}))
        return self.start_again(tells)

    def start_again(self, tells: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        with self._console.open("ab") as console:
            process = subprocess.Popen(
                [str(ENTRY)],
                env={**self.environment, **(tells or {})},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def run(self, act: str, *, tells: dict[str, str] | None = None, **settings: Any) -> list[Event]:
        self.finish(self.start(act, tells=tells, **settings))
        return self.events()

    def finish(self, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the runner goes on:\n{self.console()}") from None
        assert code == 0, self.console()

    def console(self) -> str:
        return self._console.read_text("utf-8", "replace")

    def segments(self) -> list[Path]:
        return sorted(self.spool.glob("*.jsonl"))

    def events(self) -> list[Event]:
        """Every whole record."""
        found = [decode(line) for path in self.segments() for line in path.read_bytes().splitlines(keepends=True)]
        return [event for event in found if event]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events() if event["type"] == kind]

    def log(self, stream: str) -> list[str]:
        return [event["text"] for event in self.of("log") if event["stream"] == stream]

    def until_logged(self, text: str, stream: str = "out") -> None:
        eventually(lambda: any(text in line for line in self.log(stream)), f"{text!r} in the log of {stream}")

    def until_family(self) -> list[int]:
        path = self.work / "pids.json"
        return eventually(lambda: json.loads(path.read_text()) if path.exists() else None, "the family")

    def marked(self) -> list[int]:
        """Everybody alive who belongs to the trainer of this machine."""
        return [process.pid for process in list_processes(self.machine) if process.marked]

    def clear_away(self) -> None:
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        eventually(lambda: not self.marked(), "all gone")
        shutil.rmtree(self.work.parent, ignore_errors=True)

    def _put(self, name: str, text: str) -> None:
        path = self.bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".making-{uuid.uuid4()}")
        beside.write_text(text)
        beside.replace(path)


def is_alive(pid: int) -> bool:
    return any(process.pid == pid and not process.zombie for process in list_processes(""))
