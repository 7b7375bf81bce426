"""Hears from the metadata server that this machine will be taken away."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from runner.google.metadata import MetadataServer

_PREEMPTED = "instance/preempted"
_MAINTENANCE = "instance/maintenance-event"
_ENDS_BY_MAINTENANCE = "TERMINATE_ON_HOST_MAINTENANCE"
_PAUSE_SECONDS = 2.0
#: How long is asked at a SIGTERM whether it is Google that shuts the machine down.
_ASK_SECONDS = 1.0


class Notices:
    """`text` is None until Google says that the machine goes, and why afterwards."""

    def __init__(self, server: MetadataServer) -> None:
        self._server = server
        self._text: str | None = None
        for path, look in ((_PREEMPTED, self._look_preempted), (_MAINTENANCE, self._look_maintenance)):
            threading.Thread(target=self._watch, args=(path, look), name=path, daemon=True).start()

    @property
    def text(self) -> str | None:
        return self._text

    def ask_now(self) -> bool:
        """Whether the machine is being preempted, asked while it is shut down."""
        with contextlib.suppress(OSError):
            self._look_preempted(self._server.read(_PREEMPTED, _ASK_SECONDS))
        return self._text is not None

    def _watch(self, path: str, look: Callable[[str], None]) -> None:
        tag = ""
        while self._text is None:
            asked_at = time.monotonic()
            try:
                value, tag = self._server.wait_for_change(path, tag)
                look(value)
            except OSError:
                tag = ""
            if time.monotonic() - asked_at < _PAUSE_SECONDS:
                time.sleep(_PAUSE_SECONDS / 4)  # a server that does not wait must not be asked without end

    def _look_preempted(self, value: str) -> None:
        if value.strip().upper() == "TRUE":
            self._text = self._text or "Google takes this machine back (preemption)."

    def _look_maintenance(self, value: str) -> None:
        # A preemption is told of here, too: it is asked which of them this is.
        if value.strip() == _ENDS_BY_MAINTENANCE and not self.ask_now():
            self._text = self._text or "Google ends this machine for maintenance of its host."
