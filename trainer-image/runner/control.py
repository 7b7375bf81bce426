"""What Trainyard wishes while a trainer runs: to stop and keep the best, or to go on for longer."""

from __future__ import annotations

import json
from typing import Any

from runner.bucket import Bucket, Version
from runner.journal import Journal


class Control:
    def __init__(self, bucket: Bucket, journal: Journal, attempt: int, deadline_at_ms: int) -> None:
        self._bucket = bucket
        self._journal = journal
        self._name = f"control/attempt-{attempt}.json"
        self._seen: Version | None = None
        self.stop_asked = False
        self.deadline_at_ms = deadline_at_ms

    def look(self) -> bool:
        """Whether anything has changed. Cheap when nothing has: it is called many times a minute."""
        try:
            found = self._bucket.read_if_changed(self._name, self._seen)
        except OSError:
            return False  # the next look may succeed
        if found is None:
            return False
        self._seen, text = found
        try:
            wishes: Any = json.loads(text)
        except ValueError:
            wishes = None
        if not isinstance(wishes, dict):
            self._journal.remark(f"{self._name} is not understood and left aside.")
            return False
        return self._take(wishes)

    def _take(self, wishes: dict[str, Any]) -> bool:
        before = (self.stop_asked, self.deadline_at_ms)
        self.stop_asked = self.stop_asked or wishes.get("stop") is True
        deadline = wishes.get("deadlineAtMs")
        if isinstance(deadline, int | float) and not isinstance(deadline, bool):
            # Only ever later: what was promised at the start is kept.
            self.deadline_at_ms = int(max(self.deadline_at_ms, min(deadline, 2**53)))
        return before != (self.stop_asked, self.deadline_at_ms)
