"""
What this instance is told by its metadata, as lines for a shell to evaluate. Run by entry.sh at boot:

    python3 -S -m runner.google.told <seconds to wait for the metadata server>
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time

from runner.google.calls import Passing
from runner.google.metadata import MetadataServer

ATTRIBUTE = "instance/attributes/trainyard-environment"
_PAUSE_SECONDS = 1.0
_SAY_EVERY_SECONDS = 10.0
#: Whoever may write an instance's metadata must not decide by it what is run here: no PATH, no LD_PRELOAD.
_NAME = re.compile(r"TRAINYARD_[A-Z0-9_]+")


class NotTold(Exception):
    """What is missing, as a sentence."""


def assignments(text: str) -> list[str]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise NotTold(f"{ATTRIBUTE} is not JSON: {error}.") from None
    if not isinstance(told, dict):
        raise NotTold(f"{ATTRIBUTE} is not an object.")
    lines: list[str] = []
    for name, value in told.items():
        if not _NAME.fullmatch(name):
            say(f"{name!r} in the metadata is left aside: only TRAINYARD_… is taken from there")
        elif not isinstance(value, str) or "\0" in value:
            raise NotTold(f"{name} in {ATTRIBUTE} is not a text.")
        else:
            lines.append(f"export {name}={shlex.quote(value)}")
    return lines


def ask(server: MetadataServer, seconds: float) -> str:
    """The server may be up only after this machine is."""
    until, say_at = time.monotonic() + seconds, time.monotonic()
    while True:
        try:
            return server.read(ATTRIBUTE)
        except FileNotFoundError:
            raise NotTold(f"The metadata has no {ATTRIBUTE}: this machine was not made by Trainyard.") from None
        except Passing as error:
            now = time.monotonic()
            if now >= until:
                raise NotTold(f"{error}. Given up after {seconds:g} s.") from None
            if now >= say_at:
                say_at = now + _SAY_EVERY_SECONDS
                say(f"{error}; asking again")
        except OSError as error:
            raise NotTold(f"{error}.") from None
        time.sleep(_PAUSE_SECONDS)


def say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} entry: {text}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        lines = assignments(ask(MetadataServer.of(os.environ), float(sys.argv[1])))
    except NotTold as error:
        say(str(error))
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
