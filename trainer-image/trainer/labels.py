"""The column to predict: read with its own type, checked, and coded for the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from trainer.contract import TrainSpec
from trainer.failures import TrainerFailure
from trainer.few import few_quoted
from trainer.portable.predict import class_name, family, truth_of
from trainer.reading import Parquet, quoted


@dataclass(frozen=True)
class Labels:
    #: Codes 0, 1, 2 … for classes; numbers for a regression.
    values: np.ndarray
    #: The original values in the order of their codes; None for a regression.
    classes: list[Any] | None
    #: The code of the class that counts as “yes”.
    positive: int
    #: SQL condition for the rows that have a label.
    where: str
    without_label: int

    #: Of several labels, whose `values` has a column of 0 and 1 for each: what stands for no and what for yes.
    pairs: list[list[Any]] | None = None

    @property
    def class_names(self) -> list[str]:
        return [class_name(value) for value in self.classes or []]


def read_labels(parquet: Parquet, spec: TrainSpec) -> Labels:
    if spec.task.kind == "multilabel":
        return _several(parquet, spec)
    label = spec.task.label
    parquet.require([label], "The task")
    name, type = quoted(label), parquet.types[label]
    where = _is_there(name, type)
    there = parquet.count(where)
    if there == 0:
        raise TrainerFailure("BadLabel", f"Column “{label}” is empty in every row, so there is nothing to learn from.")
    read = f"CAST({name} AS {_readable(type)})"
    series = parquet.connection.execute(f"SELECT {read} AS y FROM {parquet.source} WHERE {where}").df()["y"]
    without = parquet.rows - there
    if spec.task.is_classes:
        return _coded(series, spec, where, without)
    return Labels(_numbers(series, label, type, there), None, 0, where, without)


def _is_there(name: str, type: str) -> str:
    return f"{name} IS NOT NULL AND NOT isnan({name})" if type in ("DOUBLE", "FLOAT") else f"{name} IS NOT NULL"


def _several(parquet: Parquet, spec: TrainSpec) -> Labels:
    """A row counts where it says yes or no to every label."""
    names = list(spec.task.labels)
    parquet.require(names, "The task")
    types = [parquet.types[name] for name in names]
    where = " AND ".join(_is_there(quoted(name), type) for name, type in zip(names, types, strict=True))
    there = parquet.count(where)
    if there == 0:
        raise TrainerFailure(
            "BadLabel", f"No row has a value in every one of {few_quoted(names)}, so there is nothing to learn from."
        )
    read = ", ".join(
        f"CAST({quoted(name)} AS {_readable(type)}) AS y{at}"
        for at, (name, type) in enumerate(zip(names, types, strict=True))
    )
    frame = parquet.connection.execute(f"SELECT {read} FROM {parquet.source} WHERE {where}").df()
    values = np.empty((there, len(names)), dtype="int64")
    pairs: list[list[Any]] = []
    for at, name in enumerate(names):
        values[:, at], pair = _yes_or_no(frame[f"y{at}"], name)
        pairs.append(pair)
    return Labels(values, None, 0, where, parquet.rows - there, pairs)


def _yes_or_no(series: pd.Series, label: str) -> tuple[np.ndarray, list[Any]]:
    codes, uniques = pd.factorize(series, sort=True)
    pair: list[Any] = [value.item() if hasattr(value, "item") else value for value in uniques]
    names = [class_name(value) for value in pair]
    if len(pair) == 1:
        raise TrainerFailure(
            "BadLabel",
            f"Column “{label}” has the same value, “{names[0]}”, in every row. Choose one that varies.",
        )
    if len(pair) != 2:
        raise TrainerFailure(
            "BadLabel",
            f"Column “{label}” has {len(pair)} different values ({few_quoted(names)}), but of several labels each is yes or no. "
            "Leave it out, or predict it alone.",
        )
    lonely = [names[code] for code in np.flatnonzero(np.bincount(codes) < 2)]
    if lonely:
        raise TrainerFailure(
            "BadLabel",
            f"In “{label}”, only one row has the value {few_quoted(lonely)}. It needs at least two rows: one to learn "
            "from, one to be judged by. Add rows, or leave the label out.",
        )
    # “Yes” comes before “no” where capitals do.
    if truth_of(pair[0]) == 1.0 and truth_of(pair[1]) == 0.0:
        return 1 - codes.astype("int64"), pair[::-1]
    return codes.astype("int64"), pair


def _readable(type: str) -> str:
    kind = family(type)
    if kind == "number":
        return "BIGINT" if "INT" in type and "HUGE" not in type and type != "UBIGINT" else "DOUBLE"
    return "BOOLEAN" if kind == "boolean" else "VARCHAR"


def _numbers(series: pd.Series, label: str, type: str, rows: int) -> np.ndarray:
    numbers = pd.to_numeric(series, errors="coerce") if series.dtype == object else series
    if family(type) == "boolean" or numbers.isna().any():
        found = str(series.iloc[0] if family(type) == "boolean" else series[numbers.isna()].iloc[0])
        raise TrainerFailure(
            "BadLabel",
            f"Column “{label}” is not a number everywhere: found “{found}” of type {type}. "
            "Predict a class instead, or mend the column.",
        )
    values = numbers.to_numpy("float64")
    if not np.isfinite(values).all():
        raise TrainerFailure("BadLabel", f"Column “{label}” holds an infinite number. Remove or mend those rows.")
    if rows < 2 or np.ptp(values) == 0:
        raise TrainerFailure(
            "BadLabel", f"Column “{label}” has the same value, {values[0]:g}, in every row. Choose one that varies."
        )
    return values


def _coded(series: pd.Series, spec: TrainSpec, where: str, without: int) -> Labels:
    label = spec.task.label
    codes, uniques = pd.factorize(series, sort=True)
    classes: list[Any] = [value.item() if hasattr(value, "item") else value for value in uniques]
    counts = np.bincount(codes, minlength=len(classes))
    _check_classes(spec, classes, counts)
    names = [class_name(value) for value in classes]
    wanted = spec.task.positive_class
    if wanted is not None and wanted not in names:
        raise TrainerFailure(
            "BadLabel", f"“{wanted}” is not a value of “{label}”. It has: {few_quoted(names)}. Choose one of them."
        )
    positive = names.index(wanted) if wanted is not None else min(1, len(names) - 1)
    return Labels(codes.astype("int64"), classes, positive, where, without)


def _check_classes(spec: TrainSpec, classes: list[Any], counts: np.ndarray) -> None:
    label, rows = spec.task.label, int(counts.sum())
    if len(classes) == 1:
        raise TrainerFailure(
            "BadLabel",
            f"Column “{label}” has the same value, “{class_name(classes[0])}”, in every row. Choose one that varies.",
        )
    if len(classes) == rows:
        raise TrainerFailure(
            "BadLabel",
            f"Every one of the {rows} values of “{label}” is different, as in a column of names or numbers. "
            "Choose another column, or predict a number.",
        )
    names = few_quoted([class_name(value) for value in classes])
    if spec.task.kind == "binary" and len(classes) != 2:
        raise TrainerFailure(
            "BadLabel",
            f"Column “{label}” has {len(classes)} different values ({names}), but the task is to predict one of two. "
            "Choose one of several classes, or another column.",
        )
    lonely = [class_name(classes[i]) for i in np.flatnonzero(counts < 2)]
    if lonely:
        raise TrainerFailure(
            "BadLabel",
            f"In “{label}”, only one row has the value {few_quoted(lonely)}. A class needs at least two rows: one to learn "
            "from, one to be judged by. Add rows, or remove or merge these.",
        )
