"""Which Java there is, and how much memory it may have. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

from trainer.engines.h2o.portable import find_java
from trainer.failures import TrainerFailure

_MOST_BYTES = 4 << 30
_SHARE = 0.5


def require_java() -> str:
    found = find_java()
    if found is None:
        raise TrainerFailure(
            "EngineUnavailable",
            "H2O needs Java, and there is none: not in its own environment, not by JAVA_HOME, not on the PATH. "
            "Install it (Debian, Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17), "
            "or let Trainyard prepare the environment of H2O again: it brings a Java of its own.",
        )
    return found


def heap_megabytes(asked_gb: float) -> int:
    if asked_gb > 0:
        return int(asked_gb * 1024)
    return int(min(_MOST_BYTES, _SHARE * _machine_bytes())) >> 20


def _machine_bytes() -> int:
    told = Path("/sys/fs/cgroup/memory.max")
    try:
        limit = int(told.read_text("ascii"))
    except (OSError, ValueError):
        limit = None
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return whole if limit is None else min(limit, whole)
