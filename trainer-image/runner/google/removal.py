"""A machine's removal of itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

from runner.google.calls import Calls

#: What an hour of a machine costs at most is less than what its disk may cost when nobody is left to remove it.
_NEAR_SECONDS = 3600.0
#: Google ends a machine up to half a minute after the time that was set.
_LATE_SECONDS = 60.0


def remove_own_machine(project: str, zone: str, name: str, calls: Calls, say: Callable[[str], None], base: str) -> bool:
    """Whether the cloud has taken the wish, or the machine is not known to it any more."""
    path = "/".join(quote(part, safe="") for part in ("projects", project, "zones", zone, "instances", name))
    try:
        calls.call("DELETE", f"{base}/compute/v1/{path}")
    except FileNotFoundError:
        say("This machine is removed already.")
        return True
    except OSError as error:
        say(f"This machine could not be removed: {error}.")
        return False
    say("This machine is being removed, as it wished.")
    return True


def wait_for_own_end(ends_at_ms: float, told_to_end: Callable[[], bool], say: Callable[[str], None]) -> None:
    """
    For a machine that may not remove itself. Google forgets the end of one that is off, so its disk would stay for good
    where nobody is left to remove it: when its end is near, it stays on until Google removes it with its disk.
    """
    ends_at = ends_at_ms / 1000
    if ends_at - time.time() > _NEAR_SECONDS:
        say(
            "Its own end is far, so it is powered off; its disk stays, and costs, until Trainyard or a person removes it."
        )
        return
    say("Its own end is near, so it stays on until then: that removes its disk, too.")
    while time.time() < ends_at + _LATE_SECONDS and not told_to_end():
        time.sleep(0.2)
