"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any, *, synced: bool = False) -> None:
    beside = path.with_name(f".making-{uuid.uuid4()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(value, file)
            if synced:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """None when it is not there or is not whole JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
