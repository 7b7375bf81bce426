"""The bucket of a job: where inputs come from, where results go, and where Trainyard leaves its wishes."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import Protocol

#: Files on their way, in the words of infra/atomic-file.ts: no listing shows them.
MAKING_PREFIX = ".making-"

Version = tuple[int, ...]


class Bucket(Protocol):
    @property
    def is_far(self) -> bool:
        """Whether a look at it takes its time, and may take long."""
        ...

    def list(self, prefix: str) -> list[str]: ...

    def get(self, name: str, to: Path) -> None: ...

    def put(self, name: str, source: Path) -> None:
        """`source` must not be written to any more."""
        ...

    def put_bytes(self, name: str, data: bytes) -> None: ...

    def remove(self, name: str) -> None:
        """What is not there counts as removed."""
        ...

    def read_if_changed(self, name: str, seen: Version | None) -> tuple[Version, str] | None:
        """The text and its version when it is there and is not the version seen before."""
        ...


class FolderBucket:
    is_far = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, prefix: str) -> list[str]:
        names = [
            path.relative_to(self._root).as_posix()
            for path in self._root.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(self._root).parts)
        ]
        return sorted(name for name in names if name.startswith(prefix))

    def get(self, name: str, to: Path) -> None:
        """A copy, never a link: what the trainer does to its input must not reach the next attempt."""
        to.parent.mkdir(parents=True, exist_ok=True)
        beside = to.with_name(f"{MAKING_PREFIX}{uuid.uuid4()}")
        try:
            shutil.copyfile(self._root / name, beside)
            beside.replace(to)
        finally:
            beside.unlink(missing_ok=True)

    def put(self, name: str, source: Path) -> None:
        beside = self._beside(name)
        try:
            try:
                # A second name for the same bytes: a model of gigabytes costs neither time nor disk.
                beside.hardlink_to(source)
            except OSError:
                shutil.copyfile(source, beside)
            self._settle(beside, name)
        finally:
            beside.unlink(missing_ok=True)

    def put_bytes(self, name: str, data: bytes) -> None:
        beside = self._beside(name)
        try:
            beside.write_bytes(data)
            self._settle(beside, name)
        finally:
            beside.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        (self._root / name).unlink(missing_ok=True)

    def read_if_changed(self, name: str, seen: Version | None) -> tuple[Version, str] | None:
        path = self._root / name
        try:
            status = path.stat()
            version = (status.st_mtime_ns, status.st_ino, status.st_size)
            return None if version == seen else (version, path.read_text("utf-8", "replace"))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _beside(self, name: str) -> Path:
        """Folders are made one by one and never the bucket itself: a late write must not bring back what was removed."""
        folder = self._root
        for part in name.split("/")[:-1]:
            folder = folder / part
            folder.mkdir(exist_ok=True)
        return folder / f"{MAKING_PREFIX}{uuid.uuid4()}"

    def _settle(self, beside: Path, name: str) -> None:
        _flush(beside)
        path = self._root / name
        beside.replace(path)
        _flush(path.parent)


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
