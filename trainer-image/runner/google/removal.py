"""A machine's removal of itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from runner.google.calls import Calls


def remove_own_machine(project: str, zone: str, name: str, calls: Calls, say: Callable[[str], None], base: str) -> bool:
    """Whether the cloud has taken the wish, or the machine is not known to it any more."""
    path = "/".join(quote(part, safe="") for part in ("projects", project, "zones", zone, "instances", name))
    try:
        calls.call("DELETE", f"{base}/compute/v1/{path}")
    except FileNotFoundError:
        say("This machine is removed already.")
        return True
    except OSError as error:
        say(
            f"This machine could not be removed: {error}. It is powered off instead; its disk stays until it is removed."
        )
        return False
    say("This machine is being removed, as it wished.")
    return True
