#!/usr/bin/env python3
"""Predicts with the model beside this file: python predict.py data.csv > predictions.csv

Needs what requirements.txt names, and nothing of Trainyard.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

_ROWS_AT_ONCE = 50_000
_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL|NUMERIC)(\(.*\))?")
_TRUE = {"true", "t", "yes", "y", "1", "1.0"}
_FALSE = {"false", "f", "no", "n", "0", "0.0"}


class InputProblem(ValueError):
    """The data does not fit the model; the message says which column, what was found and what to do."""


def family(sql_type: str) -> str:
    """`number`, `boolean`, `date` or `text`: all that a model has to tell apart."""
    name = sql_type.upper()
    if name.startswith("BOOL"):
        return "boolean"
    if name.startswith(("DATE", "TIMESTAMP")) and "[" not in name:
        return "date"
    return "number" if _NUMBER.fullmatch(name) else "text"


def conform(frame: pd.DataFrame, columns: list[dict[str, str]]) -> pd.DataFrame:
    """The columns that the model knows, in its order and with its types; others are left out."""
    missing = [column["name"] for column in columns if column["name"] not in frame.columns]
    if missing:
        names = ", ".join(f"“{name}”" for name in missing)
        raise InputProblem(
            f"The model needs the column {names}, which is not in this data. Found: {', '.join(map(str, frame.columns))}."
        )
    return pd.DataFrame(
        {c["name"]: _typed(frame[c["name"]], c["name"], family(c["sqlType"])) for c in columns}, index=frame.index
    )


def _typed(series: pd.Series, name: str, kind: str) -> pd.Series:
    if kind == "number":
        return _checked(series, pd.to_numeric(series, errors="coerce").astype("float64"), name, "a number")
    if kind == "boolean":
        return _checked(series, series.map(_truth).astype("float64"), name, "yes or no")
    if kind == "date":
        dates = series if pd.api.types.is_datetime64_any_dtype(series) else _dates(series)
        return _checked(series, dates.astype("datetime64[ns]"), name, "a date")
    return series.astype(object).where(series.notna(), None).map(lambda v: v if v is None else str(v)).astype(object)


def _dates(series: pd.Series) -> pd.Series:
    dates = pd.to_datetime(series, errors="coerce", format="ISO8601", utc=True)
    return dates.dt.tz_localize(None)


def _truth(value: object) -> float:
    word = str(value).strip().lower()
    return 1.0 if word in _TRUE else 0.0 if word in _FALSE else np.nan


def _checked(before: pd.Series, after: pd.Series, name: str, wanted: str) -> pd.Series:
    lost = np.flatnonzero((before.notna() & after.isna()).to_numpy())
    if len(lost):
        row = int(lost[0])
        raise InputProblem(
            f"Column “{name}”, row {row + 1}: found “{before.iloc[row]}”, but the model needs {wanted} there. "
            "Mend it or leave it empty."
        )
    return after


def class_name(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def output_names(schema: dict[str, Any]) -> list[str]:
    label = schema["label"]
    return [
        f"{label['name']}_predicted",
        *(f"{label['name']}_probability_{class_name(value)}" for value in label["classes"] or []),
    ]


def predict_frame(folder: Path, schema: dict[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each row of `frame`, in its order: the prediction, and for classes each one's probability."""
    model = open_model(folder)
    names = output_names(schema)
    parts: list[pd.DataFrame] = []
    for start in range(0, len(frame), _ROWS_AT_ONCE):
        rows = conform(frame.iloc[start : start + _ROWS_AT_ONCE].reset_index(drop=True), schema["columns"])
        values, probabilities = model.predict(rows)
        parts.append(_named(schema, names, values, probabilities))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in names})


def _named(
    schema: dict[str, Any], names: list[str], values: np.ndarray, probabilities: np.ndarray | None
) -> pd.DataFrame:
    classes = schema["label"]["classes"]
    if classes is None or probabilities is None:
        return pd.DataFrame({names[0]: values})
    decided = pd.Series([classes[int(code)] for code in values])
    return pd.DataFrame({names[0]: decided, **{n: probabilities[:, i] for i, n in enumerate(names[1:])}})


def open_model(folder: Path) -> Any:
    """The engine's own code lies beside the model that it made, so the two always fit."""
    return _module(folder / "engine.py").Model(folder / "model")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("trainyard_model_engine", path)
    if spec is None or spec.loader is None:
        raise InputProblem(f"{path} is missing: unpack the whole archive.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python predict.py data.csv > predictions.csv", file=sys.stderr)
        return 64
    here = Path(__file__).resolve().parent
    schema = json.loads((here / "input-schema.json").read_text("utf-8"))
    try:
        frame = pd.read_csv(arguments[0], dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8-sig")
        predicted = predict_frame(here, schema, frame)
    except (InputProblem, OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as problem:
        print(f"{arguments[0]}: {problem}", file=sys.stderr)
        return 65
    kept = frame.drop(columns=[name for name in predicted.columns if name in frame.columns])
    pd.concat([kept, predicted], axis=1).to_csv(sys.stdout, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
