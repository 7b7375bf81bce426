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
from trainer.few import few_quoted
from trainer.labels import Labels, read_labels
from trainer.preparation import FOLD_COLUMN, Preparation, read_preparation
from trainer.reading import Parquet, quoted
from trainer.split import given_folds, grouped_folds, holdout, timed_folds

_FEWEST_ROWS = 5
_RARE = 10
#: One to learn from, one to be judged by.
_FEWEST_FOLDS = 2


@dataclass
class Inputs:
    labels: Labels
    frame: pd.DataFrame
    values: np.ndarray
    test_frame: pd.DataFrame
    test_values: np.ndarray
    #: Their numbers in the data as it came, from 1.
    test_rows: np.ndarray
    warnings: list[str]
    #: Tells whether another job learned from the same rows.
    fingerprint: str
    seconds: float
    #: The fold of each row in `frame`, where they were given.
    folds: np.ndarray | None = None
    #: How much each row in `frame` counts, where that was asked for.
    weights: np.ndarray | None = None
    preparation: Preparation | None = None


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
    if hasattr(engine, "look_over"):
        # What only this engine can know to be broken: better said now than when the held-out rows are judged.
        engine.look_over(spec, frame)  # pyright: ignore[reportAttributeAccessIssue]
    preparation = read_preparation(spec.recipe)
    # Without a recipe nobody but a person can have given data such a column.
    fold_of = None if preparation is None else _folds_given(parquet, labels)
    if fold_of is None:
        fold_of = _folds_by_column(parquet, labels, spec)
    if fold_of is None:
        kept, held = holdout(labels.values, spec.split.holdout_fraction, spec.split.seed, spec.task.is_classes)
        _check_folds(spec, len(kept))
    else:
        kept, held = np.flatnonzero(fold_of >= 0), np.flatnonzero(fold_of < 0)
        _check_parts(spec, labels, kept, held, preparation)
    warnings = _warnings(spec, labels)
    warnings += _one_sided(spec, labels, kept, held)
    folds = None if fold_of is None else fold_of[kept]
    if folds is not None and not _enough_to_judge(spec, labels.values[kept], folds):
        if spec.split.group or spec.split.time:
            # Others, made by chance, would judge by rows of whom is known already.
            raise _too_few_folds(spec, folds)
        warnings.append("After the recipe too few rows are left for its folds; others were made.")
        folds = None
    weights = _weights(parquet, labels, spec) if spec.weight else None
    fingerprint = _fingerprint(spec, labels, fold_of, weights, preparation)
    imports.join()
    seconds = time.perf_counter() - began
    print(f"Read {len(frame)} rows × {len(features)} columns in {seconds:.1f} s; {len(held)} rows held out", flush=True)
    return Inputs(
        labels=labels,
        frame=frame.iloc[kept].reset_index(drop=True),
        values=labels.values[kept],
        test_frame=frame.iloc[held].reset_index(drop=True),
        test_values=labels.values[held],
        test_rows=parquet.row_numbers(labels.where)[held],
        warnings=warnings,
        fingerprint=fingerprint,
        seconds=seconds,
        folds=folds,
        weights=None if weights is None else weights[kept],
        preparation=preparation,
    )


def _folds_given(parquet: Parquet, labels: Labels) -> np.ndarray | None:
    if FOLD_COLUMN not in parquet.types:
        return None
    read = parquet.connection.execute(f"SELECT {quoted(FOLD_COLUMN)} AS f FROM {parquet.source} WHERE {labels.where}")
    return read.df()["f"].to_numpy("int64")


def _folds_by_column(parquet: Parquet, labels: Labels, spec: TrainSpec) -> np.ndarray | None:
    """Where no recipe has divided the rows, they are divided here by what a person named."""
    split = spec.split
    name = split.group or split.time
    if name is None:
        return None
    column = _column(parquet, labels, name)
    if split.group is not None:
        known, codes = column.notna().to_numpy(), pd.factorize(column)[0]
        # A row of no group is one by itself.
        codes[~known] = codes.max(initial=-1) + 1 + np.arange((~known).sum())
    else:
        codes = column.rank(method="dense").fillna(0.0).to_numpy()  # who says no time is taken for an early one
    if len(np.unique(codes)) < 2:
        what = "groups" if split.group is not None else "different times"
        raise TrainerFailure("BadSettings", f"“{name}” has too few {what} to learn from some rows and judge by others.")
    if split.group is not None:
        fold_of = grouped_folds(codes, split.holdout_fraction, split.folds, split.seed)
    else:
        fold_of = timed_folds(codes, split.holdout_fraction, split.folds)
    _require_parts(spec, len(np.unique(codes[fold_of >= 0])))
    return fold_of


def _require_parts(spec: TrainSpec, there: int) -> None:
    """Of a group, or of a time, there is at most one fold for each."""
    split = spec.split
    needed = max(_FEWEST_FOLDS, split.folds)
    if there >= needed:
        return
    one, many = ("group", "groups") if split.group is not None else ("different time", "different times")
    folds = f"{needed} folds need" if split.folds else "choosing among models needs"
    raise TrainerFailure(
        "BadSettings",
        f"“{split.group or split.time}” has {there} {one if there == 1 else many} to learn from beside the held-out rows, "
        f"and {folds} at least {needed}. {'Choose fewer folds, or divide' if split.folds else 'Divide'} by another column.",
    )


def _enough_to_judge(spec: TrainSpec, values: np.ndarray, folds: np.ndarray) -> bool:
    ordered = spec.split.time is not None
    # In the order of time the first part judges nothing.
    return len(given_folds(values, folds, spec.task.is_classes, ordered)) >= (1 if ordered else _FEWEST_FOLDS)


def _too_few_folds(spec: TrainSpec, folds: np.ndarray) -> TrainerFailure:
    name = spec.split.group or spec.split.time
    if len(np.unique(folds)) < _FEWEST_FOLDS:
        return TrainerFailure(
            "BadData",
            f"Divided by “{name}”, all rows that are left to learn from are in one part, so none can judge the others. "
            "Look at the steps that leave rows out, or divide by another column.",
        )
    return TrainerFailure(
        "BadSettings",
        f"Divided by “{name}”, each value of “{spec.task.label}” is in one part only, so what is learned from one part "
        "says nothing of another. Divide by another column.",
    )


def _weights(parquet: Parquet, labels: Labels, spec: TrainSpec) -> np.ndarray:
    assert spec.weight is not None
    column = _column(parquet, labels, spec.weight)
    given = column.to_numpy("float64") if pd.api.types.is_numeric_dtype(column) else np.array([np.nan])
    if not np.isfinite(given).all() or (given < 0).any() or given.sum() == 0:
        raise TrainerFailure(
            "BadSettings", f"“{spec.weight}” is not a number of 0 or more in every row: it cannot weigh them."
        )
    return given / given.mean()


def _column(parquet: Parquet, labels: Labels, name: str) -> pd.Series:
    if name not in parquet.types:
        raise TrainerFailure(
            "BadSettings", f"The data has no column “{name}”, by which its rows were to be divided or weighed."
        )
    read = parquet.connection.execute(f"SELECT {quoted(name)} AS c FROM {parquet.source} WHERE {labels.where}")
    return read.df()["c"]


def _check_parts(
    spec: TrainSpec, labels: Labels, kept: np.ndarray, held: np.ndarray, preparation: Preparation | None
) -> None:
    """The rows were divided by a column, or before the last steps of a recipe, which may leave out what a part needs."""
    by = spec.split.group or spec.split.time
    after = "After the recipe" if by is None else f"Divided by “{by}”"
    look = "Look at the steps that leave rows out." if preparation is not None else "Divide by another column."
    if len(held) == 0 or len(kept) < 2:
        part = "to judge by" if len(held) == 0 else "to learn from"
        raise TrainerFailure(
            "BadData",
            f"{after}, there are no rows {part}: {len(kept)} of {len(kept) + len(held)} are left to learn from. {look}",
        )
    for code, name in enumerate(labels.class_names):
        if not (labels.values[kept] == code).any():
            raise TrainerFailure(
                "BadLabel",
                f"{after}, “{name}” in “{spec.task.label}” is in held-out rows only, so it cannot be learned. "
                "Add rows of it, or join it with another class.",
            )
    for at, name in enumerate(spec.task.labels):
        if np.ptp(labels.values[kept, at]) == 0:
            raise TrainerFailure(
                "BadLabel", f"{after}, “{name}” has the same value in every row to learn from. {look} Or leave it out."
            )
    if spec.task.kind == "regression" and np.ptp(labels.values[kept]) == 0:
        raise TrainerFailure(
            "BadLabel", f"{after}, “{spec.task.label}” has the same value in every row to learn from. {look}"
        )


def _check(spec: TrainSpec, labels: Labels, frame: pd.DataFrame) -> None:
    rows = len(frame)
    if rows < _FEWEST_ROWS:
        raise TrainerFailure(
            "BadData",
            f"Only {rows} rows have a value in “{spec.task.label}”; at least {_FEWEST_ROWS} are needed. Add rows.",
        )
    if all(frame[name].nunique(dropna=False) < 2 for name in frame.columns):
        names = few_quoted(frame.columns)
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
    if spec.weight:
        found.append(
            f"“{spec.weight}” weighs rows where models learn. The scores, by which the best model is chosen, count all rows "
            "the same."
        )
    for at, name in enumerate(spec.task.labels):
        yes = int(labels.values[:, at].sum())
        for count, word in ((yes, "yes"), (len(labels.values) - yes, "no")):
            if count < _RARE:
                found.append(f"Only {count} rows say {word} to “{name}”: its scores say little.")
    return found


def _one_sided(spec: TrainSpec, labels: Labels, kept: np.ndarray, held: np.ndarray) -> list[str]:
    found: list[str] = []
    for at, name in enumerate(spec.task.labels):
        for rows, where in ((kept, "the rows to learn from"), (held, "the held-out rows")):
            if np.ptp(labels.values[rows, at]) == 0:
                found.append(f"Among {where}, “{name}” is the same in all: it has no ROC AUC there.")
    return found


def _fingerprint(
    spec: TrainSpec,
    labels: Labels,
    fold_of: np.ndarray | None,
    weights: np.ndarray | None,
    preparation: Preparation | None,
) -> str:
    names = "\n".join(column.name for column in spec.features)
    split = f"{spec.split.holdout_fraction} {spec.split.seed}"
    label = "\n".join(spec.task.labels) or spec.task.label
    said = f"{spec.task.kind}\n{label}\n{labels.class_names}\n{split}\n{names}\n"
    digest = hashlib.sha256(said.encode() + np.ascontiguousarray(labels.values).tobytes())
    if fold_of is not None:
        digest.update(np.ascontiguousarray(fold_of).tobytes())
    if weights is not None:
        digest.update(b"weights" + np.ascontiguousarray(weights).tobytes())
    if preparation is not None:
        digest.update(preparation.text.encode())
    return digest.hexdigest()
