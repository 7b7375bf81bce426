"""The model as it lies in its archive. Imports nothing of Trainyard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


class Model:
    def __init__(self, folder: Path) -> None:
        from autogluon.tabular import TabularPredictor  # pyright: ignore[reportMissingImports]

        self._classes: int | None = json.loads((folder / "kept.json").read_text("utf-8"))["classes"]
        # Its own check refuses another minor version of Python or of itself; requirements.txt says what it was made with.
        self._predictor = TabularPredictor.load(
            str(folder / "predictor"), verbosity=0, require_version_match=False, require_py_version_match=False
        )

    def predict(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray | None]:
        return predict(self._predictor, frame, self._classes)


def predict(predictor: Any, frame: pd.DataFrame, classes: int | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Values, or codes of classes with one column of probabilities for each class, also for those left out as rare."""
    if classes is None:
        return predictor.predict(frame).to_numpy(dtype="float64"), None
    given = predictor.predict_proba(frame, as_multiclass=True)
    codes = predictor.predict_from_proba(given).to_numpy(dtype="int64")
    probabilities = np.zeros((len(frame), classes))
    probabilities[:, [int(code) for code in given.columns]] = given.to_numpy(dtype="float64")
    return codes, probabilities
