"""The model as it lies in its archive. Imports nothing of Trainyard, and the pickle holds only scikit-learn's own classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd


def prepare(frame: pd.DataFrame, plan: list[dict[str, Any]]) -> pd.DataFrame:
    """What needs no learning: dates become parts, texts become strings. The pipeline learns the rest."""
    ready: dict[str, Any] = {}
    for column in plan:
        name, kind = column["name"], column["kind"]
        if kind == "date":
            ready.update(_parts(frame[name], name, column["parts"]))
        elif kind == "number":
            ready[name] = frame[name].astype("float64").replace([np.inf, -np.inf], np.nan)
        elif kind == "text":
            ready[name] = frame[name].map(lambda value: "" if value is None or value != value else str(value))
        else:
            ready[name] = frame[name].map(lambda value: "(empty)" if value is None or value != value else str(value))
    return pd.DataFrame(ready, index=frame.index)


def _parts(dates: pd.Series, name: str, parts: list[str]) -> dict[str, pd.Series]:
    day = dates.dt
    made = {
        "days": (dates - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1),
        "year": day.year,
        "month": day.month,
        "day of month": day.day,
        "weekday": day.weekday,
        "hour": day.hour,
    }
    return {f"{name} · {part}": made[part].astype("float64") for part in parts}


class Model:
    def __init__(self, folder: Path) -> None:
        kept = json.loads((folder / "plan.json").read_text("utf-8"))
        self._plan: list[dict[str, Any]] = kept["columns"]
        self._classes: int | None = kept["classes"]
        self._pipeline = joblib.load(folder / "pipeline.joblib")

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        return predict(self._pipeline, prepare(frame, self._plan), self._classes)


def predict(pipeline: Any, ready: pd.DataFrame, classes: int | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Values, or codes of classes with one column of probabilities for each class, also for those never seen."""
    if classes is None:
        return np.asarray(pipeline.predict(ready), dtype="float64"), None
    given = pipeline.predict_proba(ready)
    probabilities = np.zeros((len(ready), classes))
    probabilities[:, np.asarray(pipeline.classes_, dtype="int64")] = given
    return probabilities.argmax(axis=1), probabilities
