"""Becomes the trainer, after tying its life to the runner's. Run as a script, alone in its process:
`preexec_fn` would run between fork and exec of a process with threads, where a lock may be held for ever.

    launch.py <pid of the runner> <command> <arguments> …
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PLATFORM_FAILURE = 75


def launch(runner: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        with contextlib.suppress(OSError):
            # When memory runs out, let the kernel take the trainer: the runner is needed to say so.
            Path("/proc/self/oom_score_adj").write_text("800", "ascii")
    if os.getppid() != runner:
        sys.exit(_PLATFORM_FAILURE)  # it died before the tie was made
    try:
        os.execv(command[0], command)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        sys.exit(_PLATFORM_FAILURE)


if __name__ == "__main__":
    launch(int(sys.argv[1]), sys.argv[2:])
