"""Hints that a score is too good to be true: what tells the label that will not be there when it counts."""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np
import pandas as pd

from trainer.report.single_column import SingleColumn, as_numbers

_ROWS = 5000
_FEWEST_ROWS = 20
#: A near copy with one wrong row in a hundred is above these. Nature does well, too: by petal width alone one goes
#: 0.97 of the way to the kind of an iris, so what does not have the shape of a copy has to do better than that.
_COPIES_CLASS, _TELLS_CLASS, _TELLS_NUMBER = 0.95, 0.985, 0.95
#: The number of a row should tell nothing at all.
_ORDERS = 0.8
_SAME_NUMBER = 0.995
_DOUBLED, _DOUBLED_SHARE = 5, 0.02

Kind = Literal["copy", "near_copy", "predicts", "order", "duplicates"]


def leaking_columns(
    frame: pd.DataFrame, truth: np.ndarray, classes: int | None, label: str, seconds: float, seed: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """What was found, the most telling column first, and the columns that were not looked at for lack of time."""
    if len(frame) < _FEWEST_ROWS:
        return [], []
    ends_at = time.monotonic() + seconds
    rows = np.sort(np.random.default_rng(seed).permutation(len(frame))[:_ROWS])
    values = truth[rows]
    single = SingleColumn(values, classes, seed)
    found: list[dict[str, Any]] = []
    names = list(frame.columns)
    for number, name in enumerate(names):
        if time.monotonic() > ends_at:
            return found, names[number:]
        column = frame[name]
        if isinstance(column.iloc[0], (list, dict, np.ndarray, bytes, bytearray)):
            continue
        sample = column.iloc[rows].reset_index(drop=True)
        if sample.nunique(dropna=False) < 2:
            continue
        skill = single.skill(sample)
        kind = _kind(column, sample, values, classes, skill)
        if kind is not None:
            found.append(
                {"column": name, "kind": kind, "score": skill, "sentence": _sentence(kind, name, label, skill)}
            )
    return sorted(found, key=lambda hint: -hint["score"]), []


def leaking_to_labels(
    frame: pd.DataFrame, truth: np.ndarray, labels: list[str], seconds: float, seed: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """The same of several labels, one by one; a column counts as looked at where it was for each."""
    ends_at = time.monotonic() + seconds
    found: list[dict[str, Any]] = []
    unseen: set[str] = set()
    for at, label in enumerate(labels):
        left = (ends_at - time.monotonic()) / (len(labels) - at)
        hints, missed = leaking_columns(frame, truth[:, at], 2, label, left, seed)
        found += hints
        unseen.update(missed)
    return sorted(found, key=lambda hint: -hint["score"]), [name for name in frame.columns if name in unseen]


def doubled_rows(learned: pd.DataFrame, held: pd.DataFrame) -> dict[str, Any] | None:
    """Held-out rows that are, column for column, among those that were learned from."""
    known = pd.util.hash_pandas_object(learned, index=False).unique()
    count = int(pd.util.hash_pandas_object(held, index=False).isin(known).sum())
    share = count / max(1, len(held))
    if count < _DOUBLED or share < _DOUBLED_SHARE:
        return None
    return {
        "column": None,
        "kind": "duplicates",
        "score": share,
        "sentence": f"{count:,} of {len(held):,} held-out rows ({share:.0%}) have the same values in every column as a row "
        "that was learned from, so the score is partly memory. Remove doubled rows with a recipe; where few columns make "
        "rows alike by chance, it is no harm.",
    }


def _kind(column: pd.Series, sample: pd.Series, truth: np.ndarray, classes: int | None, skill: float) -> Kind | None:
    if skill >= _ORDERS and _numbers_rows(column):
        return "order"
    numbers = as_numbers(sample)
    if classes is None:
        return None if skill < _TELLS_NUMBER else _kind_for_number(numbers, truth)
    there = sample.notna().to_numpy()
    codes, distinct = pd.factorize(sample[there])
    if skill >= _COPIES_CLASS and len(distinct) == len(np.unique(truth)):
        pairs = len(set(zip(codes.tolist(), truth[there].tolist(), strict=True)))
        return "copy" if pairs == len(distinct) and there.all() else "near_copy"
    if skill < _TELLS_CLASS:
        return None
    # What stands for missing lies far off, and would make anything look alike.
    is_copy = numbers is not None and there.all() and _alike(numbers, truth) >= _SAME_NUMBER
    return "near_copy" if is_copy else "predicts"


def _kind_for_number(numbers: np.ndarray | None, truth: np.ndarray) -> Kind:
    if numbers is None:
        return "predicts"
    same = np.isclose(numbers, truth, rtol=1e-9, atol=0)
    if same.all():
        return "copy"
    return "near_copy" if same.mean() >= 0.9 or _alike(numbers, truth) >= _SAME_NUMBER else "predicts"


def _alike(numbers: np.ndarray, truth: np.ndarray) -> float:
    return abs(float(np.corrcoef(numbers, truth)[0, 1]))


def _numbers_rows(column: pd.Series) -> bool:
    """Whole numbers, each once, without large gaps or in the order of the rows: somebody counted."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or column.isna().any():
        return False
    numbers = as_numbers(column)
    if numbers is None or not (numbers == np.round(numbers)).all() or len(np.unique(numbers)) < len(numbers):
        return False
    steps = np.diff(numbers)
    dense = len(numbers) / (np.ptp(numbers) + 1) >= 0.3
    return bool(dense or (steps > 0).all() or (steps < 0).all())


def _sentence(kind: Kind, column: str, label: str, skill: float) -> str:
    told = f"{min(skill, 1):.0%} of the way from guessing to knowing"
    if kind == "copy":
        return (
            f"“{column}” says the same as “{label}” in every row, so the model only has to repeat it. Leave the column "
            f"out, unless it is known before “{label}” is."
        )
    if kind == "near_copy":
        return (
            f"“{column}” is nearly a copy of “{label}”: alone it goes {told}. Leave it out, unless it is known before "
            f"“{label}” is."
        )
    if kind == "order":
        return (
            f"“{column}” numbers the rows, and “{label}” follows that order: alone it goes {told}. The number of a new "
            "row tells nothing: leave the column out."
        )
    return (
        f"“{column}” alone tells “{label}” nearly perfectly: it goes {told}. If it is only known once “{label}” is, "
        "leave it out."
    )
