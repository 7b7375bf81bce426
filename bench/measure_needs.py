"""What one engine needs for made tables of two sizes: the most memory, and the work until its first model was ready.

Run in the engine's environment:

    measure_needs.py <engine> <seconds> <rows>x<columns> …

Prints one line of JSON for each size. Work is counted in seconds of processor time, so that it says the same on a busy
machine. Memory is counted over all processes of the trainer, what they share once (PSS).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "test" / "trainer-image" / "trainer"))
from trainer_bench import Process, Yard

_LOOK_SECONDS = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")


def made_table(rows: int, columns: int) -> pd.DataFrame:
    """Numbers throughout, so that a cell is a cell; what text and categories widen to is counted by the platform."""
    random = np.random.default_rng(0)
    values = random.normal(size=(rows, columns))
    frame = pd.DataFrame(values, columns=[f"x{number}" for number in range(columns)])
    frame["y"] = (values[:, 0] + values[:, 1] * values[:, 2] + random.normal(size=rows) > 0).astype("int64")
    return frame


def family_of(process: int) -> list[int]:
    found = [process]
    for parent in found:
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
            found.extend(int(child) for task in tasks for child in (task / "children").read_text("ascii").split())
        except OSError:
            continue
    return found


def memory_of(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def processor_seconds(process: int) -> float:
    """Its own and that of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICKS


class Watch:
    """Looks at a trainer until it ends."""

    def __init__(self, process: Process) -> None:
        self.most_memory = 0
        self.work_until_first_model: float | None = None
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            family = family_of(self._process.popen.pid)
            self.most_memory = max(self.most_memory, sum(map(memory_of, family)))
            heard = [
                event for event in self._process.events if event["type"] == "leaderboard" and not event["baseline"]
            ]
            if heard and self.work_until_first_model is None:
                self.work_until_first_model = sum(map(processor_seconds, family))

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def measured(engine: str, seconds: int, rows: int, columns: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="trainyard-needs-") as folder:
        yard = Yard(Path(folder))
        yard.ask(made_table(rows, columns), "y", "binary", engine=engine, seconds=seconds)
        watches: list[Watch] = []
        run = yard.train(while_running=lambda process: _watch(process, watches))
        (watch,) = watches
        watch.end()
        return {
            "engine": engine,
            "cells": rows * columns,
            "megabytes": round(watch.most_memory / 2**20),
            "firstModelSeconds": watch.work_until_first_model,
            "models": len(run.models),
            "code": run.code,
        }


def _watch(process: Process, watches: list[Watch]) -> None:
    watches.append(Watch(process))
    process.popen.wait()


def main(engine: str, seconds: str, *sizes: str) -> None:
    for size in sizes:
        rows, columns = map(int, size.split("x"))
        print(json.dumps(measured(engine, int(seconds), rows, columns)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
