"""What is learned from: a table, texts or images, and whether the columns are such."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from trainer.contract import Column, SettingValue, TrainSpec
from trainer.engines.torch.presets import chosen
from trainer.failures import TrainerFailure
from trainer.few import few_quoted
from trainer.sql_types import family

if TYPE_CHECKING:
    import pandas as pd

IMAGE_COLUMN = "image"
_IMAGES_AT_ONCE = 1000


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
        raise TrainerFailure.of_setting(
            "image_width",
            f"{width} × {height} pixels do not make up the {pixels} columns of this data. Set width and height of the "
            "images, and leave out columns that are no pixels.",
        )
    return height, width


def check_data(spec: TrainSpec, settled: dict[str, SettingValue]) -> None:
    settings = chosen(settled)
    kind = kind_of_data(spec, settings)
    if spec.split.folds > 1:
        _check_folds(spec, kind)
    kinds = {column.name: family(column.sql_type) for column in spec.features}
    if kind == "text" and "text" not in kinds.values():
        raise TrainerFailure.of_setting(
            "data",
            f"To learn from texts, a column of text is needed; there is none among {few_quoted(list(kinds))}.",
        )
    if kind == "image":
        odd = (
            [] if "bytes" in kinds.values() else [n for n, found in kinds.items() if found not in ("number", "boolean")]
        )
        if odd:
            raise TrainerFailure.of_setting(
                "data",
                f"To learn from images, a column of images is needed, or only numbers that are pixels; {few_quoted(odd)} "
                "holds something else. Leave it out, or learn from a table.",
            )
        image_source(spec, settings)
    elif kind == "table" and "bytes" in kinds.values():
        odd = [name for name, found in kinds.items() if found == "bytes"]
        raise TrainerFailure.of_setting(
            "data",
            f"{few_quoted(odd)} holds images, which a table cannot be learned from. Choose images, or leave it out.",
        )


def _check_folds(spec: TrainSpec, kind: str) -> None:
    if kind != "table":
        raise TrainerFailure(
            "BadSettings",
            f"A network for {kind}s is fitted once and judged by one part of the rows. Folds are for tables: leave them out.",
            "split.folds",
        )
    if spec.start_from is not None:
        raise TrainerFailure(
            "BadSettings",
            "With folds a network learns from all rows in the end, so none are left that could judge more epochs of it. "
            "Train afresh with more epochs.",
            "continuesJobId",
        )


def look_over_images(spec: TrainSpec, settled: dict[str, SettingValue], frame: pd.DataFrame) -> None:
    """Every image, also of held-out rows, before the training: afterwards it would have been in vain."""
    column = _image_column(spec)
    if column is None or kind_of_data(spec, chosen(settled)) != "image":
        return
    from trainer.engines.torch.portable import BadInput, images, look_at

    try:
        seen = look_at(frame[column.name].iloc[0], column.name, 0)
        for start in range(0, len(frame), _IMAGES_AT_ONCE):
            images(frame.iloc[start : start + _IMAGES_AT_ONCE], {"column": column.name, **seen}, start)
    except BadInput as problem:
        raise TrainerFailure("BadData", str(problem)) from problem
