"""Named sets of settings, one file each in `presets/`, and what settings and columns have to do with each other."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from trainer.contract import Column, SettingValue, TrainSpec
from trainer.failures import TrainerFailure
from trainer.portable.predict import family

PRESETS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted((Path(__file__).parent / "presets").glob("*.json"))
}
IMAGE_COLUMN = "image"


def chosen(spec: TrainSpec, settled: dict[str, SettingValue]) -> dict[str, Any]:
    """Defaults, over them the preset, over that what a person set."""
    preset = PRESETS.get(str(settled["preset"]), {"settings": {}})["settings"]
    given = {name: value for name, value in spec.settings.items() if value is not None}
    return {**settled, **preset, **given}


def kind_of_data(spec: TrainSpec, settings: dict[str, Any]) -> str:
    if settings["data"] != "auto":
        return settings["data"]
    return "image" if _image_column(spec) else "table"


def _image_column(spec: TrainSpec) -> Column | None:
    """The column of images; any one of bytes where none has the usual name."""
    columns = [column for column in spec.features if family(column.sql_type) == "bytes"]
    return next((column for column in columns if column.name == IMAGE_COLUMN), columns[0] if columns else None)


def image_source(spec: TrainSpec, settings: dict[str, Any]) -> dict[str, Any]:
    """Where images come from: one column of them, or numbers that are pixels, row by row."""
    column = _image_column(spec)
    if column is not None:
        return {"column": column.name, "pixels": None}
    pixels = [column.name for column in spec.features]
    height, width = _sides(len(pixels), int(settings["image_height"]), int(settings["image_width"]))
    return {"column": None, "pixels": pixels, "height": height, "width": width}


def _sides(pixels: int, height: int, width: int) -> tuple[int, int]:
    if not height and not width:
        height = width = math.isqrt(pixels)
    elif not height or not width:
        height, width = height or pixels // width, width or pixels // height
    if height * width != pixels:
        raise TrainerFailure(
            "BadSettings",
            f"{width} × {height} pixels do not make up the {pixels} columns of this data. Set width and height of the "
            "images, and leave out columns that are no pixels.",
        )
    return height, width


def check_data(spec: TrainSpec, settled: dict[str, SettingValue]) -> None:
    settings = chosen(spec, settled)
    kind = kind_of_data(spec, settings)
    kinds = {column.name: family(column.sql_type) for column in spec.features}
    if kind == "text" and "text" not in kinds.values():
        raise TrainerFailure(
            "BadSettings", f"To learn from texts, a column of text is needed; there is none among {_names(list(kinds))}."
        )
    if kind == "image":
        source = image_source(spec, settings)
        odd = [name for name in source["pixels"] or [] if kinds[name] not in ("number", "boolean")]
        if odd:
            raise TrainerFailure(
                "BadSettings",
                f"To learn from images, a column of images is needed, or only numbers that are pixels; {_names(odd)} "
                "holds something else. Leave it out, or learn from a table.",
            )
    elif kind == "table" and "bytes" in kinds.values():
        odd = [name for name, found in kinds.items() if found == "bytes"]
        raise TrainerFailure(
            "BadSettings", f"{_names(odd)} holds images, which a table cannot be learned from. Choose images, or leave it out."
        )


def _names(names: list[str], most: int = 5) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
