"""Failures with a type from the closed list of domain/failures.ts, and the exit codes they lead to."""

from __future__ import annotations

import errno
from typing import Literal

EXIT_DONE = 0
EXIT_USER = 65
EXIT_BUG = 70
EXIT_PLATFORM = 75
EXIT_STOPPED = 143
#: Between the two processes of a training (supervisor.py): the fit raised, and something finished is there to hand in.
EXIT_BROKEN_OFF = 99

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


class BrokenOff(Exception):
    """A fit that raised, though models of it are finished and kept: they are handed in by a process that begins anew."""


def failure_of(error: Exception) -> TrainerFailure:
    """What a person is told of an exception that nobody meant for one."""
    if isinstance(error, TrainerFailure):
        return error
    if isinstance(error, MemoryError) or type(error).__name__ in _TOO_LITTLE_MEMORY:
        return TrainerFailure("OutOfMemory", "The memory was not enough. Choose a machine with more, or less data.")
    if isinstance(error, ImportError):
        return TrainerFailure("EngineUnavailable", f"The engine's environment is not whole: {error}.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TrainerFailure("DiskFull", "The disk is full. Choose a machine with a larger one.")
    return TrainerFailure("TrainerBug", f"The trainer failed, which is a bug: {type(error).__name__}: {error}")


#: What torch and DuckDB raise; neither is a MemoryError, and neither library is imported here.
_TOO_LITTLE_MEMORY = ("OutOfMemoryError", "OutOfMemoryException")
