"""A machine on Compute Engine: its bucket, its topic, notices of its end, and its own removal."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from runner.google.calls import Calls
from runner.google.metadata import MachineTokens, MetadataServer
from runner.google.notices import Notices
from runner.google.publisher import Publisher
from runner.google.removal import remove_own_machine, wait_for_own_end
from runner.google.storage import GoogleBucket
from runner.settings import GooglePlace, RunnerSettings

#: An hour of results is worth an hour of waiting for the network; the machine's own end stands above it.
_PATIENCE_SECONDS = 3600.0
#: Events that cannot be sent for this long are left to the copy of the spool in the bucket.
_QUIET_SECONDS = 60.0
_REMOVAL_PATIENCE_SECONDS = 120.0


class GoogleHouse:
    patience_seconds = _PATIENCE_SECONDS

    def __init__(
        self,
        settings: RunnerSettings,
        place: GooglePlace,
        told_to_end: Callable[[], bool],
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._place = place
        self._told_to_end = told_to_end
        self._say = say
        self._server = MetadataServer.of(os.environ)
        self._tokens = MachineTokens(self._server)
        self._calls = Calls(self._tokens, told_to_end)
        self._notices = Notices(self._server)
        self._publisher: Publisher | None = None
        self.bucket = GoogleBucket(place.bucket, self._calls, place.endpoint or "https://storage.googleapis.com")

    @property
    def notice(self) -> str | None:
        return self._notices.text

    def send_events(self, spool: Path) -> None:
        project, topic = (quote(part, safe="") for part in (self._place.topic_project, self._place.topic))
        base = self._place.endpoint or "https://pubsub.googleapis.com"
        url = f"{base}/v1/projects/{project}/topics/{topic}"
        self._publisher = Publisher(spool, self._settings.attempt, url, self._calls, self._say)

    def settle_events(self, last_seq: int) -> None:
        publisher = self._publisher
        if publisher is None or publisher.settle(last_seq, _QUIET_SECONDS):
            return
        self._say(
            f"The events from {publisher.published_seq + 1} to {last_seq} could not be sent; "
            "the copy of the spool in the bucket has them."
        )

    def shut_down(self, tell_to_end: Callable[[], None]) -> None:
        # Asked in a thread: this is called in the middle of anything, by a signal.
        def ask() -> None:
            if not self._notices.ask_now():
                tell_to_end()

        threading.Thread(target=ask, name="shut-down", daemon=True).start()

    def remove_machine(self) -> None:
        place = self._place
        # With a patience of its own: this is also done when all else is told to end.
        calls = Calls(self._tokens, lambda: False, _REMOVAL_PATIENCE_SECONDS)
        base = place.endpoint or "https://compute.googleapis.com"
        if not remove_own_machine(place.project, place.zone, self._settings.machine, calls, self._say, base):
            wait_for_own_end(self._settings.ends_at_ms, self._told_to_end, self._say)
