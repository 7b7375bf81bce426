"""What a model says of every row, held against the labels: a model that merely loads may answer anything."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
from trainer_bench import Yard


def predicted(yard: Yard, frame: pd.DataFrame, labels: list[str], engine: str = "sklearn") -> pd.DataFrame:
    """One column for each label, of its type, with an answer for each row."""
    answer = yard.predict(frame.drop(columns=labels), engine=engine)
    assert answer.code == 0, answer.log
    said = duckdb.sql(f"SELECT * FROM '{answer.out / 'predictions.parquet'}'").df()
    said = pd.DataFrame({label: said[f"{label}_predicted"] for label in labels})
    assert len(said) == len(frame) and bool(said.notna().all(axis=None))
    return said


def share_explained(yard: Yard, frame: pd.DataFrame, label: str | list[str], engine: str = "sklearn") -> float:
    """How much smaller its errors are than those of one answer for all rows: 0 is such a guess, 1 has no error.

    Rows that it has learned from are among them: this says that it is the model of this data, not how good it is.
    Of several labels, the least of them.
    """
    labels = [label] if isinstance(label, str) else label
    said = predicted(yard, frame, labels, engine)
    shares = [_explained(said[name], frame[name].reset_index(drop=True)) for name in labels]
    print(f"explained on {len(frame)} rows: {', '.join(f'{share:.3f}' for share in shares)}")
    return min(shares)


def _explained(said: pd.Series, truth: pd.Series) -> float:
    if said.dtype.kind == "f":  # classes come back with the type of the label, numbers as DOUBLE
        return 1 - np.abs(said - truth).mean() / np.abs(truth - truth.median()).mean()
    return 1 - (said != truth).mean() / (truth != truth.mode()[0]).mean()
