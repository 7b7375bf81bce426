"""The runner's process: settings, lock, guard, signals, and its own end. See attempt.py for the story."""

from __future__ import annotations

import sys

if sys.version_info < (3, 10):  # noqa: UP036 (a machine's python3 may be any)
    sys.exit("The runner needs Python 3.10 or newer; this is " + sys.version.split()[0] + ".")

import contextlib
import fcntl
import os
import signal
import threading
import time
import traceback
from datetime import datetime, timezone

from runner.attempt import Attempt
from runner.guarding import Guard
from runner.house import House, open_house
from runner.processes import adopt_orphans, kill_trainer
from runner.settings import RunnerSettings, SettingsError, read_settings
from runner.trying import ToldToEnd

_EXIT_SETTINGS = 78
_EXIT_OCCUPIED = 75
_EXIT_BUG = 70
_EXIT_EXPIRED = 124
#: In the place of a signal: the machine's own end.
_EXPIRED = 0
#: After its machine should have been ended from outside, the runner waits this long before it does so itself.
_OWN_END_AFTER_SECONDS = 10.0
_LOCK_SECONDS = 60.0


def say(text: str) -> None:
    """To the machine's console, which may be a file on a full disk."""
    with contextlib.suppress(OSError, ValueError):
        print(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} runner: {text}", flush=True)


def main() -> int:
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        say(str(error))
        return _EXIT_SETTINGS
    told: list[int] = []
    try:
        house = open_house(settings, lambda: bool(told), say)
    except SettingsError as error:
        say(str(error))
        return _EXIT_SETTINGS
    lock = occupy(settings)
    if lock is None:
        say("Another runner works in this folder.")
        return _EXIT_OCCUPIED
    threading.excepthook = fail_fast
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: house.shut_down(lambda: told.append(number)))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    adopt_orphans()
    guard = Guard(settings.machine, lock)
    threading.Thread(target=end_in_time, args=(settings, house, guard, told), name="end", daemon=True).start()
    try:
        Attempt(settings, os.environ, house, guard, say, told_to_end=lambda: bool(told)).run()
    except ToldToEnd:
        say("This machine is told to end: all that runs on it is ended.")
        end_all(settings, guard)
        if told[0] == _EXPIRED:
            os._exit(_EXIT_EXPIRED)
        die_of(told[0])
    end_all(settings, guard)
    house.remove_machine()
    guard.dismiss()
    return 0


def fail_fast(broken: threading.ExceptHookArgs) -> None:
    """A runner that lost one of its threads would lose lines without a word: better a lost machine, which is tried again."""
    say("".join(traceback.format_exception(broken.exc_type, broken.exc_value, broken.exc_traceback)))
    os._exit(_EXIT_BUG)


def occupy(settings: RunnerSettings) -> int | None:
    """The lock on the work folder; an earlier runner's guard holds it until it has cleared up."""
    settings.work.mkdir(parents=True, exist_ok=True)
    lock = os.open(settings.work / "runner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            if time.monotonic() > until:
                return None
        time.sleep(0.05)


def end_all(settings: RunnerSettings, guard: Guard) -> None:
    kill_trainer(settings.machine, root=os.getpid(), keep=(guard.pid,))


def end_in_time(settings: RunnerSettings, house: House, guard: Guard, told: list[int]) -> None:
    """The machine's end is fixed and enforced from outside. Should nobody be there to do so, no trainer runs on."""
    end_at = settings.ends_at_ms / 1000 + _OWN_END_AFTER_SECONDS
    while time.time() < end_at:  # by the wall, and often: timers do not count a laptop's sleep
        time.sleep(min(1.0, max(0.05, end_at - time.time())))
    say("The end of this machine is past: all that runs on it is ended.")
    told.append(_EXPIRED)  # first: the end of a trainer that is killed here must not be told as the attempt's
    end_all(settings, guard)
    house.remove_machine()
    os._exit(_EXIT_EXPIRED)


def die_of(number: int) -> None:
    """By the signal itself, so that whoever looks at the exit sees a machine that was ended, not one that finished."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    sys.exit(main())
