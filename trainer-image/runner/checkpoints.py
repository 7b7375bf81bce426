"""Takes a trainer's checkpoints to the bucket while it works, and brings the newest one back to a new machine.

Files go by their content (`checkpoints/files/<sha256>`), so what did not change is not sent again; `checkpoints/latest.json`
is replaced last and names what belongs together. An event tells of a checkpoint only once that has happened.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from functools import partial
from pathlib import Path
from typing import Any

from runner.bucket import Bucket
from runner.digest import digest_of
from runner.journal import Journal
from runner.spool import Event
from runner.trying import HandingFailed, Trying

LATEST = "checkpoints/latest.json"
_FILES = "checkpoints/files"


class Checkpoints:
    def __init__(self, bucket: Bucket, journal: Journal, work: Path, attempt: int, trying: Trying) -> None:
        self._bucket = bucket
        self._journal = journal
        self._work = work
        self._attempt = attempt
        self._trying = trying
        self._waiting: Event | None = None
        self._changed = threading.Condition()
        self._busy = False
        self._sent: set[str] = set()
        #: Of files that were read already, by what changes when they do: large models stay the same from one to the next.
        self._known: dict[tuple[int, int, int], str] = {}
        self._thread: threading.Thread | None = None

    def fetch(self) -> str | None:
        """Brings the newest checkpoint into `resume/`; how far it was, or None where there is none that is whole."""
        resume = self._work / "resume"
        shutil.rmtree(resume, ignore_errors=True)
        told = self._latest()
        if told is None:
            return None
        try:
            for name, digest in told["files"].items():
                path = resume / name
                # A network that is away for a while must not cost all that was done before.
                get = partial(self._bucket.get, f"{_FILES}/{digest}", path)
                self._trying(f"{name} of the checkpoint cannot be fetched", get)
                if digest_of(path) != digest:
                    raise OSError(f"{name} is not what was uploaded")
            self._sent.update(told["files"].values())
        except (OSError, HandingFailed) as error:
            shutil.rmtree(resume, ignore_errors=True)
            self._journal.remark(f"The checkpoint “{told['label']}” cannot be used: {error}. The training begins anew.")
            return None
        return f"“{told['label']}” of attempt {told['attempt']}"

    def take(self, event: Event) -> None:
        """A trainer told of a checkpoint; an older one that waits is given up for it."""
        with self._changed:
            self._waiting = event
            if self._thread is None:
                self._thread = threading.Thread(target=self._send_for_ever, name="checkpoints", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Waits until what was told is uploaded; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting is None and not self._busy, seconds)

    def _send_for_ever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None)
                event, self._waiting, self._busy = self._waiting, None, True
            assert event is not None
            try:
                self._send(event)
            except (FileNotFoundError, shutil.Error):
                pass  # the trainer has made two more since, and removed it while it was taken
            except OSError as error:
                self._journal.remark(f"The checkpoint “{event['label']}” could not be uploaded: {error}.")
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _send(self, event: Event) -> None:
        if not str(event["object"]).isdigit():
            return
        # The trainer removes what is two behind: this one stays for as long as it takes to send.
        folder = self._work / "sending"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._work / "checkpoints" / str(event["object"]), folder, copy_function=_link)
        files: dict[str, str] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            digest = self._digest_of(path)
            if digest not in self._sent:
                self._bucket.put(f"{_FILES}/{digest}", path)
                self._sent.add(digest)
            files[path.relative_to(folder).as_posix()] = digest
        latest = {"attempt": self._attempt, "label": event["label"], "files": files}
        self._bucket.put_bytes(LATEST, json.dumps(latest, ensure_ascii=False).encode())
        self._journal.event({"type": "checkpoint", "label": event["label"], "object": LATEST})
        try:
            self._forget(set(files.values()))
        except OSError as error:
            self._journal.remark(f"What earlier checkpoints needed alone stays in the bucket: {error}.")

    def _digest_of(self, path: Path) -> str:
        status = path.stat()
        key = (status.st_ino, status.st_mtime_ns, status.st_size)
        if key not in self._known:
            self._known[key] = digest_of(path)
        return self._known[key]

    def _forget(self, needed: set[str]) -> None:
        for digest in self._sent - needed:
            self._bucket.remove(f"{_FILES}/{digest}")
            self._sent.discard(digest)

    def _latest(self) -> dict[str, Any] | None:
        try:
            read = partial(self._bucket.read_if_changed, LATEST, None)
            found = self._trying("The last checkpoint cannot be read", read)
            told = json.loads(found[1]) if found else None
        except (HandingFailed, ValueError) as error:
            self._journal.remark(f"The last checkpoint cannot be read: {error}. The training begins anew.")
            return None
        if not isinstance(told, dict) or not isinstance(told.get("files"), dict):
            return None
        safe = all(_is_within(name) and _is_digest(digest) for name, digest in told["files"].items())
        return told if safe and isinstance(told.get("label"), str) else None


def _link(source: str, to: str) -> None:
    try:
        os.link(source, to)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, to)


def _is_within(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts


def _is_digest(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and all(c in "0123456789abcdef" for c in text)
