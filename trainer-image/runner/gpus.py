"""What the graphics cards say through nvidia-smi, asked in a thread of its own: a sick driver may never answer."""

from __future__ import annotations

import shutil
import threading
from typing import Any

from runner.machine import output_of

_QUERY = [
    "--query-gpu=name,utilization.gpu,memory.used,memory.total",
    "--format=csv,noheader,nounits",
]
_MEBIBYTE = 1024 * 1024

Gpu = dict[str, Any]


class GpuWatch:
    def __init__(self, every_seconds: float) -> None:
        self._every = every_seconds
        self._latest: list[Gpu] = []
        self._answered = threading.Event()
        self._tool = shutil.which("nvidia-smi")
        if self._tool:
            threading.Thread(target=self._ask_for_ever, name="gpus", daemon=True).start()

    def latest(self, wait_seconds: float = 0.0) -> list[Gpu]:
        """The last answer. Waits for a first one no longer than told."""
        if self._tool and wait_seconds:
            self._answered.wait(wait_seconds)
        return self._latest

    def _ask_for_ever(self) -> None:
        pause = threading.Event()
        while True:
            self._latest = parse_gpus(output_of([str(self._tool), *_QUERY]))
            self._answered.set()
            pause.wait(self._every)


def parse_gpus(told: str) -> list[Gpu]:
    gpus: list[Gpu] = []
    for line in told.splitlines():
        # A name may hold a comma; the numbers never do.
        name, *numbers = [part.strip() for part in line.rsplit(",", 3)]
        if len(numbers) != 3:
            continue
        percent, used, total = (_number(text) for text in numbers)
        gpus.append(
            {
                "name": name,
                "percent": percent,
                "usedBytes": None if used is None else used * _MEBIBYTE,
                "totalBytes": None if total is None else total * _MEBIBYTE,
            }
        )
    return gpus


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None  # "[N/A]" on cards that do not tell
