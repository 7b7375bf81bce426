"""How busy the machine is: processors, memory, disk. Linux tells by /proc; elsewhere ask the system's own tools."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

#: Limits of a container, version 2 and 1 of control groups: usage and limit.
_CGROUP_MEMORY = (
    (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory.max")),
    (Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")),
)
_CGROUP_OOM = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))
_TOOL_SECONDS = 5.0


def memory() -> tuple[int, int] | None:
    """Bytes used and in all, of the machine or of the container it is: whichever is fuller."""
    whole = _memory_of_linux() if sys.platform == "linux" else _memory_of_macos()
    if whole is None:
        return None
    for usage_file, limit_file in _CGROUP_MEMORY:
        usage, limit = _number_in(usage_file), _number_in(limit_file)
        if usage is not None and limit is not None and limit < whole[1] and usage / limit > whole[0] / whole[1]:
            return usage, limit
    return whole


def disk(folder: Path) -> tuple[int, int] | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.used, usage.total


def out_of_memory_kills() -> int:
    """How often the kernel has killed for lack of memory; it grows when it does."""
    texts = [_text_of(path) for path in (*_CGROUP_OOM, Path("/proc/vmstat"))]
    return sum(int(count) for text in texts for count in re.findall(r"^oom_kill (\d+)$", text, re.MULTILINE))


class Processors:
    """Percent of all processors busy since it was last asked."""

    def __init__(self) -> None:
        self._before = _processor_times()

    def percent(self) -> float | None:
        if sys.platform != "linux":
            return _processors_of_macos()
        now, before = _processor_times(), self._before
        self._before = now
        if now is None or before is None or now[1] <= before[1]:
            return None
        return round(100 * (now[0] - before[0]) / (now[1] - before[1]), 1)


def _processor_times() -> tuple[int, int] | None:
    """Ticks busy and in all."""
    fields = _text_of(Path("/proc/stat")).partition("\n")[0].split()[1:9]
    if len(fields) < 5:
        return None
    ticks = [int(field) for field in fields]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def _memory_of_linux() -> tuple[int, int] | None:
    found = dict(re.findall(r"^(MemTotal|MemAvailable):\s+(\d+) kB$", _text_of(Path("/proc/meminfo")), re.MULTILINE))
    if len(found) < 2:
        return None
    total = int(found["MemTotal"]) * 1024
    return total - int(found["MemAvailable"]) * 1024, total


def _memory_of_macos() -> tuple[int, int] | None:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return None
    told = output_of(["vm_stat"])
    page = re.search(r"page size of (\d+) bytes", told)
    free = sum(
        int(pages) for pages in re.findall(r"^Pages (?:free|inactive|speculative):\s+(\d+)\.", told, re.MULTILINE)
    )
    return (total - free * int(page.group(1)), total) if page else None


def _processors_of_macos() -> float | None:
    shares = output_of(["ps", "-A", "-o", "%cpu="]).replace(",", ".").split()
    if not shares:
        return None
    return round(min(100.0, sum(map(float, shares)) / (os.cpu_count() or 1)), 1)


def output_of(command: list[str]) -> str:
    """What a small tool prints; nothing when it is not there, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_TOOL_SECONDS, check=True, text=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout


def _number_in(path: Path) -> int | None:
    text = _text_of(path).strip()
    return int(text) if text.isdigit() and int(text) > 0 else None


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
