"""What survives the loss of the machine, disk and all: files of the scratch folder, published together.

A checkpoint is a folder `checkpoints/<number>` in the work folder. It is there whole or not at all, and told with an
event; the runner uploads it, and what the next attempt finds in its scratch folder is the newest one that arrived.
An engine calls `publish` after it has kept something that `resume` can go on from. Files are copied, since some libraries
write into theirs again; what did not change since the last checkpoint is shared with that one and costs nothing.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainer.clock import Clock
from trainer.events import Events
from trainer.files import write_text

#: Beside the files: how far it was.
TOLD = "checkpoint.json"
#: The runner may still be reading the one before the newest.
_KEPT = 2


class Checkpoints:
    def __init__(self, work: Path, scratch: Path, events: Events, clock: Clock) -> None:
        self._folder = work / "checkpoints"
        self._scratch = scratch
        self._events = events
        self._clock = clock
        self._number = max(self._numbers(), default=0)
        #: Of each file in the newest checkpoint, by what it could be told that it changed.
        self._published: dict[str, tuple[int, ...]] = {}
        #: What the checkpoint that this attempt began with says of itself, if it began with one.
        self.resumed_from: dict[str, Any] | None = read_told(scratch)

    def publish(self, label: str, names: Iterable[str]) -> None:
        """`names`: files and folders in the scratch folder; `label`: how far it is, for a person (“epoch 3”)."""
        making = self._folder / f".{self._number + 1}"
        try:
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            published: dict[str, tuple[int, ...]] = {}
            for name in self._files([*names, "board.json"]):
                published[name] = self._share(name, making / name)
            told = {"label": label, "atMs": int(time.time() * 1000), "usedSeconds": round(self._clock.used(), 3)}
            write_text(making / TOLD, json.dumps(told, ensure_ascii=False))
            making.rename(self._folder / str(self._number + 1))
        except OSError as error:
            # A training without a net is better than none.
            print(f"The checkpoint “{label}” could not be made: {error}", flush=True)
            shutil.rmtree(making, ignore_errors=True)
            return
        self._number += 1
        self._published = published
        self._events.checkpoint(label, str(self._number))
        for number in self._numbers():
            if number <= self._number - _KEPT:
                shutil.rmtree(self._folder / str(number), ignore_errors=True)

    def _files(self, names: Iterable[str]) -> list[str]:
        found: list[Path] = []
        for name in names:
            path = self._scratch / name
            found += [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
        return [path.relative_to(self._scratch).as_posix() for path in found if path.is_file()]

    def _share(self, name: str, to: Path) -> tuple[int, ...]:
        to.parent.mkdir(parents=True, exist_ok=True)
        status = (self._scratch / name).stat()
        sign = (status.st_ino, status.st_mtime_ns, status.st_size)
        before = self._folder / str(self._number) / name
        if self._published.get(name) != sign or not _linked(before, to):
            shutil.copyfile(self._scratch / name, to)
        return sign

    def _numbers(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return [int(path.name) for path in self._folder.iterdir() if path.name.isdigit()]


def read_told(folder: Path) -> dict[str, Any] | None:
    try:
        told = json.loads((folder / TOLD).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and isinstance(told.get("label"), str) else None


def take_up(work: Path, scratch: Path) -> bool:
    """Lays what the runner fetched of an earlier attempt into the scratch folder; whether there was anything."""
    fetched = work / "resume"
    if read_told(fetched) is None:
        return False
    # Moved and not copied: a large model would lie on the disk twice for as long as it is trained.
    for path in fetched.iterdir():
        shutil.move(path, scratch / path.name)
    fetched.rmdir()
    return True


def _linked(source: Path, to: Path) -> bool:
    try:
        to.hardlink_to(source)
    except OSError:
        return False
    return True
