"""Decides, on the training rows alone, how each column becomes numbers and how the network is built."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from trainer.column_looks import reads_as_text
from trainer.engines.torch import portable
from trainer.engines.torch.kinds import image_source, kind_of_data
from trainer.failures import TrainerFailure
from trainer.fitting import Order
from trainer.portable.predict import family

#: Rarer values are learned together, as what was never seen.
_SEEN_AT_LEAST = 2
_MOST_VALUES = 10_000
_MOST_WORDS, _MOST_WORDS_OF_LARGE = 20_000, 60_000
_LONGEST_TEXT = 200
#: Nearly all texts are read whole; the longest would make each of the others as long.
_WHOLE_SHARE = 0.95
_FEW_DISTINCT = 40


class Planned:
    def __init__(self, plan: dict[str, Any], left_out: list[str]) -> None:
        self.plan = plan
        self.left_out = left_out


def make_plan(order: Order, rows: np.ndarray, settings: dict[str, Any]) -> Planned:
    """`rows`: those to fit; nothing is learned from the ones that judge."""
    kind = kind_of_data(order.spec, settings)
    frame, values = order.frame.iloc[rows], order.values[rows]
    classes = None if order.labels.classes is None else len(order.labels.classes)
    left_out: list[str] = []
    columns: list[dict[str, Any]] = []
    image = _image(order, frame, settings) if kind == "image" else None
    if image is None:
        columns, left_out = _columns(order, frame, kind, settings["network"] == "large")
    plan = {
        "version": 1,
        "data": kind,
        "task": order.spec.task.kind,
        "classes": classes,
        "outputs": len(order.spec.task.labels) or classes or 1,
        "target": _target(values) if order.spec.task.kind == "regression" else None,
        "columns": columns,
        "image": image,
        "network": {
            "size": settings["network"],
            "hidden_layers": int(settings["hidden_layers"]),
            "hidden_units": int(settings["hidden_units"]),
            "dropout": float(settings["dropout"]),
        },
    }
    return Planned(plan, left_out)


def _target(values: np.ndarray) -> dict[str, float]:
    return {"mean": float(values.mean()), "deviation": float(values.std()) or 1.0}


def _columns(order: Order, frame: pd.DataFrame, kind: str, large: bool) -> tuple[list[dict[str, Any]], list[str]]:
    columns: list[dict[str, Any]] = []
    same: list[str] = []
    for column in order.spec.features:
        name, series, found = column.name, frame[column.name], family(column.sql_type)
        if kind == "text" and found != "text":
            continue
        if series.nunique(dropna=False) < 2:
            same.append(name)
        elif found == "date":
            columns.append({"name": name, "kind": "date", "parts": _date_parts(series)})
        elif found != "text":
            columns.append({"name": name, "kind": "number", **_scale(series.to_numpy("float64"))})
        elif kind == "text" or (series.nunique() > _FEW_DISTINCT and reads_as_text(series)):
            columns.append({"name": name, "kind": "text", **_vocabulary(series, large)})
        else:
            counts = Counter(str(value) for value in series.dropna())
            kept = [value for value, count in counts.most_common(_MOST_VALUES) if count >= _SEEN_AT_LEAST]
            columns.append({"name": name, "kind": "category", "values": sorted(kept)})
    texts = [column for column in columns if column["kind"] == "text"]
    if kind == "text" and not any(column["words"] for column in texts):
        raise TrainerFailure("BadData", "The texts hold no words to learn from. Choose other columns.")
    if not columns:
        raise TrainerFailure(
            "BadData", "Among the rows to learn from every column says the same. Add rows, or a column that varies."
        )
    return columns, same


def _scale(values: np.ndarray) -> dict[str, Any]:
    finite = values[np.isfinite(values)]
    mean = float(finite.mean()) if len(finite) else 0.0
    deviation = float(finite.std()) if len(finite) else 0.0
    return {"mean": mean, "deviation": deviation or 1.0, "missing": len(finite) < len(values)}


def _date_parts(series: pd.Series) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for name, values in portable.date_parts(series).items():
        finite = values[np.isfinite(values)]
        if name == "days" or len(np.unique(finite)) > 1:
            scale = _scale(values)
            # One column that says that the date is missing is enough for all its parts.
            parts.append({"name": name, **scale, "missing": scale["missing"] and name == "days"})
    return parts


def _vocabulary(series: pd.Series, large: bool) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    lengths: list[int] = []
    for value in series:
        found = portable.words(value)
        counts.update(found)
        lengths.append(len(found))
    most = _MOST_WORDS_OF_LARGE if large else _MOST_WORDS
    # By count, then by letters: the same order whatever order the rows came in.
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [word for word, count in often[:most] if count >= _SEEN_AT_LEAST]
    length = int(np.quantile(lengths, _WHOLE_SHARE)) if lengths else 1
    return {"words": words, "length": max(1, min(_LONGEST_TEXT, length))}


def _image(order: Order, frame: pd.DataFrame, settings: dict[str, Any]) -> dict[str, Any]:
    source = image_source(order.spec, settings)
    if source["column"] is None:
        about = {**source, "channels": 1, "mode": "L"}
    else:
        name = source["column"]
        kinds = [portable.look_at(value, name, row) for row, value in enumerate(order.frame[name])]
        # One coloured image makes all of them coloured.
        about = {**source, **max(kinds, key=lambda kind: kind["channels"])}
    pixels = portable.images(frame, about)
    about["mean"], about["deviation"] = float(pixels.mean()), float(pixels.std()) or 1.0
    return about
