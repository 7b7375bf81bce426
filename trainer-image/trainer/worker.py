"""The process that works, started by `supervisor`: `python -m trainer.worker train|predict …`."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from trainer.events import Events
from trainer.failures import (
    EXIT_BROKEN_OFF,
    EXIT_BUG,
    EXIT_STOPPED,
    BrokenOff,
    Interrupted,
    TrainerFailure,
    failure_of,
)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="trainer.worker")
    parser.add_argument("verb", choices=["train", "predict"])
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--started-at", type=float, required=True)
    parser.add_argument("--leash", type=int, required=True)
    parser.add_argument("--finish", choices=["stop", "time", "crash"])
    options = parser.parse_args(arguments)
    _die_with_parent(options.leash)
    work = Path.cwd()

    def train() -> int:
        from trainer.training import Training

        return Training(options.spec, work, options.out, options.scratch, options.started_at).run(options.finish)

    def predict() -> int:
        from trainer.predicting import predict

        return predict(options.spec, work, options.out, options.scratch)

    return reported({"train": train, "predict": predict}[options.verb])


def _die_with_parent(leash: int) -> None:
    """The parent holds the other end of a pipe: when it is gone, however it went, so is this process."""

    def watch() -> None:
        os.read(leash, 1)
        os._exit(EXIT_BUG)

    threading.Thread(target=watch, daemon=True).start()


def reported(run: Callable[[], int]) -> int:
    """Runs, and turns whatever goes wrong into one `failed` event and the exit code that belongs to it."""
    try:
        return run()
    except Interrupted:
        return EXIT_STOPPED
    except BrokenOff:
        traceback.print_exc()
        return EXIT_BROKEN_OFF  # not the end: the supervisor goes on
    except TrainerFailure as failure:
        return _failed(failure)
    except Exception as error:
        traceback.print_exc()
        return _failed(failure_of(error))


def _failed(failure: TrainerFailure) -> int:
    Events.from_environment().failed(failure.type, failure.message, failure.exit_code)
    return failure.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
