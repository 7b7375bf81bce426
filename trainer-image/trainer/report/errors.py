"""Where a model is wrong: errors by what was predicted, their quantiles, and the rows with the worst of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trainer.output import Output

_GROUPS = 10
_ROWS_OF_GROUP = 5
_MOST_ROWS = 20
_MOST_COLUMNS = 12
_LONGEST = 80
_QUANTILES = (5, 25, 50, 75, 95)


def error_quantiles(truth: np.ndarray, output: Output) -> list[dict[str, float]]:
    off = truth - output.values
    return [
        {"percent": percent, "error": float(np.percentile(off, percent)), "size": float(np.percentile(abs(off), percent))}
        for percent in _QUANTILES
    ]  # fmt: skip


def errors_by_prediction(truth: np.ndarray, output: Output) -> list[dict[str, float]]:
    """Rows in equal groups by what was predicted: a middle away from nothing is a bias, a wider span less certainty."""
    order = np.argsort(output.values, kind="stable")
    groups = min(_GROUPS, len(order) // _ROWS_OF_GROUP)
    found: list[dict[str, float]] = []
    for rows in np.array_split(order, groups) if groups > 1 else []:
        said, off = output.values[rows], truth[rows] - output.values[rows]
        low, middle, high = np.percentile(off, [10, 50, 90])
        found.append(
            {
                "from": float(said.min()),
                "to": float(said.max()),
                "rows": len(rows),
                "low": float(low),
                "median": float(middle),
                "high": float(high),
            }
        )
    return found


def worst_errors(
    frame: pd.DataFrame, truth: np.ndarray, output: Output, names: list[str] | None, columns: list[str]
) -> dict[str, Any]:
    """The held-out rows that were missed most, with the values of the columns that matter most."""
    if names is None:
        size = np.abs(truth - output.values)
        rows = np.argsort(-size, kind="stable")[:_MOST_ROWS]
        rows = rows[size[rows] > 0]
    else:
        # Being wrong is one thing, being sure of it another: the surer, the worse.
        said = output.values.astype("int64")
        wrong = np.flatnonzero(said != truth)
        sure = (
            np.ones(len(truth)) if output.probabilities is None else output.probabilities[np.arange(len(truth)), said]
        )
        size = sure
        rows = wrong[np.argsort(-sure[wrong], kind="stable")][:_MOST_ROWS]
    told = [
        {
            "truth": float(truth[row]) if names is None else _clipped(names[int(truth[row])]),
            "predicted": float(output.values[row]) if names is None else _clipped(names[int(output.values[row])]),
            "size": float(size[row]) if names is None or output.probabilities is not None else None,
        }
        for row in rows
    ]
    return picked_rows(frame, rows, told, columns)


def picked_rows(
    frame: pd.DataFrame, rows: np.ndarray, told: list[dict[str, Any]], columns: list[str]
) -> dict[str, Any]:
    """What is told of each row beside its values."""
    shown = columns[:_MOST_COLUMNS]
    picked = frame.iloc[rows][shown].itertuples(index=False, name=None)
    found = [{**each, "values": [_said(value) for value in values]} for each, values in zip(told, picked, strict=True)]
    return {"columns": shown, "rows": found, "columnsLeftOut": len(columns) - len(shown)}


def _said(value: Any) -> str | float | bool | None:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"({len(value):,} bytes)"
    if isinstance(value, (list, tuple, dict, np.ndarray)):
        return f"({len(value):,} values)"
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    return _clipped(str(value))


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
