"""A file of hyperparameters as people have it, as settings of an engine. Standard library only."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from trainer.contract import SettingValue
from trainer.engine import Engine, load_engine
from trainer.failures import EXIT_DONE, TrainerFailure

_LARGEST_BYTES = 1 << 20


def print_settings(engine: str, path: Path) -> int:
    """What was found, and a sentence for each name that was not taken over. Whether values are allowed is asked later."""
    settings, told = settings_in(load_engine(engine), path)
    print(json.dumps({"settings": settings, "told": told}, ensure_ascii=False))
    return EXIT_DONE


def settings_in(engine: Engine, path: Path) -> tuple[dict[str, SettingValue], list[str]]:
    given = _read(path)
    mapping = getattr(engine, "settings_of", None)
    if mapping is not None:
        return mapping(given)
    known = {setting.name for setting in engine.DECLARATION.settings}
    told = [f"“{name}” is no setting here and was left out." for name in given if name not in known]
    return {name: value for name, value in given.items() if name in known}, told


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise TrainerFailure("BadSettings", f"{path.name} is larger than 1 MB, so it holds more than settings.")
        given = json.loads(path.read_text("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise TrainerFailure("BadSettings", f"{path.name} cannot be read as JSON: {error}. Mend the file.") from error
    if not isinstance(given, dict):
        raise TrainerFailure("BadSettings", f'{path.name} is not of the form {{"name": value, …}}. Mend the file.')
    return given


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is no number that a setting could have")
