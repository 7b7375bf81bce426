"""What differs between the places where a machine can live: everything else of the runner is the same in all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from runner.bucket import Bucket, FolderBucket
from runner.settings import RunnerSettings, SettingsError, folder_of

Say = Callable[[str], None]


class House(Protocol):
    @property
    def bucket(self) -> Bucket: ...

    @property
    def patience_seconds(self) -> float | None:
        """How long a hand-in is tried again; None for as long as is usual."""
        ...

    @property
    def notice(self) -> str | None:
        """Why the place will take this machine away in a moment; None as long as it has not said so."""
        ...

    def send_events(self, spool: Path) -> None:
        """From now on, what comes into the spool is sent to whoever listens."""
        ...

    def settle_events(self, last_seq: int) -> None:
        """Waits until what is in the spool is sent, or cannot be."""
        ...

    def shut_down(self, tell_to_end: Callable[[], None]) -> None:
        """The machine is shut down: tells to end, unless the place itself takes it away and a notice was given."""
        ...

    def remove_machine(self) -> None:
        """All is done here: this machine goes, whether or not anybody is there to remove it."""
        ...


def open_house(settings: RunnerSettings, told_to_end: Callable[[], bool], say: Say) -> House:
    if settings.google is not None:
        from runner.google.house import GoogleHouse

        return GoogleHouse(settings, settings.google, told_to_end, say)
    return LocalHouse(settings)


class LocalHouse:
    """A child process of a worker: it reads the spool itself, and removes the machine itself."""

    patience_seconds = None
    notice = None

    def __init__(self, settings: RunnerSettings) -> None:
        if urlsplit(settings.bucket).scheme != "file":
            raise SettingsError(f"TRAINYARD_BUCKET is {settings.bucket!r}; here it is file:///folder.")
        self.bucket: Bucket = FolderBucket(folder_of(settings.bucket))

    def send_events(self, spool: Path) -> None: ...

    def settle_events(self, last_seq: int) -> None: ...

    def shut_down(self, tell_to_end: Callable[[], None]) -> None:
        tell_to_end()

    def remove_machine(self) -> None: ...
