"""
Builds the Python environment of one engine, where it stays, from its lock file. Standard library only.

    build_environment.py '{"place": …, "lock": …, "cacheFolder": …, "title": …, "megabytes": …}'

Says how far it is as JSON lines. A lock on the place, which uv holds too, lets one builder work at a time: the next waits, and
finds it ready, or what a killed one left, which is cleared away first. It ends when its standard input is closed, that is when
whoever asked for it is gone: nobody is left to tell, and what was downloaded is kept for the next time.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import bring_uv
from bring_uv import Unavailable

SAY_AGAIN_SECONDS = 2.0
UNITS = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}


class Progress:
    """What uv says of its downloads, as one sentence, again every few seconds so that silence means trouble."""

    def __init__(self, title: str, megabytes: float | None) -> None:
        self._start = f"Preparing {title}"
        self._about = megabytes
        self._sizes: dict[str, float] = {}
        self._done = 0.0
        self._installing = False
        self.errors: list[str] = []
        self._speaking = threading.Lock()
        self._said = ""

    def sentence(self) -> str:
        if self._installing:
            return f"{self._start}: installing"
        if not self._sizes:
            return self._start
        if self._about is None or self._done > self._about:
            return f"{self._start}: {self._done:,.0f} MB so far"
        return f"{self._start}: {self._done:,.0f} of about {self._about:,.0f} MB"

    def heard(self, line: str) -> None:
        downloading = re.match(r"\s*Downloading (\S+) \(([\d.]+)(KiB|MiB|GiB)\)", line)
        downloaded = re.match(r"\s*Downloaded (\S+)", line)
        if downloading:
            self._sizes[downloading[1]] = float(downloading[2]) * UNITS[downloading[3]]
        elif downloaded:
            self._done += self._sizes.get(downloaded[1], 0.0)
        elif line.startswith("Prepared "):
            self._installing = True
        elif not re.match(r"\s*(Using |Resolved |Installed |Building |Built |\+ |$)", line):
            self.errors.append(line.strip())
        if self.sentence() != self._said:
            self.say()

    def say(self, sentence: str | None = None) -> None:
        with self._speaking:
            self._said = sentence or self.sentence()
            print(json.dumps({"sentence": self._said}), flush=True)

    def say_again_until(self, over: threading.Event) -> None:
        while not over.wait(SAY_AGAIN_SECONDS):
            self.say()


def end_with_parent() -> None:
    """uv is a child of this process, in its group; so is everything that uv starts."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def locked(place: Path, progress: Progress, title: str) -> int:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(f"{place}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    said = 0.0
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() - said > SAY_AGAIN_SECONDS:
                progress.say(f"Waiting for another process that prepares {title}")
                said = time.monotonic()
            time.sleep(0.1)


def uv_environment(cache_folder: str) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment.setdefault("UV_CACHE_DIR", str(Path(cache_folder) / "uv-cache"))
    # Whoever has told pip where packages come from need not tell it again.
    told_to_pip = {"UV_DEFAULT_INDEX": "PIP_INDEX_URL", "UV_INDEX": "PIP_EXTRA_INDEX_URL", "SSL_CERT_FILE": "PIP_CERT"}
    for ours, theirs in told_to_pip.items():
        if theirs in environment:
            environment.setdefault(ours, environment[theirs])
    if ssl.get_default_verify_paths().cafile:
        # Behind a company's proxy only the system knows whom to trust; uv asks its own list unless told.
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    return environment | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def run_uv(uv: str, arguments: list[str], order: dict[str, Any], lock: int, progress: Progress) -> None:
    running = subprocess.Popen(
        [uv, *arguments],
        env=uv_environment(order["cacheFolder"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=(lock,),  # Should this process be killed alone, the lock stays until uv has ended too.
    )
    assert running.stderr
    progress.errors.clear()
    for line in running.stderr:
        progress.heard(line.rstrip("\n"))
    if running.wait() != 0:
        raise Unavailable(" ".join(progress.errors[:6]) or f"uv ended with {running.returncode}.")


def build(order: dict[str, Any]) -> None:
    place = Path(order["place"])
    progress = Progress(order["title"], order["megabytes"])
    lock = locked(place, progress, order["title"])
    if (place / ".ready").exists() and (place / "bin" / "python").exists():
        return
    progress.say()
    over = threading.Event()
    threading.Thread(target=progress.say_again_until, args=(over,), daemon=True).start()
    try:
        if place.exists():
            shutil.rmtree(place)
        uv = bring_uv.bring(Path(order["cacheFolder"]))
        run_uv(uv, ["venv", "--python", sys.executable, str(place)], order, lock, progress)
        python = str(place / "bin" / "python")
        install = ["pip", "install", "--python", python, "--require-hashes", "--strict", "-r", order["lock"]]
        run_uv(uv, install, order, lock, progress)
        making = place / ".ready.making"
        making.write_text(json.dumps({"madeAt": int(time.time()), "python": sys.version.split()[0]}))
        with making.open("rb") as file:
            os.fsync(file.fileno())
        making.rename(place / ".ready")
    finally:
        over.set()


def main() -> int:
    os.setpgid(0, 0)
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        build(json.loads(sys.argv[1]))
    except Unavailable as error:
        problem, hint = str(error), error.hint
    except OSError as error:
        problem, hint = str(error), None
    else:
        return 0
    disk_full = "No space left" in problem or "os error 28" in problem
    if disk_full:
        hint = "Free some space, or move the cache with TRAINYARD_CACHE_FOLDER."
    print(json.dumps({"problem": problem, "hint": hint, "diskFull": disk_full}), flush=True)
    return 1


if __name__ == "__main__":
    # Not by `sys.exit`: the thread that waits for the end of the input would be waited for.
    code = main()
    sys.stdout.flush()
    os._exit(code)
