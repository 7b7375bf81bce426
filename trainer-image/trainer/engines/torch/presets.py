"""Named sets of settings, one file each in `presets/`. Standard library only: the form shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.contract import SettingValue

PRESETS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "presets").glob("*.json"))
}


#: Where neither a person nor a preset says anything.
PLAIN: dict[str, SettingValue] = {
    "data": "auto",
    "optimizer": "adamw",
    "learning_rate": 0.001,
    "epochs": 60,
    "batch_size": 0,
    "patience": 10,
    "weight_decay": 0.01,
}


def chosen(settled: dict[str, SettingValue]) -> dict[str, Any]:
    """What a person set wins over the preset, and that over the plain values: only what was left empty is open."""
    preset = PRESETS.get(str(settled["preset"]), {"settings": {}})["settings"]
    filled = {**PLAIN, **preset}
    return {name: filled.get(name, value) if value in (None, "auto") else value for name, value in settled.items()}
