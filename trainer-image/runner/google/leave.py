"""
What a machine does whose runner has given up. It asks Google what it is, since it may have been told nonsense:

    python3 -S -m runner.google.leave
"""

from __future__ import annotations

import json
import os
import sys
import time

from runner.google.calls import Calls
from runner.google.metadata import MachineTokens, MetadataServer
from runner.google.removal import remove_own_machine, wait_for_own_end
from runner.google.told import ATTRIBUTE

_PATIENCE_SECONDS = 120.0


def told(server: MetadataServer) -> dict[str, str]:
    """What of it can be read."""
    try:
        found = json.loads(server.read(ATTRIBUTE))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} leave: {text}", flush=True)


def main() -> int:
    server = MetadataServer.of(os.environ)
    environment = told(server)
    base = environment.get("TRAINYARD_ENDPOINT") or "https://compute.googleapis.com"
    try:
        project = server.read("project/project-id")
        zone = server.read("instance/zone").rpartition("/")[2]
        name = server.read("instance/name")
    except OSError as error:
        say(f"This machine cannot be told what it is: {error}.")
        return 1
    calls = Calls(MachineTokens(server), lambda: False, _PATIENCE_SECONDS)
    if remove_own_machine(project, zone, name, calls, say, base):
        return 0
    try:
        ends_at_ms = float(environment["TRAINYARD_ENDS_AT_MS"])
    except (KeyError, ValueError):
        ends_at_ms = float("inf")
    wait_for_own_end(ends_at_ms, lambda: False, say)
    return 1


if __name__ == "__main__":
    sys.exit(main())
