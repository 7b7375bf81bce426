"""Decides, on the training rows, what each column is: number, category, many-valued category, text or date."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trainer.contract import Column
from trainer.portable.predict import family

#: Up to here every category gets a column of its own; beyond, the label's average stands for it.
MOST_CATEGORIES = 40
_WORDS_IN_TEXT = 3.0
_LENGTH_OF_TEXT = 25


def make_plan(frame: pd.DataFrame, columns: list[Column]) -> tuple[list[dict[str, Any]], list[str]]:
    """The plan, and the names of the columns that were left out because they say the same in every row."""
    plan: list[dict[str, Any]] = []
    dropped: list[str] = []
    for column in columns:
        series = frame[column.name]
        if series.nunique(dropna=False) < 2:
            dropped.append(column.name)
            continue
        plan.append({"name": column.name, **_kind_of(series, column)})
    return plan, dropped


def _kind_of(series: pd.Series, column: Column) -> dict[str, Any]:
    kind = family(column.sql_type)
    if kind in ("number", "boolean"):
        return {"kind": "number"}
    if kind == "date":
        return {"kind": "date", "parts": _parts_that_vary(series)}
    distinct = int(series.nunique())
    if distinct > MOST_CATEGORIES and _reads_as_text(series):
        return {"kind": "text"}
    return {"kind": "category" if distinct <= MOST_CATEGORIES else "many"}


def _parts_that_vary(series: pd.Series) -> list[str]:
    dates = series.dropna().dt
    found = {
        "year": dates.year.nunique(),
        "month": dates.month.nunique(),
        "day of month": dates.day.nunique(),
        "weekday": dates.weekday.nunique(),
        "hour": dates.hour.nunique(),
    }
    return ["days", *(part for part, distinct in found.items() if distinct > 1)]


def _reads_as_text(series: pd.Series) -> bool:
    sample = series.dropna().head(2000).astype(str)
    words = sample.str.count(r"\S+").mean()
    return bool(words >= _WORDS_IN_TEXT and sample.str.len().mean() >= _LENGTH_OF_TEXT)
