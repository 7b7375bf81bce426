"""Partial dependence: what the model says on average when one column has the same value in every row."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from trainer.output import Output

_COLUMNS = 5
_ROWS = 200
_POINTS = 12
_CATEGORIES = 10
_SERIES = 5
_LONGEST = 80


def partial_dependence(
    predict: Callable[[pd.DataFrame], Output],
    learned: pd.DataFrame,
    frame: pd.DataFrame,
    columns: list[str],
    names: list[str] | None,
    positive: int | None,
    seconds: float,
    seed: int,
) -> tuple[list[dict[str, Any]], list[str]]:
    """One entry for each of the first `columns` that can be drawn, and those for which there was no time."""
    ends_at = time.monotonic() + seconds
    rows = np.sort(np.random.default_rng(seed).permutation(len(frame))[:_ROWS])
    base = frame.iloc[rows].reset_index(drop=True)
    found: list[dict[str, Any]] = []
    longest = 0.0
    for number, column in enumerate(columns[:_COLUMNS]):
        began = time.monotonic()
        if began + longest > ends_at:
            return found, columns[number:_COLUMNS]
        values = _values(learned[column])
        if values is None:
            continue
        copies = [base.assign(**{column: _filled(base[column], value)}) for value in values]
        output = predict(pd.concat(copies, ignore_index=True))
        found.append(
            {
                "column": column,
                "kind": _kind(learned[column]),
                "values": [_said(value) for value in values],
                "shares": _shares(learned[column], values),
                "series": _series(output, len(values), names, positive),
            }
        )
        longest = max(longest, time.monotonic() - began)
    return found, []


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "category"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(column.dtype) else "category"


def _values(column: pd.Series) -> list[Any] | None:
    """Points spread as the rows are; of categories the commonest. Nothing for what differs from row to row, as free text."""
    there = column.dropna()
    if there.empty:
        return None
    if _kind(column) != "category":
        distinct = np.sort(there.unique())
        if len(distinct) > _POINTS:
            # The outermost rows are few: how a model answers there is chance.
            distinct = np.unique(np.asarray(there.quantile(np.linspace(0.02, 0.98, _POINTS), interpolation="nearest")))
        return list(distinct) if len(distinct) > 1 else None
    if not all(isinstance(value, (str, bool, np.bool_)) for value in there.iloc[:100]):
        return None
    counts = there.value_counts()
    if len(counts) < 2 or len(counts) > max(_CATEGORIES, len(there) / 2):
        return None
    return sorted(counts.index[:_CATEGORIES], key=lambda value: -counts[value])


def _filled(column: pd.Series, value: Any) -> pd.Series:
    return pd.Series([value] * len(column), index=column.index).astype(column.dtype)


def _shares(column: pd.Series, values: list[Any]) -> list[float] | None:
    if _kind(column) != "category":
        return None
    counts = column.value_counts()
    return [float(counts[value] / len(column)) for value in values]


def _series(output: Output, count: int, names: list[str] | None, positive: int | None) -> list[dict[str, Any]]:
    """The average and how sure its movement is: how far rows lie apart anyway does not count. For several classes the ones that move most."""
    if names is None or output.probabilities is None:
        return [_line(None, output.values.astype("float64").reshape(count, -1))]
    if len(names) == 2 and positive is not None:
        return [_line(names[positive], output.probabilities[:, positive].reshape(count, -1))]
    averages = output.probabilities.reshape(count, -1, len(names)).mean(axis=1)
    moving = np.argsort(-np.ptp(averages, axis=0), kind="stable")[:_SERIES]
    return [_line(names[code], output.probabilities[:, code].reshape(count, -1)) for code in sorted(moving)]


def _line(name: str | None, answers: np.ndarray) -> dict[str, Any]:
    moved = answers - answers.mean(axis=0)
    half = 1.96 * moved.std(axis=1) / np.sqrt(answers.shape[1])
    mean = answers.mean(axis=1)
    label = None if name is None else name[:_LONGEST]
    return {"name": label, "mean": mean.tolist(), "low": (mean - half).tolist(), "high": (mean + half).tolist()}


def _said(value: Any) -> str | float | bool:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return pd.Timestamp(value).isoformat(sep=" ")[:10]
    return str(value)[:_LONGEST] if isinstance(value, str) else float(value)
