"""Why a fit broke off in the middle: written by the process that saw it, read by the one that hands in what is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.failures import TrainerFailure
from trainer.files import write_text

_FILE = "broken-off.json"


def write_broken_off(scratch: Path, failure: TrainerFailure) -> None:
    write_text(scratch / _FILE, json.dumps({"type": failure.type, "message": failure.message}))


def read_broken_off(scratch: Path) -> TrainerFailure:
    told: dict[str, Any] = json.loads((scratch / _FILE).read_text("utf-8"))
    return TrainerFailure(told["type"], told["message"])


def warning_of(failure: TrainerFailure) -> str:
    if failure.type == "OutOfMemory":
        return (
            "The fit ended for lack of memory; what was finished was kept. "
            "Choose a machine with more memory to try the rest."
        )
    return f"The fit broke off in the middle; what was finished was kept. The reason: {failure.message}"
