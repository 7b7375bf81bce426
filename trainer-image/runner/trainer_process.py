"""The trainer as a child process: how it is started, what it may know, and how it is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from runner.processes import MACHINE_MARK, TRAINER_MARK
from runner.settings import RunnerSettings

#: All that a trainer gets from the environment: it must see no credentials and no addresses.
_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")
_THREAD_HINTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def scrubbed_environment(environment: Mapping[str, str], machine: str, events_fd: int, trainer: Path) -> dict[str, str]:
    kept = {name: environment[name] for name in (*_PASSED_ON, *_THREAD_HINTS) if name in environment}
    return {**kept, MACHINE_MARK: machine, TRAINER_MARK: str(events_fd), "PYTHONPATH": str(trainer.parent)}


class TrainerProcess:
    """Started in a session and group of its own. `ended` is set when it has exited."""

    def __init__(self, settings: RunnerSettings, environment: Mapping[str, str]) -> None:
        # Pipes of our own rather than Popen's: the capture owns and closes the ends that are read.
        (self.out_fd, out), (self.err_fd, err), (self.events_fd, events) = os.pipe(), os.pipe(), os.pipe()
        trainer = [settings.python, "-u", "-m", "trainer", settings.trainer_verb, "--spec", "input/spec.json"]
        launch = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")), str(os.getpid())]
        try:
            # From the main thread: Linux ties the child's life to the thread that made it.
            self._process = subprocess.Popen(
                [*launch, *trainer, "--out", "out/"],
                cwd=settings.work,
                env=scrubbed_environment(environment, settings.machine, events, settings.trainer_folder),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=(events,),
                start_new_session=True,
            )
        except BaseException:
            for fd in (self.out_fd, self.err_fd, self.events_fd):
                os.close(fd)
            raise
        finally:
            for fd in (out, err, events):
                os.close(fd)
        self.ended = threading.Event()
        threading.Thread(target=self._wait, name="trainer", daemon=True).start()

    @property
    def pid(self) -> int:
        """Also the number of its group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Negative: the signal that ended it."""
        return self._process.returncode

    def ask_to_stop(self) -> None:
        """The trainer alone, not its group: its workers are its own to end while it saves the best so far."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()

    def _wait(self) -> None:
        self._process.wait()
        self.ended.set()
