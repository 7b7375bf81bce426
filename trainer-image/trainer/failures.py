"""Failures with a type from the closed list of domain/failures.ts, and the exit codes they lead to."""

from __future__ import annotations

from typing import Literal

EXIT_DONE = 0
EXIT_USER = 65
EXIT_BUG = 70
EXIT_PLATFORM = 75
EXIT_STOPPED = 143

FailureType = Literal[
    "BadSpec",
    "BadData",
    "BadLabel",
    "BadSettings",
    "ModelNotTrusted",
    "TooLittleTime",
    "OutOfMemory",
    "DiskFull",
    "EngineUnavailable",
    "TrainerBug",
]

_PLATFORM: tuple[FailureType, ...] = ("OutOfMemory", "DiskFull", "EngineUnavailable")


class TrainerFailure(Exception):
    """What a person is told: what was found and what to do. Branch on `type`, never on the message."""

    def __init__(self, type: FailureType, message: str, field: str | None = None) -> None:
        """`field`: what has to change, dotted as in a job's schema (domain/job-spec.ts): a form shows it there."""
        super().__init__(message)
        self.type: FailureType = type
        self.message = message
        self.field = field

    @classmethod
    def of_setting(cls, setting: str, message: str) -> TrainerFailure:
        return cls("BadSettings", message, f"engine.settings.{setting}")

    @property
    def exit_code(self) -> int:
        if self.type == "TrainerBug":
            return EXIT_BUG
        return EXIT_PLATFORM if self.type in _PLATFORM else EXIT_USER


class Interrupted(BaseException):
    """Raised in the middle of a fit. Not an `Exception`: no library may take it for a model that failed."""
