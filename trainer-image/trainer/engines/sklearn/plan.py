"""Decides, on the training rows, what each column is: number, category, many-valued category, text or date."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trainer.column_looks import parts_that_vary, reads_as_text
from trainer.contract import Column
from trainer.portable.predict import family

#: Up to here every category gets a column of its own; beyond, the label's average stands for it.
MOST_CATEGORIES = 40


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
        return {"kind": "date", "parts": parts_that_vary(series)}
    distinct = int(series.nunique())
    if distinct > MOST_CATEGORIES and reads_as_text(series):
        return {"kind": "text"}
    return {"kind": "category" if distinct <= MOST_CATEGORIES else "many"}
