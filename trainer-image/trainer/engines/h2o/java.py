"""Which Java there is, and how much memory it may have. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

from trainer.contract import SettingValue
from trainer.failures import TrainerFailure

#: XGBoost works beside the heap, in as much memory again, and Python holds the rows once more: a larger share would
#: have the system end one of them; a smaller one would waste what a larger machine was chosen for.
_SHARE = 0.5
#: A heap above it pauses for seconds to be cleaned up, and no table that H2O is for needs it.
_MOST_BYTES = 128 << 30
_LEAST_GB = 0.5


def find_java() -> str | None:
    from trainer.engines.h2o.portable import find_java as found  # comes with pandas

    return found()


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


def require_memory(asked_gb: SettingValue, machine_gib: float | None) -> None:
    """`machine_gib`: as far as it is known; to a tenth, as machines are offered."""
    if not isinstance(asked_gb, (int, float)) or asked_gb <= 0:
        return
    if asked_gb < _LEAST_GB:
        raise TrainerFailure.of_setting(
            "memory_gb", f"Java needs at least {_LEAST_GB:g} GB of memory, not {asked_gb:g}."
        )
    if machine_gib is not None and asked_gb > round(machine_gib, 1):
        raise TrainerFailure.of_setting(
            "memory_gb",
            f"Java is to have {asked_gb:g} GB of memory, and the machine has {round(machine_gib, 1):g}. "
            "Give it less, or choose a larger machine; 0 takes half of what there is.",
        )


def machine_gib() -> float:
    return _machine_bytes() / (1 << 30)


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
