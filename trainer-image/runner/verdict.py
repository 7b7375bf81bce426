"""Decides how an attempt ended: from the exit code, from what was asked, and from what the trainer said itself."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from runner.spool import Event

Asked = Literal["stop_asked", "time_up", "preempted"]
Why = Literal["completed", "stop_asked", "time_up"]

EXIT_DONE, EXIT_USER, EXIT_BUG, EXIT_PLATFORM, EXIT_STOPPED = 0, 65, 70, 75, 143

_WITH_RESULT: dict[str, str] = {
    "completed": "It ran to its end.",
    "stop_asked": "Stopped when asked; the best so far was kept.",
    "time_up": "The time limit was reached; the best so far was kept.",
}
_WITHOUT_RESULT: dict[str, str] = {
    "stop_asked": "Stopped when asked, before there was anything to keep.",
    "time_up": "The time limit was reached before a first model was ready.",
}
_LONGEST_MESSAGE = 4_000
TAKEN_AWAY = "MachinePreempted"


@dataclass(frozen=True)
class TrainerEnd:
    #: Negative: the signal that ended it.
    exit_code: int
    #: What the runner asked of it, and whether it had to be killed for not answering.
    asked: Asked | None
    #: Of a machine that is taken away: by whom, as a sentence.
    notice: str | None
    killed: bool
    has_result: bool
    #: What the trainer itself said of its end, if anything.
    failed: Event | None
    finished: Event | None
    #: Why it ended by the account of its own report.
    reported_why: str | None
    last_errors: list[str]
    memory_was_full: bool
    out_of_memory_kills: int


def judge(end: TrainerEnd) -> Event:
    """The last event of the attempt."""
    if end.asked == "preempted":
        return _preempted(end)
    ended_as_asked = end.asked is not None and (
        end.killed or end.exit_code in (EXIT_DONE, EXIT_STOPPED, -signal.SIGTERM) or _had_too_little_time(end)
    )
    if ended_as_asked and end.asked:
        return _finished(end, end.asked)
    if end.failed is not None:
        return _failed(end, end.failed["failure"]["type"], end.failed["failure"]["message"])
    if end.exit_code == EXIT_DONE and end.has_result:
        return _finished(end, _own_why(end))
    if end.exit_code == EXIT_STOPPED and end.has_result:
        # Somebody on the machine asked it to stop, and it kept the best so far.
        return _finished(end, "stop_asked")
    return _made_up(end)


def _had_too_little_time(end: TrainerEnd) -> bool:
    return end.failed is not None and end.failed["failure"]["type"] == "TooLittleTime"


def _preempted(end: TrainerEnd) -> Event:
    """The attempt ends and not the job: what was broken off goes on elsewhere, from the last checkpoint."""
    if end.exit_code == EXIT_DONE and end.has_result and _own_why(end) == "completed":
        return _finished(end, "completed")  # it was just through
    if end.exit_code == EXIT_USER and end.failed is not None and not _had_too_little_time(end):
        return _failed(end, end.failed["failure"]["type"], end.failed["failure"]["message"])
    return taken_away(end.notice or "The cloud takes this machine away.")


def taken_away(notice: str) -> Event:
    return failed(TAKEN_AWAY, notice)


def _own_why(end: TrainerEnd) -> Why:
    said = (end.finished or {}).get("why") or end.reported_why
    return "stop_asked" if said == "stop_asked" else "time_up" if said == "time_up" else "completed"


def _finished(end: TrainerEnd, why: Why) -> Event:
    said = (end.finished or {}).get("sentence")
    if end.failed is not None and not end.has_result:
        said = end.failed["failure"]["message"]
    sentence = said or (_WITH_RESULT if end.has_result else _WITHOUT_RESULT)[why]
    return {"type": "finished", "why": why, "hasResult": end.has_result, "sentence": sentence}


def _made_up(end: TrainerEnd) -> Event:
    """Nobody said why, so the exit code must."""
    code = end.exit_code
    by_memory = end.out_of_memory_kills > 0 and code not in (EXIT_DONE, EXIT_USER, EXIT_PLATFORM, EXIT_STOPPED)
    if by_memory or (code == -signal.SIGKILL and end.memory_was_full):
        return _failed(
            end,
            "OutOfMemory",
            "The machine ran out of memory, and the system ended the training. Choose a machine with more, or less data.",
        )
    if code == EXIT_USER:
        return _failed(
            end, "BadData", _last_words(end) or "The trainer refused the data or the settings without a word."
        )
    if code == EXIT_PLATFORM:
        return _failed(end, "EngineUnavailable", _with_last_words(end, "The trainer could not work on this machine."))
    if code == EXIT_DONE:
        return _failed(end, "TrainerBug", _with_last_words(end, "The trainer ended without leaving a result."))
    if code == -signal.SIGKILL:
        # No program kills itself so: somebody on the machine did, and on another one it may well go through.
        return _failed(end, "MachineLost", "Something on the machine killed the trainer (SIGKILL).")
    return _failed(end, "TrainerBug", _with_last_words(end, f"The trainer ended by {how(code)}."))


def how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def failed(type: str, message: str, exit_code: int | None = None) -> Event:
    failure = {"type": type, "message": message[-_LONGEST_MESSAGE:]}
    return {"type": "failed", "failure": failure, "exitCode": exit_code}


def _failed(end: TrainerEnd, type: str, message: str) -> Event:
    # A shell's way of telling signals, because the other side has room for one number.
    return failed(type, message, end.exit_code if end.exit_code >= 0 else 128 - end.exit_code)


def _with_last_words(end: TrainerEnd, sentence: str) -> str:
    words = _last_words(end)
    return f"{sentence} Its last words:\n{words}" if words else f"{sentence} It printed no error."


def _last_words(end: TrainerEnd) -> str:
    return "\n".join(line[:500] for line in end.last_errors[-8:] if line.strip())
