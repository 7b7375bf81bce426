"""Says hello, and then every few seconds how the machine is."""

from __future__ import annotations

import os
import socket
import threading

from runner import __version__
from runner.gpus import GpuWatch
from runner.journal import Journal
from runner.machine import Processors, disk, memory
from runner.settings import RunnerSettings
from runner.spool import Event

_FIRST_GPU_ANSWER_SECONDS = 3.0


class Beats:
    """The hello is written when this is made; the heartbeats go on in a thread until the process ends."""

    def __init__(self, settings: RunnerSettings, journal: Journal) -> None:
        self._settings = settings
        self._journal = journal
        self._processors = Processors()
        self._gpus = GpuWatch(settings.heartbeat_seconds)
        journal.event(self._hello())
        threading.Thread(target=self._beat_for_ever, name="beats", daemon=True).start()

    def _hello(self) -> Event:
        total = memory()
        return {
            "type": "hello",
            "runnerVersion": __version__,
            "host": socket.gethostname(),
            "cpus": processors_for_us(),
            "memoryBytes": total[1] if total else 0,
            "gpus": self._gpus.latest(wait_seconds=_FIRST_GPU_ANSWER_SECONDS),
        }

    def _beat_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._settings.heartbeat_seconds):
            try:
                self._journal.measure(self._heartbeat())
            except Exception as error:
                # Silence would be taken for death; a measure that cannot be taken is only odd.
                self._journal.remark(f"The machine could not be measured: {type(error).__name__}: {error}.")

    def _heartbeat(self) -> Event:
        used, room = memory(), disk(self._settings.work)
        return {
            "type": "heartbeat",
            "cpuPercent": self._processors.percent(),
            "memoryUsedBytes": used[0] if used else None,
            "memoryTotalBytes": used[1] if used else None,
            "diskUsedBytes": room[0] if room else None,
            "diskTotalBytes": room[1] if room else None,
            "gpus": self._gpus.latest(),
        }


def processors_for_us() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
