"""The process that works, started by `supervisor`: `python -m trainer.worker train|predict …`."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from trainer.events import Events
from trainer.failures import EXIT_BUG, EXIT_STOPPED, Interrupted, TrainerFailure


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
    except TrainerFailure as failure:
        return _failed(failure)
    except Interrupted:
        return EXIT_STOPPED
    except MemoryError:
        traceback.print_exc()
        return _failed(_out_of_memory())
    except ImportError as error:
        traceback.print_exc()
        return _failed(TrainerFailure("EngineUnavailable", f"The engine's environment is not whole: {error}."))
    except OSError as error:
        traceback.print_exc()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _failed(TrainerFailure("DiskFull", "The disk is full. Choose a machine with a larger one."))
        return _failed(_bug(error))
    except Exception as error:
        traceback.print_exc()
        if type(error).__name__ in _TOO_LITTLE_MEMORY:
            return _failed(_out_of_memory())
        return _failed(_bug(error))


#: What torch and DuckDB raise; neither is a MemoryError, and neither library is imported here.
_TOO_LITTLE_MEMORY = ("OutOfMemoryError", "OutOfMemoryException")


def _out_of_memory() -> TrainerFailure:
    return TrainerFailure("OutOfMemory", "The memory was not enough. Choose a machine with more, or less data.")


def _bug(error: Exception) -> TrainerFailure:
    return TrainerFailure("TrainerBug", f"The trainer failed, which is a bug: {type(error).__name__}: {error}")


def _failed(failure: TrainerFailure) -> int:
    Events.from_environment().failed(failure.type, failure.message, failure.exit_code)
    return failure.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
