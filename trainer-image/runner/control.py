"""What Trainyard wishes while a trainer runs: to stop and keep the best, or to go on for longer."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from runner.bucket import Bucket, Version
from runner.journal import Journal

_LOOK_EVERY_SECONDS = 1.0
_FIRST_LOOK_SECONDS = 10.0


class Control:
    def __init__(self, bucket: Bucket, journal: Journal, attempt: int, deadline_at_ms: int) -> None:
        self._bucket = bucket
        self._journal = journal
        self._name = f"control/attempt-{attempt}.json"
        self._seen: Version | None = None
        self._far = FarLook(bucket, self._name) if bucket.is_far else None
        self.stop_asked = False
        self.deadline_at_ms = deadline_at_ms

    def look(self) -> bool:
        """Whether anything has changed. Cheap when nothing has: it is called many times a minute."""
        text = self._far.take() if self._far else self._look_near()
        if text is None:
            return False
        try:
            wishes: Any = json.loads(text)
        except ValueError:
            wishes = None
        if not isinstance(wishes, dict):
            self._journal.remark(f"{self._name} is not understood and left aside.")
            return False
        return self._take(wishes)

    def _look_near(self) -> str | None:
        try:
            found = self._bucket.read_if_changed(self._name, self._seen)
        except OSError:
            return None  # the next look may succeed
        if found is None:
            return None
        self._seen, text = found
        return text

    def _take(self, wishes: dict[str, Any]) -> bool:
        before = (self.stop_asked, self.deadline_at_ms)
        self.stop_asked = self.stop_asked or wishes.get("stop") is True
        deadline = wishes.get("deadlineAtMs")
        if isinstance(deadline, int | float) and not isinstance(deadline, bool):
            # Only ever later: what was promised at the start is kept.
            self.deadline_at_ms = int(max(self.deadline_at_ms, min(deadline, 2**53)))
        return before != (self.stop_asked, self.deadline_at_ms)


class FarLook:
    """Looks over the network, once a second and in a thread: whoever watches the trainer must never wait for an answer."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._found: str | None = None
        self._looked = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> str | None:
        """What was found since this was last asked. The first time it waits for the first answer, but not for long."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_for_ever, name="control", daemon=True)
            self._thread.start()
            self._looked.wait(_FIRST_LOOK_SECONDS)
        found, self._found = self._found, None
        return found

    def _look_for_ever(self) -> None:
        seen: Version | None = None
        while True:
            try:
                found = self._bucket.read_if_changed(self._name, seen)
            except OSError:
                found = None  # the next look may succeed
            else:
                self._looked.set()
            if found is not None:
                seen, self._found = found
            time.sleep(_LOOK_EVERY_SECONDS)
