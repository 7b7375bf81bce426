"""From spec to an order: reads the data while the engine's parts are imported, checks it, puts the held-out rows aside."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from trainer.contract import TrainSpec
from trainer.engine import Engine
from trainer.failures import TrainerFailure
from trainer.labels import Labels, read_labels
from trainer.reading import Parquet
from trainer.split import holdout

_FEWEST_ROWS = 5
_RARE = 10


@dataclass
class Inputs:
    labels: Labels
    frame: pd.DataFrame
    values: np.ndarray
    test_frame: pd.DataFrame
    test_values: np.ndarray
    warnings: list[str]
    #: Tells whether another job learned from the same rows.
    fingerprint: str
    seconds: float


def load_inputs(spec: TrainSpec, engine: Engine) -> Inputs:
    began = time.perf_counter()
    imports = threading.Thread(target=engine.warm_up, daemon=True)
    imports.start()
    parquet = Parquet(spec.data)
    features = [(column.name, column.sql_type) for column in spec.features]
    parquet.require([name for name, _ in features], "The job")
    parquet.require_memory(features)
    labels = read_labels(parquet, spec)
    frame = parquet.frame(features, labels.where)
    _check(spec, labels, frame)
    kept, held = holdout(labels.values, spec.split.holdout_fraction, spec.split.seed, spec.task.is_classes)
    _check_folds(spec, len(kept))
    fingerprint = _fingerprint(spec, labels)
    imports.join()
    seconds = time.perf_counter() - began
    print(f"Read {len(frame)} rows × {len(features)} columns in {seconds:.1f} s; {len(held)} rows held out", flush=True)
    return Inputs(
        labels=labels,
        frame=frame.iloc[kept].reset_index(drop=True),
        values=labels.values[kept],
        test_frame=frame.iloc[held].reset_index(drop=True),
        test_values=labels.values[held],
        warnings=_warnings(spec, labels),
        fingerprint=fingerprint,
        seconds=seconds,
    )


def _check(spec: TrainSpec, labels: Labels, frame: pd.DataFrame) -> None:
    rows = len(frame)
    if rows < _FEWEST_ROWS:
        raise TrainerFailure(
            "BadData",
            f"Only {rows} rows have a value in “{spec.task.label}”; at least {_FEWEST_ROWS} are needed. Add rows.",
        )
    if all(frame[name].nunique(dropna=False) < 2 for name in frame.columns):
        names = ", ".join(f"“{name}”" for name in frame.columns)
        raise TrainerFailure(
            "BadData",
            f"No column is left to learn from: {names} say the same in every row. Add a column that varies.",
        )


def _check_folds(spec: TrainSpec, rows: int) -> None:
    if spec.split.folds > rows:
        raise TrainerFailure(
            "BadSettings",
            f"{spec.split.folds} folds need at least as many rows to learn from, and there are {rows}. "
            "Choose fewer folds, or add rows.",
        )


def _warnings(spec: TrainSpec, labels: Labels) -> list[str]:
    found: list[str] = []
    if labels.without_label:
        count = labels.without_label
        what = "row was" if count == 1 else "rows were"
        found.append(f"{count} {what} left out, because “{spec.task.label}” is empty there.")
    if labels.classes is not None:
        counts = np.bincount(labels.values, minlength=len(labels.classes))
        for name, count in zip(labels.class_names, counts, strict=True):
            if count < _RARE:
                found.append(f"Only {count} rows have “{name}” in “{spec.task.label}”: its scores say little.")
    return found


def _fingerprint(spec: TrainSpec, labels: Labels) -> str:
    names = "\n".join(column.name for column in spec.features)
    split = f"{spec.split.holdout_fraction} {spec.split.seed}"
    said = f"{spec.task.kind}\n{spec.task.label}\n{labels.class_names}\n{split}\n{names}\n"
    return hashlib.sha256(said.encode() + np.ascontiguousarray(labels.values).tobytes()).hexdigest()
