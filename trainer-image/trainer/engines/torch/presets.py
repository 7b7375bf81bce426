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


def chosen(settled: dict[str, SettingValue]) -> dict[str, Any]:
    """The preset where a setting was left as it is by default; whoever fills in a form sends every default along."""
    from trainer.engines.torch import DECLARATION

    defaults = {setting.name: setting.default for setting in DECLARATION.settings}
    preset = PRESETS.get(str(settled["preset"]), {"settings": {}})["settings"]
    return {**settled, **{name: value for name, value in preset.items() if settled[name] == defaults[name]}}
