"""Finds uv, which builds the environments of engines, or brings it into the cache. Standard library only."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

UV_VERSION = "0.13.8"


class Unavailable(Exception):
    """What is missing, in a sentence; `hint` says what to do."""

    def __init__(self, sentence: str, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.hint = hint


def bring(cache: Path) -> str:
    known = shutil.which("uv")
    # A script that only looks for uv may find none.
    if known and subprocess.run([known, "--version"], capture_output=True, check=False).returncode == 0:
        return known
    place = cache / f"uv-{UV_VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"uv-{UV_VERSION}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / ".ready").exists():
            shutil.rmtree(place, ignore_errors=True)
            _install(place)
            (place / ".ready").touch()
    return str(place / "bin" / "uv")


def _install(place: Path) -> None:
    """By the pip there is; else in an environment, to which Python brings its own (Debian packs the two apart)."""
    if _has("pip"):
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(place), f"uv=={UV_VERSION}"])
    elif _has("ensurepip") and _has("venv"):
        _run([sys.executable, "-m", "venv", str(place)])
        _run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"])
    else:
        raise Unavailable(
            f"the Python at {sys.executable} comes without venv and without pip, so uv cannot be installed.",
            "On Debian and Ubuntu: sudo apt install python3-venv. Or install uv (https://docs.astral.sh/uv).",
        )


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, check=False
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unavailable(
            f"uv could not be installed: {said[-1] if said else 'the command failed'}",
            "Check the network and the package index (PIP_INDEX_URL), or install uv yourself.",
        )
